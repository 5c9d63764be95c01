"""Histograms with different bounds cannot be added up: a bucket of one has no partner in the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import calls, name_span, selectors_in
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import STAND_IN, KnownMetric, KnownMetrics, metric_name
from staging_validation.promql.matchers import accepts
from staging_validation.promql.tree import Call, MatchOperator, Span, VectorSelector


def _check(query: Query, context: Context) -> Iterator[Fault]:
    if context.known is None:
        return
    for call in calls(query, ("histogram_quantile",)):
        if len(call.arguments) == 2:
            yield from _mixed(query, call, context.known)


def _mixed(query: Query, call: Call, known: KnownMetrics) -> Iterator[Fault]:
    first: KnownMetric | None = None
    for metric, span in _histograms(call, known):
        if first is None:
            first = metric
        elif metric.buckets != first.buckets:
            yield Fault(
                f"One quantile is made of {first.name} and {metric.name}, whose buckets have different bounds "
                f"({_bounds(first)} and {_bounds(metric)}). Where a bound is missing in one of them, its samples "
                "are missing too, and the quantile is wrong.",
                "take the quantile of one of them, or give both the same buckets where they are emitted",
                span=query.original(span),
                evidence={first.name: list(first.buckets), metric.name: list(metric.buckets)},
            )
            return


def _histograms(call: Call, known: KnownMetrics) -> Iterator[tuple[KnownMetric, Span]]:
    for selector in selectors_in(call.arguments[1]):
        for name in _names(selector, known):
            found = known.of_series(name)
            if found is not None and found[1] == "bucket" and found[0].buckets:
                yield found[0], name_span(selector)


def _names(selector: VectorSelector, known: KnownMetrics) -> Iterator[str]:
    """Yield the known buckets' series that a selector finds: one by its name, several by a pattern."""
    name = metric_name(selector)
    if name is not None:
        yield name
        return
    patterns = [
        matcher
        for matcher in selector.matchers
        if matcher.label.text == "__name__" and matcher.operator is MatchOperator.REGEX
    ]
    if not patterns or any(STAND_IN in matcher.value for matcher in patterns):
        return
    for metric in known.values():
        series = f"{metric.name}_bucket"
        if all(accepts(matcher, series) for matcher in patterns):
            yield series


def _bounds(metric: KnownMetric) -> str:
    return re.sub(r"\.0\b", "", ", ".join(map(str, metric.buckets)))


RULE = Rule(
    id="quantile-of-mixed-buckets",
    summary="One quantile is made of histograms whose buckets have different bounds.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D9",),
    needs_catalogue=True,
)
