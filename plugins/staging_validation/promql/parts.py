"""Recognises a part that is divided by its whole: the same metric, selected more narrowly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeGuard

from staging_validation.promql.tree import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Duration,
    Expr,
    Grouping,
    Matcher,
    Matching,
    MatchOperator,
    MatrixSelector,
    NumberLiteral,
    VectorSelector,
    without_parens,
)

_ADDING = frozenset({"sum", "count"})
_COMPARABLE = frozenset({"rate", "increase", "irate", "sum_over_time", "count_over_time", "last_over_time"})


def part_factor(division: Binary) -> float | None:
    """Recognise a quotient that lies between 0 and a number, because a part is divided by its whole.

    The values must not be negative; the caller knows that.

    Args:
        division: A division, for example ``100 * sum(rate(a{x="1"}[5m])) / sum(rate(a[5m]))``.

    Returns:
        What the part is multiplied with (1 where it is not); None where no part is recognised.
    """
    factor, part = _factor(without_parens(division.left))
    part, whole = _or_zero(part), _divisor(without_parens(division.right))
    if factor is None or factor <= 0:
        return None
    return factor if _is_part(part, whole, division.matching) else None


def _factor(expr: Expr) -> tuple[float | None, Expr]:
    if isinstance(expr, Binary) and expr.operator.text == "*":
        for number, other in ((expr.left, expr.right), (expr.right, expr.left)):
            value = _number(number)
            if value is not None:
                return value, without_parens(other)
    return 1.0, expr


def _or_zero(expr: Expr) -> Expr:
    """Take ``or vector(0)`` off: no part is a part of nothing."""
    if isinstance(expr, Binary) and expr.operator.text == "or":
        default = without_parens(expr.right)
        if isinstance(default, Call) and default.function.text == "vector" and default.arguments:
            return without_parens(expr.left) if _number(default.arguments[0]) == 0 else expr
    return expr


def _divisor(expr: Expr) -> Expr:
    """Take off what keeps a divisor from being zero: ``> 0`` and ``clamp_min``, which make it no smaller."""
    if _is_filter(expr):
        return without_parens(expr.left)
    if isinstance(expr, Call) and expr.function.text == "clamp_min" and expr.arguments:
        return without_parens(expr.arguments[0])
    return expr


def _is_part(part: Expr, whole: Expr, matching: Matching | None) -> bool:
    if isinstance(part, Aggregation) and isinstance(whole, Aggregation):
        same = part.operator.text == whole.operator.text and part.operator.text in _ADDING
        return (
            same and _groups_fit(part.grouping, whole.grouping, matching) and _inside(part.expr, whole.expr)
        )
    return matching is None and _inside(part, whole)


def _groups_fit(part: Grouping | None, whole: Grouping | None, matching: Matching | None) -> bool:
    """Tell whether each group of the part lies within the group of the whole that it is divided by."""
    if (part is not None and part.without) or (whole is not None and whole.without):
        one, other = _names(part), _names(whole)
        both = part is not None and whole is not None and part.without and whole.without
        return both and one == other and matching is None
    by = _names(whole)
    compared = _names(part) if matching is None else frozenset(name.text for name in matching.labels)
    return by <= _names(part) and by == compared and (matching is None or matching.on)


def _names(grouping: Grouping | None) -> frozenset[str]:
    return frozenset(name.text for name in grouping.labels) if grouping else frozenset()


def _inside(part: Expr, whole: Expr) -> bool:
    part, whole = without_parens(part), without_parens(whole)
    if _is_filter(part):
        return _inside(part.left, whole)
    if isinstance(part, Call) and isinstance(whole, Call):
        same = part.function.text == whole.function.text and part.function.text in _COMPARABLE
        return same and _inside(part.arguments[0], whole.arguments[0])
    if isinstance(part, MatrixSelector) and isinstance(whole, MatrixSelector):
        return part.window.seconds == whole.window.seconds and _inside(part.vector, whole.vector)
    if isinstance(part, VectorSelector) and isinstance(whole, VectorSelector):
        return _selects_less(part, whole)
    return False


def _selects_less(part: VectorSelector, whole: VectorSelector) -> bool:
    if part.metric is None or whole.metric is None or _moved(part) != _moved(whole):
        return False
    mine, others = _conditions(part.matchers), _conditions(whole.matchers)
    if part.metric.text == whole.metric.text:
        return others <= mine or (_bucket(part) and _all_of(whole) and _rest(others) <= _rest(mine))
    counted = part.metric.text.removesuffix("_bucket") == whole.metric.text.removesuffix("_count")
    return counted and _bucket(part) and whole.metric.text.endswith("_count") and others <= _rest(mine)


def _bucket(selector: VectorSelector) -> bool:
    """Tell whether a selector reads one bucket of each histogram."""
    one = any(_is_bound(matcher) and matcher.operator is MatchOperator.EQUAL for matcher in selector.matchers)
    return one and selector.metric is not None and selector.metric.text.endswith("_bucket")


def _all_of(selector: VectorSelector) -> bool:
    return any(_is_bound(matcher) and matcher.value == "+Inf" for matcher in selector.matchers)


def _is_bound(matcher: Matcher) -> bool:
    return matcher.label.text == "le"


_Condition = tuple[str, MatchOperator, str]


def _conditions(matchers: Iterable[Matcher]) -> frozenset[_Condition]:
    return frozenset((matcher.label.text, matcher.operator, matcher.value) for matcher in matchers)


def _rest(conditions: frozenset[_Condition]) -> frozenset[_Condition]:
    return frozenset(condition for condition in conditions if condition[0] != "le")


def _moved(selector: VectorSelector) -> tuple[float, float | str | None]:
    offset: Duration | None = selector.offset
    return offset.seconds if offset else 0.0, selector.at.timestamp if selector.at else None


def _is_filter(expr: Expr) -> TypeGuard[Binary]:
    """Tell whether an expression lets some series through, as they are: a comparison with a number."""
    compares = isinstance(expr, Binary) and expr.operator.text in COMPARISONS and not expr.returns_bool
    return compares and isinstance(expr, Binary) and _number(expr.right) is not None


def _number(expr: Expr) -> float | None:
    literal = without_parens(expr)
    return literal.value if isinstance(literal, NumberLiteral) else None
