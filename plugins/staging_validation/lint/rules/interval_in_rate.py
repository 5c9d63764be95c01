"""``$__interval`` is the graph's step: zoomed in, it holds a single scrape, and a rate needs two."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.intervals import seconds_of
from staging_validation.dashboards.variable_uses import Place
from staging_validation.errors import CheckFailedError
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.query_facts import NEED_TWO_SAMPLES, calls, window_of
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import MatrixSelector

_INTERVAL = "__interval"
_ENOUGH_SCRAPES = 4


def _check(query: Query, context: Context) -> Iterator[Fault]:
    if not any(use.name == _INTERVAL and use.place is Place.DURATION for use in query.uses):
        return
    if _least_step(query) >= _ENOUGH_SCRAPES * context.scrape_interval_seconds:
        return
    for call in calls(query, NEED_TWO_SAMPLES):
        window = window_of(call)
        if isinstance(window, MatrixSelector) and _INTERVAL in query.written(window.window.span):
            yield Fault(
                f"{call.function.text}() needs two samples, but $__interval shrinks to a single scrape interval when "
                "the reader looks at a short time: then the graph is empty or full of gaps.",
                "write [$__rate_interval], which always holds four scrapes",
                span=query.original(window.window.span),
                evidence={"window": query.written(window.window.span)},
            )


def _least_step(query: Query) -> float:
    """Return the least step in seconds that the query or its panel asks for; 0 where that is not known."""
    if query.kind is not QueryKind.TARGET or query.owner.target is None or query.owner.panel is None:
        return 0.0
    text = query.owner.target.interval or query.owner.panel.interval
    try:
        return seconds_of(text) if text else 0.0
    except CheckFailedError:
        return 0.0  # a variable


RULE = Rule(
    id="interval-in-rate",
    summary="rate() or its like has the window $__interval.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D16",),
)
