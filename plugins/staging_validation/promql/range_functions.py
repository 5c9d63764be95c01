"""Between which numbers the results of functions lie."""

from __future__ import annotations

import math
from collections.abc import Sequence

from staging_validation.promql.intervals import (
    ANYTHING,
    INF,
    NOT_NEGATIVE,
    Interval,
    between,
    clamp,
    exactly,
    monotone,
    negated,
    spread,
    summed,
)
from staging_validation.promql.known import KnownMetric, KnownMetrics, MetricKind
from staging_validation.promql.tree import Call, Expr, VectorSelector, walk

_FIXED = {
    "absent": exactly(1),
    "absent_over_time": exactly(1),
    "present_over_time": exactly(1),
    "count_over_time": Interval(1),
    "changes": NOT_NEGATIVE,
    "resets": NOT_NEGATIVE,
    "histogram_count": NOT_NEGATIVE,
    "histogram_fraction": Interval(0, 1, nan=True),
    "time": NOT_NEGATIVE,
    "timestamp": NOT_NEGATIVE,
    "minute": Interval(0, 59),
    "hour": Interval(0, 23),
    "day_of_week": Interval(0, 6),
    "day_of_month": Interval(1, 31),
    "day_of_year": Interval(1, 366),
    "days_in_month": Interval(28, 31),
    "month": Interval(1, 12),
    "sgn": Interval(-1, 1),
    "sin": Interval(-1, 1, nan=True),
    "cos": Interval(-1, 1, nan=True),
    "pi": exactly(math.pi),
}
_COUNTED = frozenset({"rate", "irate", "increase"})
_KEEPING = frozenset(
    {"sort", "sort_desc", "sort_by_label", "sort_by_label_desc", "label_replace", "label_join", "vector"}
    | {"min_over_time", "max_over_time", "last_over_time", "first_over_time", "info"}
)
_ROUNDING = {"floor": math.floor, "ceil": math.ceil}


def call_range(call: Call, inside: Sequence[Interval], known: KnownMetrics | None) -> Interval:
    """Return the interval of a function's values.

    Args:
        call: The call.
        inside: The intervals of its arguments.
        known: The known metrics, for their buckets.
    """
    name = call.function.text
    if name in _FIXED:
        return _FIXED[name]
    if not inside:
        return ANYTHING
    if name in _KEEPING:
        return inside[0]
    if name in _COUNTED:
        return Interval() if _reads_a_gauge(call, known) else NOT_NEGATIVE
    if name.startswith("clamp"):
        return _clamped(name, inside)
    if name in ("histogram_quantile", "quantile_over_time"):
        return _quantile(call, inside, known)
    return _calculated(name, inside[0])


def _calculated(name: str, one: Interval) -> Interval:
    if name == "sum_over_time":
        return summed(one)
    if name == "avg_over_time":
        return between(one)
    if name.startswith("std"):
        return spread(one)
    if name == "abs":
        return _absolute(one)
    if name in _ROUNDING:
        return monotone(one, _ROUNDING[name])
    if name == "scalar":
        return Interval(one.lowest, one.highest, nan=True, infinite=one.infinite)
    if name == "sqrt" and one.lowest >= 0:
        return monotone(one, math.sqrt)
    if name == "exp":
        return Interval(0, nan=one.nan, infinite=True)
    return ANYTHING


def _absolute(one: Interval) -> Interval:
    if one.lowest >= 0:
        return one
    if one.highest <= 0:
        return negated(one)
    return Interval(0, max(-one.lowest, one.highest), one.nan, one.infinite, one.nonzero)


def _clamped(name: str, inside: Sequence[Interval]) -> Interval:
    limits = inside[1:]
    if len(limits) != (2 if name == "clamp" else 1):
        return ANYTHING
    lowest = limits[0].lowest if name in ("clamp", "clamp_min") else -INF
    highest = limits[-1].highest if name in ("clamp", "clamp_max") else INF
    loosely = any(limit.nan for limit in limits)
    return ANYTHING if loosely else clamp(inside[0], lowest, highest)


def _quantile(call: Call, inside: Sequence[Interval], known: KnownMetrics | None) -> Interval:
    phi = inside[0].constant
    if len(inside) < 2 or phi is None or not 0 <= phi <= 1:
        return ANYTHING
    if call.function.text == "quantile_over_time":
        return between(inside[1])
    metrics = _read(call.arguments[1], known)
    if len(metrics) != 1 or metrics[0] is None or metrics[0][1] != "bucket" or not metrics[0][0].buckets:
        return ANYTHING
    buckets = metrics[0][0].buckets
    # Above the largest finite bound, Prometheus answers with that bound; it interpolates from 0 upwards.
    return Interval(min(0.0, buckets[0]), buckets[-1], nan=True)


def _read(expr: Expr, known: KnownMetrics | None) -> list[tuple[KnownMetric, str] | None]:
    selectors = [piece for piece in walk(expr) if isinstance(piece, VectorSelector)]
    found = [known.of_selector(selector) if known else None for selector in selectors]
    return [metric for number, metric in enumerate(found) if metric not in found[:number]]


def _reads_a_gauge(call: Call, known: KnownMetrics | None) -> bool:
    kinds = {found[0].kind for argument in call.arguments for found in _read(argument, known) if found}
    return MetricKind.GAUGE in kinds
