"""``histogram_quantile()`` reads the label ``le`` of buckets; without it there is nothing to calculate."""

from __future__ import annotations

import math
from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import calls, dropped_by, empty, name_span, selectors_in, series_name
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import STAND_IN_NUMBER, KnownMetrics, MetricKind, metric_name
from staging_validation.promql.tree import (
    Call,
    Expr,
    MatchOperator,
    NumberLiteral,
    Unary,
    VectorSelector,
    without_parens,
)

_BOUND = "le"


def _check(query: Query, context: Context) -> Iterator[Fault]:
    for call in calls(query, ("histogram_quantile",)):
        if len(call.arguments) == 2:
            yield from _rank(query, call.arguments[0])
            yield from _buckets(query, call, context.known)


def _rank(query: Query, argument: Expr) -> Iterator[Fault]:
    value = _number(argument)
    if value is None or 0 <= value <= 1:
        return
    likely = f"{value / 100:g}" if 1 < value <= 100 else "0.95"
    yield Fault(
        f"The quantile {value:g} lies outside of 0 to 1: Prometheus answers with "
        f"{'NaN' if math.isnan(value) else 'plus infinity' if value > 1 else 'minus infinity'} for every series.",
        f"write it as a part of 1: {likely}",
        span=query.original(argument.span),
        evidence={"quantile": repr(value)},
    )


def _number(expr: Expr) -> float | None:
    inner = without_parens(expr)
    if isinstance(inner, Unary) and inner.operator.text == "-":
        value = _number(inner.expr)
        return None if value is None else -value
    return inner.value if isinstance(inner, NumberLiteral) and inner.value != STAND_IN_NUMBER else None


def _buckets(query: Query, call: Call, known: KnownMetrics | None) -> Iterator[Fault]:
    everywhere = query.analysis.labels_everywhere
    buckets = call.arguments[1]
    if everywhere is None:
        return
    selectors = tuple(selectors_in(buckets))
    labels = everywhere.of(buckets)
    if labels.may_have(_BOUND):
        yield from _single_bucket(query, selectors)
        return
    if any("_bucket" in (metric_name(selector) or "") for selector in selectors):
        operator = labels.lost_at(_BOUND)
        span = dropped_by(query, operator) if operator is not None else buckets.span
        yield Fault(
            "histogram_quantile() finds the buckets by their label le, which is gone here: without it "
            f"{empty(query)}.",
            "keep le: sum by (le, …) (rate(…_bucket[5m]))",
            span=query.original(span),
            evidence={"lost": _BOUND},
        )
    elif selectors and all(_has_no_buckets(selector, known) for selector in selectors):
        name = series_name(selectors[0])
        yield Fault(
            f"{name} has no buckets, and histogram_quantile() calculates with nothing else: {empty(query)}.",
            _instead(selectors[0], known),
            span=query.original(name_span(selectors[0])),
            evidence={"metric": name},
        )


def _single_bucket(query: Query, selectors: tuple[VectorSelector, ...]) -> Iterator[Fault]:
    for selector in selectors:
        for matcher in selector.matchers:
            if matcher.label.text == _BOUND and matcher.operator is MatchOperator.EQUAL:
                yield Fault(
                    "histogram_quantile() needs all buckets of a histogram, but only one is selected: the result "
                    "is NaN.",
                    "take the matcher away; the share below a bound is that bucket divided by the count",
                    span=query.original(matcher.span),
                    evidence={"le": matcher.value},
                )


def _has_no_buckets(selector: VectorSelector, known: KnownMetrics | None) -> bool:
    """Tell whether a metric is known, and not as a histogram, which might be a native one."""
    found = known.of_selector(selector) if known is not None else None
    if found is None or found[0].kind is MetricKind.UNKNOWN:
        return False
    return found[0].kind is not MetricKind.HISTOGRAM or found[1] in ("sum", "count")


def _instead(selector: VectorSelector, known: KnownMetrics | None) -> str:
    found = known.of_selector(selector) if known is not None else None
    if found is not None and found[0].kind is MetricKind.HISTOGRAM:
        return f"read the buckets: {found[0].name}_bucket"
    return "read the buckets of a histogram, or use quantile() for the quantile over series"


RULE = Rule(
    id="quantile-without-le",
    summary="histogram_quantile() is given no buckets, or a quantile outside of 0 to 1.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D8",),
)
