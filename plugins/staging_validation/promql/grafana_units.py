"""Grafana's units: what a panel says that its numbers are, and whether the query gives that."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from staging_validation.promql.quantities import UnitOf


class FitVerdict(str, Enum):
    """Whether a panel's unit fits its query's."""

    OK = "ok"
    CONTRADICTS = "contradicts"
    VAGUE = "vague"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fit:
    """How a panel's unit fits its query's.

    Attributes:
        verdict: ``contradicts`` where the reader sees a wrong number; ``vague`` where the panel shows a bare
            number that has a unit; ``unknown`` where one of the two is not known.
        sentence: What is wrong with it and what that does to the reader; empty without anything wrong.
    """

    verdict: FitVerdict
    sentence: str = ""


_COUNT = "count"
_NEUTRAL = frozenset({"", "none", "short", "sishort", "locale", "string", "sci", "hex", "hex0x"})
_PERIODS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def _time() -> dict[str, UnitOf]:
    seconds = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
    seconds |= {"dtdurationms": 1e-3, "dtdurations": 1.0, "dthms": 1.0, "dtdhms": 1.0, "clockms": 1e-3}
    seconds |= {"clocks": 1.0, "timeticks": 0.01}
    return {name: UnitOf("time", scale) for name, scale in seconds.items()}


def _data() -> dict[str, UnitOf]:
    sizes = {"bytes": 1.0, "decbytes": 1.0, "bits": 0.125, "decbits": 0.125}
    rates = {"Bps": 1.0, "binBps": 1.0, "bps": 0.125, "binbps": 0.125, "pps": None}
    for power, letter in enumerate("kmgtp", start=1):
        sizes |= {f"{letter}bytes": 1024.0**power, f"dec{letter}bytes": 1000.0**power}
        big = letter.upper()
        rates |= {f"{big}iBs": 1024.0**power, f"{big}Bs": 1000.0**power}
        rates |= {f"{big}ibits": 1024.0**power / 8, f"{big}bits": 1000.0**power / 8}
    known = {name: UnitOf("data", scale) for name, scale in sizes.items()}
    per_second = {name: scale for name, scale in rates.items() if scale is not None}
    return known | {name: UnitOf("data", scale, per_second=True) for name, scale in per_second.items()}


def _throughput() -> dict[str, UnitOf]:
    per_second = ("cps", "ops", "reqps", "rps", "wps", "iops", "eps", "mps", "recps", "rowsps", "pps")
    per_minute = ("cpm", "opm", "reqpm", "rpm", "wpm", "epm", "mpm", "recpm", "rowspm")
    known = {name: UnitOf(_COUNT, 1.0, per_second=True) for name in (*per_second, "hertz")}
    return known | {name: UnitOf(_COUNT, 1 / 60, per_second=True) for name in per_minute}


_TIMESTAMPS = (
    "dateTimeAsIso",
    "dateTimeAsIsoNoDateIfToday",
    "dateTimeAsUS",
    "dateTimeAsUSNoDateIfToday",
    "dateTimeAsLocal",
    "dateTimeAsLocalNoDateIfToday",
    "dateTimeAsSystem",
    "dateTimeFromNow",
)
_UNITS: Mapping[str, UnitOf] = {
    **_time(),
    **_data(),
    **_throughput(),
    **{name: UnitOf("timestamp", 1e-3) for name in _TIMESTAMPS},
    "percent": UnitOf("ratio", 0.01),
    "percentunit": UnitOf("ratio"),
    "currencyUSD": UnitOf("money"),
}
"""What a number shown with a Grafana unit is taken for (Grafana's ``valueFormats/categories``)."""

_WORDS: Mapping[str, UnitOf] = {
    "$": UnitOf("money"),
    "usd": UnitOf("money"),
    "dollars": UnitOf("money"),
    "¢": UnitOf("money", 0.01),
    "cents": UnitOf("money", 0.01),
    "ms": UnitOf("time", 1e-3),
    "s": UnitOf("time"),
    "sec": UnitOf("time"),
    "seconds": UnitOf("time"),
    "%": UnitOf("ratio", 0.01),
    "bytes": UnitOf("data"),
}
"""What people write behind or in front of a number themselves."""

_AFFIX = re.compile(r"(suffix|prefix|currency|count):\s*(.*?)\s*")
_PER = re.compile(r"(.*?)\s*(?:/|\bper\b)\s*(s|sec|second|m|min|minute|h|hour)", re.IGNORECASE)


def grafana_unit_fits(unit: UnitOf | None, grafana_unit_id: str) -> Fit:
    """Compare a query's unit with the one its panel is shown in.

    Args:
        unit: The query's; None where it is not known.
        grafana_unit_id: The panel's, for example ``currencyUSD``, ``ms`` or ``suffix:fixes/s``.

    Returns:
        Whether they fit, with a sentence where they do not.
    """
    if unit is None or unit.name is None:
        return Fit(FitVerdict.UNKNOWN)
    if grafana_unit_id in _NEUTRAL:
        return _bare(unit, grafana_unit_id)
    affix = _AFFIX.fullmatch(grafana_unit_id)
    shown = _of_affix(affix[1], affix[2], unit) if affix else _of_id(grafana_unit_id)
    if shown is None:
        return Fit(FitVerdict.UNKNOWN)
    if affix and shown == UnitOf(_COUNT) and unit.per_second:
        return _bare(unit, grafana_unit_id)
    return _compared(unit, unit.name, shown, grafana_unit_id)


def suggest(unit: UnitOf) -> str:
    """Return a Grafana unit that fits a query's unit, with what to calculate first where that is needed."""
    for name in ("currencyUSD", "ms", "s", "percentunit", "percent", "bytes", "Bps", "bits", "bps", *_UNITS):
        shown = _UNITS.get(name)
        if shown and shown.same_kind(unit) and math.isclose(shown.scale, unit.scale, rel_tol=1e-9):
            return name
    if unit.dimension == "money" and not unit.per_second and math.isclose(unit.scale, 0.01):
        return "currencyUSD, with the query divided by 100"
    if unit.dimension == "timestamp":
        return "dateTimeAsIso, with the query multiplied by 1000"
    if unit.counts and not unit.per_second:
        return "short"
    name = unit.name or unit.dimension
    return "suffix:" + re.sub(r" per (\w)\w*", r"/\1", name)


def _of_id(grafana_unit_id: str) -> UnitOf | None:
    if grafana_unit_id.startswith("currency") and "BTC" not in grafana_unit_id:
        return UnitOf("money")  # of whatever currency: the catalogue does not say either
    return _UNITS.get(grafana_unit_id)


def _bare(unit: UnitOf, grafana_unit_id: str) -> Fit:
    if (unit.counts or unit.dimension not in _MEASURED) and not unit.per_second:
        return Fit(FitVerdict.OK)
    shown = f"the unit {grafana_unit_id}" if grafana_unit_id else "no unit"
    return Fit(FitVerdict.VAGUE, f"The query gives {unit.name}, but the panel shows a bare number ({shown}).")


_MEASURED = frozenset({"money", "time", "data", "ratio", "timestamp"})


def _of_affix(sort: str, text: str, unit: UnitOf) -> UnitOf | None:
    """Return what an own suffix or prefix says: a known word, or a count of things, a second or not."""
    per = _PER.fullmatch(text)
    word = (per[1] if per else text).strip()
    if sort == "currency" and word != "$":
        return None
    period = _PERIODS[per[2][0].lower()] if per else None
    base = _WORDS.get(word.lower())
    if base is None:
        # Words of one's own: they are believed, except that a number a second is none without it.
        base = UnitOf(_COUNT) if unit.counts else None
    if base is None or period is None:
        return base
    return UnitOf(base.dimension, base.scale / period, per_second=True)


def _compared(unit: UnitOf, name: str, shown: UnitOf, grafana_unit_id: str) -> Fit:
    says = _reading(shown)
    dimension = _COUNT if unit.counts else unit.dimension
    if dimension not in _MEASURED and dimension != _COUNT:
        return Fit(FitVerdict.UNKNOWN)
    begins = f"The query gives {name}, but the unit {grafana_unit_id} says {says}"
    if dimension != shown.dimension:
        return Fit(FitVerdict.CONTRADICTS, f"{begins}: the number is taken for something that it is not.")
    if unit.per_second is not shown.per_second:
        missing = "says nothing of" if unit.per_second else "adds"
        return Fit(FitVerdict.CONTRADICTS, f"{begins}: it {missing} the time that the amount belongs to.")
    factor = shown.scale / unit.scale
    if math.isclose(factor, 1.0, rel_tol=1e-9):
        return Fit(FitVerdict.OK)
    size = f"{factor:.6g} times too large" if factor > 1 else f"{1 / factor:.6g} times too small"
    return Fit(FitVerdict.CONTRADICTS, f"{begins}: every number looks {size}.")


def _reading(shown: UnitOf) -> str:
    if shown.dimension == _COUNT:
        if not shown.per_second:
            return "a number of things"
        return "things per second" if shown.scale == 1.0 else "things per minute or hour"
    return shown.name or shown.dimension
