"""``topk()`` chooses anew at every point of a graph."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import OVER_TIME
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Aggregation, MatrixSelector, Subquery, VectorSelector, walk

_OPERATORS = frozenset({"topk", "bottomk"})


def _check(query: Query, context: Context) -> Iterator[Fault]:
    panel = context.panel
    if query.kind is not QueryKind.TARGET or panel is None or panel.type not in OVER_TIME:
        return
    if not query.range_query or (context.target is not None and context.target.hidden):
        return
    for aggregation in query.pieces(Aggregation):
        operator = aggregation.operator.text
        if operator in _OPERATORS and not _is_pinned(aggregation):
            yield Fault(
                f"{operator}() chooses its series anew at every point of the graph: the graph shows more of them than "
                "asked for, with gaps, and a line that ends has not fallen to zero.",
                f"choose once: x and {operator}(5, x @ end()); or show a table or bars of an instant query",
                span=query.original(aggregation.operator.span),
                evidence={"operator": operator},
            )


def _is_pinned(aggregation: Aggregation) -> bool:
    """Return whether it is asked at one fixed time, and so always chooses the same."""
    selecting = (VectorSelector, MatrixSelector, Subquery)
    pieces = [piece for piece in walk(aggregation.expr) if isinstance(piece, selecting)]
    return any(not isinstance(piece, MatrixSelector) and piece.at is not None for piece in pieces)


RULE = Rule(
    id="topk-in-graph",
    summary="topk() or bottomk() is drawn over time.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D19",),
)
