"""A quantile for every single series of a histogram is a line for every customer, made of a few samples each."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.query_facts import calls, selectors_in
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import KnownMetric, KnownMetrics
from staging_validation.promql.tree import Aggregation, Call, MatchOperator, VectorSelector, walk

_MOST_SERIES = 5
"""Up to here, one quantile for each series is what somebody may want to see."""


def _check(query: Query, context: Context) -> Iterator[Fault]:
    if context.known is None:
        return
    for call in calls(query, ("histogram_quantile",)):
        if len(call.arguments) == 2 and not _is_aggregated(call, query):
            yield from _looked_at(query, call, context.known)


def _is_aggregated(call: Call, query: Query) -> bool:
    inside = any(isinstance(piece, Aggregation) for piece in walk(call.arguments[1]))
    return inside or any(isinstance(above, Aggregation) for above in query.ancestors(call))


def _looked_at(query: Query, call: Call, known: KnownMetrics) -> Iterator[Fault]:
    for selector in selectors_in(call.arguments[1]):
        found = known.of_selector(selector)
        labels = _differing(selector, found[0], _legend(query)) if found is not None else {}
        series = prod(labels.values())
        if found is None or series <= _MOST_SERIES:
            continue
        if query.kind is not QueryKind.TARGET and not found[0].described:
            continue  # an alert may watch each of several servers by itself
        names = ", ".join(labels)
        yield Fault(
            f"The quantile is calculated for each {' and '.join(labels)} of {found[0].name} by itself: {series} of "
            "them or more, each made of the few samples of one series.",
            f"add the buckets up first: histogram_quantile(…, sum by (le) (…)), with those of {names} behind le "
            "that are to be told apart",
            span=query.original(call.arguments[1].span),
            evidence={"metric": found[0].name, "labels": list(labels), "series": series},
        )


def _differing(selector: VectorSelector, metric: KnownMetric, legend: str) -> dict[str, int]:
    """Return the labels in which the series differ, with the number of known values; those in the legend are meant."""
    fixed = {matcher.label.text for matcher in selector.matchers if matcher.operator is MatchOperator.EQUAL}
    counts = {label: len(values.values) for label, values in metric.labels.items() if label not in fixed}
    return {label: count for label, count in counts.items() if count > 1 and label not in legend}


def _legend(query: Query) -> str:
    target = query.owner.target
    return (target.legend or "") if target is not None else ""


RULE = Rule(
    id="quantile-not-aggregated",
    summary="histogram_quantile() is calculated for each of many series by itself.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D9",),
    needs_catalogue=True,
)
