"""Thresholds must rise, be in reach, and a gauge needs both ends of its scale."""

from __future__ import annotations

import math
from collections.abc import Iterator

from staging_validation.dashboards.model import Panel, Thresholds
from staging_validation.dashboards.reading_values import mapping, text
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import default_pointer, shown_queries
from staging_validation.lint.rule import Fault, Rule

_COLOURED = frozenset({"stat", "gauge", "bargauge", "radialbar"})
_GAUGES = frozenset({"gauge", "radialbar"})


def _check(panel: Panel, context: Context) -> Iterator[Fault]:
    if panel.type in _GAUGES and panel.targets:
        yield from _ends(panel)
    thresholds = panel.thresholds
    if thresholds is None or not thresholds.steps:
        if panel.type in _COLOURED and panel.targets and _is_coloured_by_thresholds(panel):
            yield _missing(panel)
        return
    falling = next(_falling(thresholds), None)
    if falling is not None:
        yield falling
    elif thresholds.mode == "absolute" and panel.type in _COLOURED:
        yield from _out_of_reach(panel, thresholds, context)


def _ends(panel: Panel) -> Iterator[Fault]:
    ends = {"min": panel.min, "max": panel.max}
    overridden = {name for override in panel.overrides for name in override.properties}
    missing = [name for name, value in ends.items() if value is None and name not in overridden]
    if missing:
        yield Fault(
            f"The gauge has no {' and no '.join(missing)}: Grafana takes the lowest and highest value it has just seen "
            "for the ends of the scale, so the needle says nothing of how much that is.",
            "set both ends to what is possible, for example "
            + ('"min": 0' if "min" in missing else '"max": 100'),
            pointer=default_pointer(panel, missing[-1]),
            evidence={"missing": list(missing)},
        )
    elif panel.min is not None and panel.max is not None and panel.min >= panel.max:
        yield Fault(
            f"The gauge's scale ends at {_spoken(panel.max)}, which is not above its beginning, {_spoken(panel.min)}: "
            "the needle never moves.",
            'let "max" be above "min"',
            pointer=default_pointer(panel, "max"),
        )


def _spoken(value: float) -> str:
    return (
        str(value) if isinstance(value, int) else f"{value:g}"
    )  # JSON's whole numbers may be too long for a float


def _is_coloured_by_thresholds(panel: Panel) -> bool:
    defaults = mapping(mapping(panel.raw.get("fieldConfig")).get("defaults"))
    mode = text(mapping(defaults.get("color")).get("mode"))
    overridden = any("thresholds" in override.properties for override in panel.overrides)
    return mode in ("", "thresholds") and not overridden and panel.options.get("colorMode") != "none"


def _missing(panel: Panel) -> Fault:
    return Fault(
        f"The {panel.type} has no thresholds of its own, so Grafana's apply: green below 80 and red from there on, "
        "whatever the number means.",
        "set thresholds that fit the value, or one step without a value for a single colour",
        pointer=default_pointer(panel, "thresholds"),
        severity=Severity.INFO,
    )


def _falling(thresholds: Thresholds) -> Iterator[Fault]:
    highest = -math.inf
    for position, value in enumerate(thresholds.steps):
        if position == 0:
            highest = -math.inf if value is None else value
            continue
        if value is None or value <= highest:
            what = (
                "has no value"
                if value is None
                else f"begins at {_spoken(value)}, not above the one before it"
            )
            yield Fault(
                f"Step {position + 1} of the thresholds {what}: Grafana reads them in order and stops at the first "
                "that is too high, so values get the wrong colour.",
                "list the steps from the lowest to the highest; only the first has no value (null)",
                pointer=f"{thresholds.pointer}/steps/{position}/value",
                evidence={"steps": list(thresholds.steps)},
            )
        else:
            highest = value


def _out_of_reach(panel: Panel, thresholds: Thresholds, context: Context) -> Iterator[Fault]:
    """Yield a fault for a colour that no value of the queries can have."""
    steps = [value for value in thresholds.steps if value is not None]
    if not steps or panel.transformations:
        return
    intervals = [query.interval for _, query in shown_queries(panel, context.queries)]
    known = [interval for interval in intervals if interval is not None]
    if len(known) < len([target for target in panel.targets if not target.hidden]) or not known:
        return
    highest = max(math.inf if interval.infinite else interval.highest for interval in known)
    dead = [value for value in steps if value > highest]
    if dead:
        yield Fault(
            f"The threshold at {_spoken(dead[0])} is out of reach: the query gives at most {highest:g}, so the "
            "colour never comes.",
            f"write thresholds between {min(interval.lowest for interval in known):g} and {highest:g}, as the query "
            "counts",
            pointer=f"{thresholds.pointer}/steps/{thresholds.steps.index(dead[0])}/value",
            evidence={"highest": highest, "threshold": dead[0]},
        )


RULE = Rule(
    id="thresholds",
    summary="Thresholds do not rise, are out of reach or missing, or a gauge has no ends.",
    severity=Severity.WARNING,
    subject=Panel,
    check=_check,
    classes=("B6",),
)
