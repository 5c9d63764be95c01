"""Finds counters whose value itself is used: everything since the last restart, and not what happened lately."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.query_facts import counts_up, known_selectors, selectors_in
from staging_validation.promql.known import KnownMetric, KnownMetrics, metric_name
from staging_validation.promql.tree import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Subquery,
    ValueType,
    VectorSelector,
)
from staging_validation.promql.types import value_type

_NOT_THE_VALUE = frozenset({"absent", "timestamp", "count", "count_values", "group"})
_OF_VALUES = frozenset(
    {"avg_over_time", "max_over_time", "min_over_time", "sum_over_time", "quantile_over_time"}
)
_EXISTENCE = frozenset({"and", "unless"})


class Use(Enum):
    """What is done with a counter's value."""

    SHOWN = "shown"
    SUMMED = "summed"
    SUBTRACTED = "subtracted"


@dataclass(frozen=True, slots=True)
class RawCounter:
    """A counter whose value itself is used.

    Attributes:
        selector: Where it is selected.
        metric: The metric.
        use: What is done with the value.
        at: The expression that does it: the sum, the difference, or the selector itself.
    """

    selector: VectorSelector
    metric: KnownMetric
    use: Use
    at: Expr


def raw_counters(query: Query, known: KnownMetrics | None) -> Iterator[RawCounter]:
    """Find the counters whose value itself a query uses.

    Nothing is said of a counter in a window, of one that is only asked whether it exists, of the difference
    between now and then of one counter, and of the queries of variables, which want labels.

    Args:
        query: The query.
        known: The known metrics.
    """
    if query.kind is QueryKind.VARIABLE:
        return
    for selector, metric, part in known_selectors(query, known):
        if counts_up(metric, part) and not isinstance(query.parent(selector), MatrixSelector):
            found = _use(query, selector)
            if found is not None:
                yield RawCounter(selector, metric, *found)


def _use(query: Query, selector: VectorSelector) -> tuple[Use, Expr] | None:
    use: tuple[Use, Expr] = (Use.SHOWN, selector)
    inside: Expr = selector
    for above in query.ancestors(selector):
        if isinstance(above, (Call, Aggregation)):
            name = above.function.text if isinstance(above, Call) else above.operator.text
            if name in _NOT_THE_VALUE:
                return None
            if name == "sum" and use[0] is Use.SHOWN:
                use = (Use.SUMMED, above)
            if name == "histogram_quantile":
                use = (Use.SHOWN, selector)  # a quantile since the last restart: old, but no wrong sum
        elif isinstance(above, Subquery):
            function = query.parent(above)
            if not isinstance(function, Call) or function.function.text not in _OF_VALUES:
                return None  # it sees the growth
        elif isinstance(above, Binary):
            after = _after_operator(above, inside, selector, use)
            if after is None:
                return None
            use = after
        inside = above
    return use


def _after_operator(
    binary: Binary, side: Expr, selector: VectorSelector, use: tuple[Use, Expr]
) -> tuple[Use, Expr] | None:
    operator = binary.operator.text
    if operator in _EXISTENCE:
        return None if side is binary.right else use
    other = binary.left if side is binary.right else binary.right
    if operator in COMPARISONS or value_type(other) is ValueType.SCALAR:
        return use
    if operator == "-":
        return None if _now_and_then(binary) else (Use.SUBTRACTED, binary)
    return (Use.SHOWN, selector) if operator == "/" else use


def _now_and_then(binary: Binary) -> bool:
    """Tell whether a difference is that of the same counters at two times."""
    left, right = tuple(selectors_in(binary.left)), tuple(selectors_in(binary.right))
    moved = {_offset(selector) for selector in left} != {_offset(selector) for selector in right}
    return moved and {metric_name(one) for one in left} == {metric_name(one) for one in right}


def _offset(selector: VectorSelector) -> float:
    return selector.offset.seconds if selector.offset else 0.0
