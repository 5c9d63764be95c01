"""Quantities and how they are calculated with: cents / 100 are dollars, equal units make a ratio."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class UnitOf:
    """A unit.

    Attributes:
        dimension: What is measured: ``money``, ``time``, ``data``, ``ratio``, ``timestamp``, or what is
            counted: ``events``, ``fixes``, ``credits``, ….
        scale: How many base units one of it is; the bases are dollar, second, byte, one and one thing.
        per_second: Whether it is that much in each second.
    """

    dimension: str
    scale: float = 1.0
    per_second: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is a number of things."""
        return self.dimension in COUNTED

    @property
    def name(self) -> str | None:
        """What people call it, for example ``cents`` or ``events per minute``; None for an odd scale."""
        if self.per_second:
            for factor, period in _PERIODS.items():
                base = _named(self.dimension, self.scale * factor)
                if base is not None:
                    return f"{base} per {period}"
            return None
        return _named(self.dimension, self.scale)

    def same_kind(self, other: UnitOf) -> bool:
        """Return whether both measure the same and can be converted into each other."""
        return self.dimension == other.dimension and self.per_second is other.per_second


COUNTED = frozenset(
    {"events", "fixes", "credits", "subscriptions", "customers", "requests", "operations", "errors"}
    | {"series", "samples", "changes", "resets"}
)
"""Dimensions that are numbers of things."""

_NAMES: Mapping[str, Mapping[float, str]] = {
    "money": {1.0: "dollars", 0.01: "cents"},
    "time": {
        1e-9: "nanoseconds",
        1e-6: "microseconds",
        1e-3: "milliseconds",
        1.0: "seconds",
        60.0: "minutes",
        3600.0: "hours",
        86400.0: "days",
    },
    "data": {
        1.0: "bytes",
        0.125: "bits",
        1e3: "kilobytes",
        1e6: "megabytes",
        1e9: "gigabytes",
        1024.0: "kibibytes",
        1024.0**2: "mebibytes",
        1024.0**3: "gibibytes",
    },
    "ratio": {1.0: "ratio", 0.01: "percent"},
    "timestamp": {1.0: "timestamp in seconds", 1e-3: "timestamp in milliseconds"},
}
_WORDS = {
    word: UnitOf(dimension, scale) for dimension, names in _NAMES.items() for scale, word in names.items()
} | {"timestamp": UnitOf("timestamp")}
_PERIODS = {1.0: "second", 60.0: "minute", 3600.0: "hour", 86400.0: "day"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is known of a piece of an expression.

    Attributes:
        unit: Its unit; an opaque one where the metric is known to be itself, but not what it measures.
        constant: Its value, when it is a plain number.
        observed: The unit of what a histogram's buckets divide, for the quantiles made of them.
        windowed: Whether it is an amount of a window: seconds of it, divided by the window's length, are a
            part of the time and no minutes or hours.
    """

    unit: UnitOf | None = None
    constant: float | None = None
    observed: UnitOf | None = None
    windowed: bool = False

    def shown(self) -> UnitOf | None:
        """Return the unit, unless nobody knows what it is; seconds a second are a part of the time."""
        unit = self.unit
        if unit is None or unit.dimension.startswith(_OPAQUE):
            return None
        return UnitOf("ratio", unit.scale) if unit.dimension == "time" and unit.per_second else unit


NOTHING = Quantity()
"""Nothing is known."""

_OPAQUE = "?"


def opaque(metric: str) -> UnitOf:
    """Return the unit of a metric of which only this is known: a quotient of two of its values is a ratio."""
    return UnitOf(f"{_OPAQUE}{metric}")


def unit_of_word(word: str) -> UnitOf:
    """Return the unit that a word of the catalogue means; a word of its own is a dimension of its own."""
    return _WORDS.get(word) or UnitOf(word)


def multiplied(left: Quantity, right: Quantity) -> Quantity:
    """Return the product of two quantities."""
    if left.constant is not None and right.constant is not None:
        return Quantity(constant=left.constant * right.constant)
    if left.constant is not None:
        left, right = right, left
    if right.constant is not None:
        return _scaled(left, right.constant)
    if left.unit is None or right.unit is None:
        return NOTHING
    if left.unit.dimension == "ratio":
        left, right = right, left
    if left.unit is None or right.unit is None or right.unit.dimension != "ratio" or right.unit.per_second:
        return NOTHING
    return Quantity(replace(left.unit, scale=left.unit.scale * right.unit.scale))


def divided(left: Quantity, right: Quantity) -> Quantity:
    """Return the quotient of two quantities."""
    if right.constant is not None:
        if right.constant == 0:
            return NOTHING
        if left.constant is not None:
            return Quantity(constant=left.constant / right.constant)
        return _scaled(left, 1 / right.constant)
    return NOTHING if left.unit is None or right.unit is None else Quantity(_quotient(left.unit, right.unit))


def added(left: Quantity, right: Quantity, *, sign: int) -> Quantity:
    """Return the sum (or, with a negative sign, the difference) of two quantities."""
    if left.constant is not None and right.constant is not None:
        return Quantity(constant=left.constant + sign * right.constant)
    if left.constant is not None:
        return replace(right, observed=None)
    if right.constant is not None:
        return replace(left, observed=None)
    if left.unit is None or right.unit is None:
        return NOTHING
    return Quantity(_sum(left.unit, right.unit, sign))


def _sum(left: UnitOf, right: UnitOf, sign: int) -> UnitOf | None:
    points = (left.dimension == "timestamp", right.dimension == "timestamp")
    if not math.isclose(left.scale, right.scale) or left.per_second is not right.per_second:
        return None
    if points == (True, True):
        return replace(left, dimension="time") if sign < 0 else None
    if points == (True, False):
        return left if right.dimension == "time" else None
    return left if left.dimension == right.dimension else None


def _quotient(left: UnitOf, right: UnitOf) -> UnitOf | None:
    if left.same_kind(right):
        return UnitOf("ratio", left.scale / right.scale)
    if right.dimension == "ratio" and not right.per_second:
        return replace(left, scale=left.scale / right.scale)
    if right.dimension in ("events", "series") and (left.per_second or not right.per_second):
        # An amount by the number of times it came: the amount of one, on average.
        per_second = left.per_second and not right.per_second
        return replace(left, scale=left.scale / right.scale, per_second=per_second)
    if right.dimension == "time" and not left.per_second and not right.per_second:
        return replace(left, scale=left.scale / right.scale, per_second=True)
    return None


def _scaled(quantity: Quantity, factor: float) -> Quantity:
    if quantity.unit is None or factor == 0 or not math.isfinite(factor):
        return NOTHING
    if quantity.windowed and quantity.unit.dimension == "time":
        return NOTHING
    return replace(quantity, unit=replace(quantity.unit, scale=quantity.unit.scale / factor))


def _named(dimension: str, scale: float) -> str | None:
    names = _NAMES.get(dimension)
    if names is None:
        return dimension if math.isclose(scale, 1.0, rel_tol=1e-9) else None
    return next((name for known, name in names.items() if math.isclose(known, scale, rel_tol=1e-9)), None)
