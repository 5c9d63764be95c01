"""Breaks what queries take for granted about scrapes: labels, steps (classes D15, D25)."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.query import Query, QueryKind
from staging_validation.promql.tree import Span
from tests.lint.mutation.mutant import DASHBOARDS, Control
from tests.lint.mutation.promql_labels import grouped
from tests.lint.mutation.promql_metrics import rates, selectors
from tests.lint.mutation.queries import Edit, at, query_operator, written

_EVALUATED = (QueryKind.TARGET, QueryKind.ANNOTATION, QueryKind.ALERT, QueryKind.RECORD)


@query_operator("D25", "pushed-job-label", kinds=_EVALUATED, learned=False)
def job_of_the_scrape(query: Query, control: Control) -> Iterator[Edit]:
    """Takes pushed metrics to have the labels of a scrape."""
    for selector, name, _, _ in selectors(query):
        added = 'job="billing"'
        if selector.matchers:
            first = query.original(selector.matchers[0].span).start
            yield Edit(Span(first, first), f"{added}, ", mark=added)
        else:
            yield Edit(Span(name.end, name.end), f"{{{added}}}", mark=added, within=at(query, selector))
        break
    for _, grouping in grouped(query):
        if grouping.labels:
            last = query.original(grouping.labels[-1].span)
            yield Edit(
                Span(last.end, last.end), ", instance", mark="instance", within=query.original(grouping.span)
            )


@query_operator("D25", "pushed-job-label", kinds=_EVALUATED, learned=False)
def instance_of_the_gateway(query: Query, control: Control) -> Iterator[Edit]:
    """Takes the gateway's address for the metrics' own."""
    for selector, name, _, _ in selectors(query):
        for added in ('instance="pushgateway:9091"', 'instance=~".+:9091"'):
            if selector.matchers:
                first = query.original(selector.matchers[0].span).start
                yield Edit(Span(first, first), f"{added}, ", mark=added)
            else:
                yield Edit(Span(name.end, name.end), f"{{{added}}}", mark=added, within=at(query, selector))


@query_operator("D15", "range-too-short", on=DASHBOARDS, kinds=(QueryKind.TARGET,))
def steps_too_long(query: Query, control: Control) -> Iterator[Edit]:
    """A window over steps that are as long as itself."""
    for call, _, _ in rates(query):
        inside = written(query, call)
        for window in ("[5m:5m]", "[5m:10m]"):
            text = f"deriv({inside}{window})"
            yield Edit(at(query, call), text, mark=window, within=at(query, call))


OPERATORS = (job_of_the_scrape, instance_of_the_gateway, steps_too_long)
