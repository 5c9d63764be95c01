"""A window as long as the whole time range makes a graph that says nothing of when."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import OVER_TIME, range_windows
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.rule import Fault, Rule


def _check(query: Query, context: Context) -> Iterator[Fault]:
    panel = context.panel
    if query.kind is not QueryKind.TARGET or panel is None or panel.type not in OVER_TIME:
        return
    if not query.range_query or (context.target is not None and context.target.hidden):
        return
    for name, span in range_windows(query):
        yield Fault(
            f"The window ${name} is as long as the whole time range: every point of the graph counts what came before "
            "the range too, nothing can be seen of when it happened, and zooming changes all values.",
            "use $__rate_interval in a graph; show a total of the range in a stat, by an instant query",
            span=span,
            evidence={"variable": name},
        )


RULE = Rule(
    id="range-window-in-graph",
    summary="A graph over time uses $__range as its window.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D17",),
)
