"""A window of a fixed length skips samples when the reader looks at a longer time than it was made for."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.query_facts import RATES, calls, is_written, window_of
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import MatrixSelector


def _check(query: Query, _context: Context) -> Iterator[Fault]:
    if query.kind is not QueryKind.TARGET or not query.range_query:
        return
    for call in calls(query, RATES):
        window = window_of(call)
        if isinstance(window, MatrixSelector) and is_written(query, window.window.span):
            written = query.written(window.window.span)
            yield Fault(
                f"The window is always [{written}]. Zoomed out, a graph's steps are longer than that, and what "
                "happens between two windows is not shown; zoomed in, everything is smoothed more than it need be.",
                "write [$__rate_interval], which follows the graph's steps and holds four scrapes",
                span=query.original(window.window.span),
                evidence={"window": written},
            )


RULE = Rule(
    id="fixed-range",
    summary="A graph's rate() has a window of a fixed length.",
    severity=Severity.INFO,
    subject=Query,
    check=_check,
    classes=("D16",),
    style=True,
)
