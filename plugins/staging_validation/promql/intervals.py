"""Intervals of numbers and how they are calculated with."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

INF = math.inf
_SMALL_POWER = 4
"""A power up to which no number that is seen in practice becomes infinite."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The values that an expression can have.

    Attributes:
        lowest: No value is below; minus infinity where there is no limit.
        highest: No value is above; infinity where there is no limit.
        nan: Whether a value may be NaN, which no comparison but ``!=`` lets pass.
        infinite: Whether a value may be infinite, as after a division by zero.
        nonzero: Whether zero is left out though it lies between the two.
    """

    lowest: float = -INF
    highest: float = INF
    nan: bool = False
    infinite: bool = False
    nonzero: bool = False

    @property
    def constant(self) -> float | None:
        """The value, where there is only one."""
        alone = self.lowest == self.highest and not self.nan and math.isfinite(self.lowest)
        return self.lowest if alone else None

    @property
    def may_be_zero(self) -> bool:
        """Whether a value may be zero."""
        return self.lowest <= 0 <= self.highest and not self.nonzero


ANYTHING = Interval(nan=True, infinite=True)
NOT_NEGATIVE = Interval(0)
UP_TO_ONE = Interval(0, 1)


def exactly(value: float) -> Interval:
    """Return the interval of one value."""
    return ANYTHING if math.isnan(value) else Interval(value, value, infinite=math.isinf(value))


def hull(one: Interval, other: Interval) -> Interval:
    """Return the smallest interval around two."""
    return Interval(
        min(one.lowest, other.lowest),
        max(one.highest, other.highest),
        one.nan or other.nan,
        one.infinite or other.infinite,
        not one.may_be_zero and not other.may_be_zero,
    )


def negated(one: Interval) -> Interval:
    """Return the interval of the negative values."""
    return replace(one, lowest=-one.highest, highest=-one.lowest)


def add(one: Interval, other: Interval) -> Interval:
    """Return the interval of the sums."""
    nan = one.nan or other.nan or (one.infinite and other.infinite)
    lowest, highest = one.lowest + other.lowest, one.highest + other.highest
    return _interval(lowest, highest, nan=nan, infinite=one.infinite or other.infinite)


def subtract(one: Interval, other: Interval) -> Interval:
    """Return the interval of the differences."""
    return add(one, negated(other))


def multiply(one: Interval, other: Interval) -> Interval:
    """Return the interval of the products."""
    corners = [_product(a, b) for a in _ends(one) for b in _ends(other)]
    nan = one.nan or other.nan or (one.infinite and other.may_be_zero) or (other.infinite and one.may_be_zero)
    infinite = one.infinite or other.infinite
    nonzero = not one.may_be_zero and not other.may_be_zero
    return Interval(min(corners), max(corners), nan, infinite, nonzero)


def divide(one: Interval, other: Interval) -> Interval:
    """Return the interval of the quotients; nothing divided by nothing is NaN, something is infinite."""
    nan = one.nan or other.nan or (one.may_be_zero and other.may_be_zero) or (one.infinite and other.infinite)
    infinite = one.infinite or (other.may_be_zero and (one.lowest, one.highest) != (0, 0))
    if other.lowest < 0 <= other.highest or other.lowest == other.highest == 0:
        return Interval(nan=nan, infinite=infinite)  # zero has a sign too, and it decides
    if other.highest < 0:
        one, other = negated(one), negated(other)
    ends = [_quotient(a, b) for a in _ends(one) for b in _ends(other)]
    return Interval(min(ends), max(ends), nan, infinite, one.nonzero and not other.infinite)


def remainder(one: Interval, other: Interval) -> Interval:
    """Return the interval of the remainders, which have the sign of what is divided."""
    size = max(abs(other.lowest), abs(other.highest))
    lowest, highest = (-size if one.lowest < 0 else 0.0), (size if one.highest > 0 else 0.0)
    nan = one.nan or other.nan or other.may_be_zero or one.infinite
    return _interval(lowest, highest, nan=nan, infinite=False)


def power(one: Interval, other: Interval) -> Interval:
    """Return the interval of the powers, as far as it is easily told."""
    even = other.constant is not None and other.constant % 2 == 0
    if one.lowest < 0 and not even:
        return ANYTHING
    small = other.constant is not None and 0 <= other.constant <= _SMALL_POWER
    return Interval(0, INF, one.nan or other.nan, one.infinite or not small)


def clamp(one: Interval, lowest: float, highest: float) -> Interval:
    """Return the interval pressed between two values."""
    low, high = max(one.lowest, lowest), min(one.highest, highest)
    if low > high:
        low = high = lowest if one.highest < lowest else highest
    return _interval(low, high, nan=one.nan, infinite=one.infinite)


def monotone(one: Interval, function: Callable[[float], float]) -> Interval:
    """Return the interval under a function that never falls."""
    low = function(one.lowest) if math.isfinite(one.lowest) else one.lowest
    high = function(one.highest) if math.isfinite(one.highest) else one.highest
    return _interval(low, high, nan=one.nan, infinite=one.infinite)


def summed(one: Interval) -> Interval:
    """Return the interval of the sum of one or more values."""
    lowest = one.lowest if one.lowest >= 0 else -INF
    highest = one.highest if one.highest <= 0 else INF
    signed = one.lowest < 0 < one.highest
    nan = one.nan or (one.infinite and signed)
    return Interval(lowest, highest, nan, one.infinite, one.nonzero and not signed)


def between(one: Interval) -> Interval:
    """Return the interval of what lies between values: their mean, a quantile."""
    nonzero = one.nonzero and not one.lowest < 0 < one.highest
    return Interval(one.lowest, one.highest, one.nan or one.infinite, one.infinite, nonzero)


def spread(one: Interval) -> Interval:
    """Return the interval of a deviation between values."""
    return Interval(0, INF, one.nan or one.infinite, one.infinite)


def narrowed(one: Interval, operator: str, other: Interval) -> Interval:
    """Return the values of the left side that a comparison lets pass.

    Args:
        one: The left side's values.
        operator: The comparison.
        other: The right side's values.
    """
    lowest, highest = one.lowest, one.highest
    if operator in (">", ">=", "=="):
        lowest = max(lowest, other.lowest)
    if operator in ("<", "<=", "=="):
        highest = min(highest, other.highest)
    nonzero = one.nonzero or _leaves_zero_out(operator, other)
    if lowest > highest:  # nothing passes; whatever is said of nothing is true
        lowest, highest = one.lowest, one.highest
    nan = one.nan and operator == "!="
    return Interval(lowest, highest, nan, one.infinite and INF in (-lowest, highest), nonzero)


def _leaves_zero_out(operator: str, other: Interval) -> bool:
    if operator == ">":
        return other.lowest >= 0
    if operator == "<":
        return other.highest <= 0
    return operator == "!=" and other.constant == 0


def _product(one: float, other: float) -> float:
    return 0.0 if 0 in (one, other) else one * other


def _quotient(one: float, other: float) -> float:
    if one == 0:
        return 0.0
    if other == 0:
        return math.copysign(INF, one)
    # Without a limit above and below, the quotient may be anything between nothing and no limit.
    return one / other if math.isfinite(other) else 0.0


def _interval(lowest: float, highest: float, *, nan: bool, infinite: bool) -> Interval:
    """Make an interval; an end that cannot be calculated, infinity less infinity, is no limit."""
    return Interval(
        -INF if math.isnan(lowest) else lowest, INF if math.isnan(highest) else highest, nan, infinite
    )


def _ends(one: Interval) -> tuple[float, float]:
    return one.lowest, one.highest
