"""Infers what one of an expression's value is: cents, milliseconds, events a second, a percentage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from staging_validation.promql.fold import Everywhere
from staging_validation.promql.grafana_units import Fit, FitVerdict, grafana_unit_fits, suggest
from staging_validation.promql.known import STAND_IN_NUMBER, KnownMetrics, MetricKind, metric_name
from staging_validation.promql.quantities import (
    NOTHING,
    Quantity,
    UnitOf,
    added,
    divided,
    multiplied,
    opaque,
    unit_of_word,
)
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
)
from staging_validation.promql.types import value_type

__all__ = [
    "Fit",
    "FitVerdict",
    "UnitOf",
    "grafana_unit_fits",
    "infer_unit",
    "suggest",
    "unit_of_word",
    "units_everywhere",
]

_EVENTS = UnitOf("events")
_SERIES = UnitOf("series")
_TIME = UnitOf("time")
_TIMESTAMP = UnitOf("timestamp")
_RATIO = UnitOf("ratio")

_KEEPING = frozenset(
    {"increase", "delta", "idelta", "abs", "ceil", "floor", "round", "clamp", "clamp_min", "clamp_max"}
    | {"sort", "sort_desc", "sort_by_label", "sort_by_label_desc", "label_replace", "label_join", "info"}
    | {"predict_linear", "holt_winters", "double_exponential_smoothing", "avg_over_time", "min_over_time"}
    | {"max_over_time", "sum_over_time", "last_over_time", "first_over_time", "quantile_over_time"}
    | {"mad_over_time", "stddev_over_time"}
)
"""Functions whose result has the unit of their series."""

_KEEPING_AGGREGATIONS = frozenset(
    {"sum", "avg", "min", "max", "topk", "bottomk", "limitk", "limit_ratio", "quantile", "stddev"}
)
_OF_A_POINT_IN_TIME = frozenset(
    {"time", "timestamp", "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time"}
)
_FIXED = {
    **dict.fromkeys(_OF_A_POINT_IN_TIME, _TIMESTAMP),
    "changes": UnitOf("changes"),
    "resets": UnitOf("resets"),
    "count_over_time": UnitOf("samples"),
    "histogram_count": _EVENTS,
    "histogram_fraction": _RATIO,
}
"""Functions whose result has a unit of its own."""

_WINDOWED = frozenset({"increase", "delta", "sum_over_time"})
_SERIES_COME_SECOND = frozenset({"quantile_over_time", "histogram_quantile"})
_PER_SECOND = frozenset({"rate", "irate", "deriv"})


def infer_unit(expr: Expr, known: KnownMetrics | None) -> UnitOf | None:
    """Infer the unit of an expression's values.

    Args:
        expr: The expression.
        known: The known metrics with their units.

    Returns:
        The unit; None where it cannot be told for sure.
    """
    return units_everywhere(expr, known).whole.shown()


def units_everywhere(expr: Expr, known: KnownMetrics | None) -> Everywhere[Quantity]:
    """Work out the quantity of every piece of an expression; ``of(piece).shown()`` is the piece's unit."""
    return Everywhere(expr, partial(_visit, known=known))


def _visit(expr: Expr, inside: Sequence[Quantity], *, known: KnownMetrics | None) -> Quantity:
    if isinstance(expr, VectorSelector):
        return _selected(expr, known)
    if isinstance(expr, NumberLiteral):
        return NOTHING if expr.value == STAND_IN_NUMBER else Quantity(constant=expr.value)
    if isinstance(expr, StringLiteral):
        return NOTHING
    if isinstance(expr, Call):
        return _called(expr, inside)
    if isinstance(expr, Aggregation):
        return _aggregated(expr, inside[-1])
    if isinstance(expr, Binary):
        return _combined(expr, *inside)
    if isinstance(expr, Unary) and expr.operator.text == "-" and inside[0].constant is not None:
        return Quantity(constant=-inside[0].constant)
    return inside[0]


def _selected(selector: VectorSelector, known: KnownMetrics | None) -> Quantity:
    name = metric_name(selector)
    if name is None:
        return NOTHING
    found = known.of_series(name) if known else None
    if found is None:
        return Quantity(opaque(name))
    metric, part = found
    unit = unit_of_word(metric.unit) if metric.unit else opaque(metric.name)
    if part == "bucket":
        return Quantity(_EVENTS, observed=unit)
    if part == "count":
        return Quantity(_EVENTS)
    if metric.kind is MetricKind.HISTOGRAM and not part:
        return Quantity(opaque(name), observed=unit)  # a native histogram: no number, but quantiles have one
    return Quantity(unit)


def _called(call: Call, arguments: Sequence[Quantity]) -> Quantity:
    name = call.function.text
    if name in _FIXED:
        return Quantity(_FIXED[name])
    if not arguments:
        return NOTHING
    series = arguments[1] if name in _SERIES_COME_SECOND and len(arguments) > 1 else arguments[0]
    if name in ("scalar", "vector"):
        return series
    if name in _KEEPING:
        kept = _difference(series) if name in ("delta", "idelta") else series
        return replace(kept, constant=None, windowed=kept.windowed or name in _WINDOWED)
    if name in _PER_SECOND:
        return _per_second(series)
    if name in ("histogram_quantile", "histogram_avg", "histogram_stddev"):
        return Quantity(series.observed)
    return NOTHING


def _difference(series: Quantity) -> Quantity:
    if series.unit is not None and series.unit.dimension == "timestamp":
        return Quantity(replace(series.unit, dimension="time"))
    return series


def _per_second(series: Quantity) -> Quantity:
    unit = _difference(series).unit
    if unit is None or unit.per_second:
        return NOTHING
    return replace(series, unit=replace(unit, per_second=True))


def _aggregated(aggregation: Aggregation, inner: Quantity) -> Quantity:
    operator = aggregation.operator.text
    if operator in ("count", "count_values"):
        return Quantity(_SERIES)
    if operator not in _KEEPING_AGGREGATIONS:
        return NOTHING
    return replace(inner, constant=None)


_ARITHMETIC: dict[str, Callable[[Quantity, Quantity], Quantity]] = {
    "*": multiplied,
    "/": divided,
    "+": partial(added, sign=1),
    "-": partial(added, sign=-1),
}


def _combined(binary: Binary, left: Quantity, right: Quantity) -> Quantity:
    operator = binary.operator.text
    if operator in ("and", "unless"):
        return left
    if operator == "or":
        return _either(left, right)
    if operator in COMPARISONS:
        if binary.returns_bool:
            return NOTHING
        return right if value_type(binary.left) is ValueType.SCALAR else left
    if operator == "%":
        return replace(left, constant=None)
    calculate = _ARITHMETIC.get(operator)
    return calculate(left, right) if calculate else NOTHING


def _either(left: Quantity, right: Quantity) -> Quantity:
    if left.constant is not None and right.constant is not None:
        return left if left.constant == right.constant else NOTHING
    if right.constant is not None:
        return left  # or vector(0): a value for what is missing, in the same unit
    if left.constant is not None:
        return right
    return left if left.unit == right.unit else NOTHING
