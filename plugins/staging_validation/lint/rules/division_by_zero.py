"""On a quiet day nothing happens, and a rate of nothing is no divisor."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.query_facts import (
    RATES,
    is_filter,
    known_selectors,
    pieces,
    recorded_query,
    selectors_in,
)
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import KnownMetrics, metric_name
from staging_validation.promql.parts import part_factor
from staging_validation.promql.ranges import infer_range
from staging_validation.promql.tree import (
    Aggregation,
    Binary,
    Call,
    Expr,
    NumberLiteral,
    VectorSelector,
    walk,
    without_parens,
)

_DIVIDING = frozenset({"/", "%"})
_GRAPHS = frozenset({"timeseries", "graph", "heatmap", "barchart", "trend", "status-history"})


def _check(query: Query, context: Context) -> Iterator[Fault]:
    if query.kind is QueryKind.VARIABLE:
        return
    for binary in pieces(query, Binary):
        if binary.operator.text not in _DIVIDING or isinstance(without_parens(binary.right), NumberLiteral):
            continue
        if _may_be_zero(binary.right, context) and not _is_guarded(query, binary, context.known):
            yield _fault(query, binary, context.known)


def _may_be_zero(divisor: Expr, context: Context) -> bool:
    """Tell whether a divisor is an amount of what happens that may be nothing."""
    if any(isinstance(piece, Call) and piece.function.text in RATES for piece in walk(divisor)):
        values = infer_range(divisor, context.known)
        return values.lowest == 0 and values.may_be_zero
    inner = without_parens(divisor)
    if isinstance(inner, Aggregation) and inner.operator.text in ("sum", "avg", "min", "max"):
        return _may_be_zero(inner.expr, context)
    name = metric_name(inner) if isinstance(inner, VectorSelector) else None
    recorded = recorded_query(name, context.files) if name is not None else None
    # What a recording rule keeps is what it computes; a name that is recorded under itself is none of ours.
    tree = recorded.tree if recorded is not None else None
    return tree is not None and not _reads(tree, name) and _may_be_zero(tree, context)


def _reads(expr: Expr, name: str | None) -> bool:
    return any(metric_name(selector) == name for selector in selectors_in(expr))


def _is_guarded(query: Query, binary: Binary, known: KnownMetrics | None) -> bool:
    """Tell whether what a division by zero gives is taken away again."""
    inside: Expr = binary
    for above in query.ancestors(binary):
        if isinstance(above, Binary):
            if above.operator.text in ("and", "unless") and inside is above.left:
                # A condition beside it, which only people can read: x / y and y > 0.
                return any(is_filter(piece) for piece in walk(above.right))
            if is_filter(above):
                # NaN passes no comparison; infinity does.
                is_part = part_factor(binary) is not None or not infer_range(binary, known).infinite
                return above.operator.text != "!=" and is_part
        inside = above
    return False


def _fault(query: Query, binary: Binary, known: KnownMetrics | None) -> Fault:
    aggregated = any(
        isinstance(above, Aggregation) and above.operator.text not in ("count", "group")
        for above in query.ancestors(binary)
    )
    does = "the whole aggregation is NaN" if aggregated else f"{_shows(query)} NaN or infinity"
    return Fault(
        f"`{query.written(binary.right.span)}` is 0 when nothing happens, and then {does}.",
        "let the divisor be missing instead: … / (… > 0)",
        span=query.original(binary.right.span),
        evidence={"operator": binary.operator.text, "aggregated": aggregated},
        severity=Severity.INFO if _is_a_gap(query, known) and not aggregated else None,
    )


def _shows(query: Query) -> str:
    return {
        QueryKind.TARGET: "the panel shows",
        QueryKind.RECORD: "the rule records",
        QueryKind.ALERT: "the alert compares",
    }.get(query.kind, "the result is")


def _is_a_gap(query: Query, known: KnownMetrics | None) -> bool:
    """Tell whether it is a gap in a line, or rare in a rule, of metrics that nobody has promised anything of."""
    panel = query.owner.panel
    graph = query.range_query and panel is not None and panel.type in _GRAPHS
    return (graph or query.kind is not QueryKind.TARGET) and not any(
        metric.described for _, metric, _ in known_selectors(query, known)
    )


RULE = Rule(
    id="division-by-zero",
    summary="A divisor is 0 when nothing happens.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D14",),
)
