"""Infers between which numbers an expression's values lie, and whether a condition can ever be true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial

from staging_validation.promql.fold import Everywhere
from staging_validation.promql.intervals import (
    ANYTHING,
    INF,
    NOT_NEGATIVE,
    UP_TO_ONE,
    Interval,
    add,
    between,
    divide,
    exactly,
    hull,
    multiply,
    narrowed,
    negated,
    power,
    remainder,
    spread,
    subtract,
    summed,
)
from staging_validation.promql.known import STAND_IN_NUMBER, KnownMetrics, MetricKind, metric_name
from staging_validation.promql.parts import part_factor
from staging_validation.promql.range_functions import call_range
from staging_validation.promql.tree import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Expr,
    NumberLiteral,
    StringLiteral,
    Unary,
    ValueType,
    VectorSelector,
    walk,
    without_parens,
)
from staging_validation.promql.types import value_type

__all__ = ["Condition", "Interval", "Truth", "can_be_true", "infer_range", "ranges_everywhere"]

_ONES = {"up": UP_TO_ONE, "ALERTS": exactly(1)}
_ARITHMETIC = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
    "^": power,
}
_AT_LEAST_ONE = Interval(1)
_AGGREGATED = {
    "count": _AT_LEAST_ONE,
    "count_values": _AT_LEAST_ONE,
    "group": exactly(1),
}
_PICKING = frozenset({"min", "max", "topk", "bottomk", "limitk", "limit_ratio"})


class Truth(str, Enum):
    """How often a condition is true."""

    NEVER = "never"
    ALWAYS = "always"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class Condition:
    """What can be said of a condition.

    Attributes:
        truth: How often it is true, of the series there are.
        because: Why, as a sentence; empty where it may be true or not.
    """

    truth: Truth
    because: str = ""


_MAYBE = Condition(Truth.MAYBE)


def infer_range(expr: Expr, known: KnownMetrics | None) -> Interval:
    """Infer between which numbers the values of an expression lie.

    Args:
        expr: The expression.
        known: The known metrics.

    Returns:
        The interval; from minus infinity to infinity where nothing is known.
    """
    return ranges_everywhere(expr, known).whole


def ranges_everywhere(expr: Expr, known: KnownMetrics | None) -> Everywhere[Interval]:
    """Infer the interval of every piece of an expression; see :func:`infer_range`."""
    return Everywhere(expr, partial(_visit, known=known))


def can_be_true(expr: Expr, known: KnownMetrics | None) -> Condition:
    """Decide whether a condition, for example an alert's, can be true and can be false.

    Args:
        expr: A comparison, or several joined by ``and``, ``or`` and ``unless``. An expression without any
            condition is true of every series, because an alert fires for whatever its expression returns.
        known: The known metrics.

    Returns:
        Never, always or maybe. Always means: of every series that there is, at all times.
    """
    ranges = ranges_everywhere(expr, known)
    if not any(_is_condition(piece) for piece in walk(expr)):
        return _unconditional(expr, known)
    return _judged(without_parens(expr), ranges)


def _visit(expr: Expr, inside: Sequence[Interval], *, known: KnownMetrics | None) -> Interval:
    if isinstance(expr, VectorSelector):
        return _selected(expr, known)
    if isinstance(expr, NumberLiteral):
        return ANYTHING if expr.value == STAND_IN_NUMBER else exactly(expr.value)
    if isinstance(expr, StringLiteral):
        return ANYTHING
    if isinstance(expr, Call):
        return call_range(expr, inside, known)
    if isinstance(expr, Aggregation):
        return _aggregated(expr, inside)
    if isinstance(expr, Binary):
        return _combined(expr, *inside)
    if isinstance(expr, Unary) and expr.operator.text == "-":
        return negated(inside[0])
    return inside[0]


def _selected(selector: VectorSelector, known: KnownMetrics | None) -> Interval:
    name = metric_name(selector)
    if name is None:
        return ANYTHING
    if name in _ONES:
        return _ONES[name]
    found = known.of_series(name) if known else None
    if found is None:
        return ANYTHING
    metric, part = found
    if metric.interval is not None:
        return metric.interval
    counts = metric.kind is MetricKind.COUNTER or part in ("bucket", "count")
    counts = counts or (metric.kind is MetricKind.HISTOGRAM and part == "sum")
    if counts:
        return NOT_NEGATIVE
    return ANYTHING if metric.kind is MetricKind.UNKNOWN else Interval()


def _aggregated(aggregation: Aggregation, inside: Sequence[Interval]) -> Interval:
    operator, inner = aggregation.operator.text, inside[-1]
    if operator in _AGGREGATED:
        return _AGGREGATED[operator]
    if operator == "sum":
        return summed(inner)
    if operator in _PICKING:
        return inner
    if operator == "quantile" and len(inside) > 1:
        phi = inside[0].constant
        return between(inner) if phi is not None and 0 <= phi <= 1 else ANYTHING
    if operator == "avg":
        return between(inner)
    return spread(inner) if operator.startswith("std") else ANYTHING


def _combined(binary: Binary, left: Interval, right: Interval) -> Interval:
    operator = binary.operator.text
    if operator in ("and", "unless"):
        return left
    if operator == "or":
        return hull(left, right)
    if operator in COMPARISONS:
        if binary.returns_bool:
            return UP_TO_ONE
        if value_type(binary.left) is ValueType.SCALAR:
            return narrowed(right, _TURNED[operator], left)
        return narrowed(left, operator, right)
    if operator == "/" and min(left.lowest, right.lowest) >= 0:
        factor = part_factor(binary)
        if factor is not None:
            return Interval(0, factor, nan=left.nan or right.nan or right.may_be_zero)
    calculate = _ARITHMETIC.get(operator)
    return calculate(left, right) if calculate else ANYTHING


_TURNED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}


def _is_condition(expr: Expr) -> bool:
    if isinstance(expr, Binary):
        return expr.operator.text in COMPARISONS or expr.operator.text in ("and", "unless")
    return isinstance(expr, Call) and expr.function.text.startswith("absent")


def _unconditional(expr: Expr, known: KnownMetrics | None) -> Condition:
    selectors = [piece for piece in walk(expr) if isinstance(piece, VectorSelector)]
    names = [metric_name(selector) for selector in selectors]
    if not all(name and _is_there(name, known) for name in names):
        return _MAYBE
    return Condition(Truth.ALWAYS, "It has no condition: it is true of every series that it returns.")


def _is_there(name: str, known: KnownMetrics | None) -> bool:
    """Tell whether a metric is there also when all is well: ALERTS is not, and of others nobody knows."""
    return known is not None and known.of_series(name) is not None and not name.startswith("ALERTS")


def _judged(expr: Expr, ranges: Everywhere[Interval]) -> Condition:
    if not isinstance(expr, Binary):
        return _MAYBE
    operator = expr.operator.text
    if operator in COMPARISONS:
        return _MAYBE if expr.returns_bool else _compared(expr, ranges)
    if operator not in ("and", "or", "unless"):
        return _MAYBE
    left = _judged(without_parens(expr.left), ranges)
    right = _judged(without_parens(expr.right), ranges)
    if operator == "unless":
        return left if left.truth is Truth.NEVER else _MAYBE
    deciding, other = (Truth.NEVER, Truth.ALWAYS) if operator == "and" else (Truth.ALWAYS, Truth.NEVER)
    for side in (left, right):
        if side.truth is deciding:
            return side
    return left if left.truth is right.truth is other else _MAYBE


def _compared(binary: Binary, ranges: Everywhere[Interval]) -> Condition:
    inner = _judged(without_parens(binary.left), ranges)
    if inner.truth is Truth.NEVER:
        return inner
    operator = binary.operator.text
    left, right = ranges.of(binary.left), ranges.of(binary.right)
    truth = _truth(left, operator, right)
    filtered = any(_is_condition(piece) for side in (binary.left, binary.right) for piece in walk(side))
    if truth is Truth.MAYBE or (truth is Truth.ALWAYS and filtered):
        return _MAYBE
    return Condition(truth, _sentence(left, operator, right, truth))


def _truth(left: Interval, operator: str, right: Interval) -> Truth:
    """Compare two intervals; NaN passes nothing but ``!=``."""
    if operator in ("<", "<="):
        left, right, operator = right, left, _TURNED[operator]
    if operator in ("==", "!="):
        apart = left.highest < right.lowest or right.highest < left.lowest
        apart = apart or (right.constant == 0 and not left.may_be_zero)
        same = left.constant is not None and left.constant == right.constant
        if operator == "==":
            return Truth.NEVER if apart else _if_numbers(same, left, right)
        return Truth.ALWAYS if apart else Truth.NEVER if same else Truth.MAYBE
    strict = operator == ">"
    if left.highest < right.lowest or (strict and left.highest <= right.lowest):
        return Truth.NEVER
    above = left.lowest > right.highest or (not strict and left.lowest >= right.highest)
    above = above or (right.constant == 0 and left.lowest == 0 and left.nonzero)
    return _if_numbers(above, left, right)


def _if_numbers(true: bool, left: Interval, right: Interval) -> Truth:  # noqa: FBT001
    return Truth.ALWAYS if true and not left.nan and not right.nan else Truth.MAYBE


def _sentence(left: Interval, operator: str, right: Interval, truth: Truth) -> str:
    return f"{_spoken(left)} {operator} {_spoken(right)} is {truth.value} true."


def _spoken(one: Interval) -> str:
    if one.constant is not None:
        return f"{one.constant:.6g}"
    if one.lowest == -INF and one.highest == INF:
        return "any value"
    if one.highest == INF:
        return f"a value of at least {one.lowest:.6g}"
    if one.lowest == -INF:
        return f"a value of at most {one.highest:.6g}"
    return f"a value from {one.lowest:.6g} to {one.highest:.6g}"
