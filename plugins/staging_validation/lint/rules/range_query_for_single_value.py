"""What shows one number for each series needs an instant query."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Panel, Target
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import SINGLE_VALUE, range_windows
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Aggregation, Span

_CHOOSING = frozenset({"topk", "bottomk"})


def _check(query: Query, context: Context) -> Iterator[Fault]:
    panel, target = context.panel, context.target
    if query.kind is not QueryKind.TARGET or panel is None or target is None or target.hidden:
        return
    if not query.range_query or panel.type not in SINGLE_VALUE:
        return
    window = next(range_windows(query), None)
    if window is not None:
        yield _fault(
            panel,
            target,
            window[1],
            f"The query is a total of the whole time range, but the {panel.type} asks for it at every step: Prometheus "
            "reads the range a thousand times over, and any reduction but the last value gives a wrong number.",
        )
        return
    for aggregation in query.pieces(Aggregation):
        if aggregation.operator.text in _CHOOSING:
            yield _fault(
                panel,
                target,
                query.original(aggregation.operator.span),
                f"{aggregation.operator.text}() is asked at every step and chooses anew each time, so the {panel.type} "
                "shows more series than asked for, some with a value from long ago.",
            )
            return


def _fault(panel: Panel, target: Target, span: Span, message: str) -> Fault:
    return Fault(
        message,
        'ask once: "instant": true, "range": false',
        pointer=f"{target.fields}/{'instant' if 'instant' in target.raw else 'range'}",
        span=span,
        evidence={"panel_type": panel.type},
    )


RULE = Rule(
    id="range-query-for-single-value",
    summary="A panel that shows one number a series asks for a total, or for the top ones, at every step.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("B11",),
)
