"""A classic histogram has no series of its own name, only those of its buckets, sum and count."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.query_facts import empty, known_selectors, name_span
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import MetricKind


def _check(query: Query, context: Context) -> Iterator[Fault]:
    if query.kind is QueryKind.VARIABLE:
        return  # variable-query looks at those
    for selector, metric, part in known_selectors(query, context.known):
        # Without known bounds it may be a native histogram, which does have series of its own name.
        if metric.kind is MetricKind.HISTOGRAM and not part and metric.buckets:
            yield Fault(
                f"{metric.name} is a histogram: there are series of its buckets, sum and count, but none of this "
                f"name, so {empty(query)}.",
                f"write {metric.name}_bucket for quantiles, {metric.name}_sum for the total or {metric.name}_count "
                "for how many",
                span=query.original(name_span(selector)),
                evidence={"metric": metric.name, "series": list(metric.series_names())},
            )


RULE = Rule(
    id="histogram-without-suffix",
    summary="A query reads a histogram without _bucket, _sum or _count.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D3",),
    needs_catalogue=True,
)
