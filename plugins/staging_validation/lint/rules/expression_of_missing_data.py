"""A server-side expression of a query that can be NaN is NaN too, and a threshold on it is never met."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Panel, Target
from staging_validation.dashboards.reading_values import text
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import COMPARISONS, Binary, Call, Expr, walk, without_parens

_QUIET = frozenset({"rate", "irate", "increase"})
"""What is zero when nothing happens."""
_GUARDS = frozenset({"clamp_min", "vector"})
_HANDLED = frozenset({"dropNN", "replaceNN"})


def _check(target: Target, context: Context) -> Iterator[Fault]:
    expression = target.expression
    if expression is None or expression.type not in ("reduce", "math") or context.panel is None:
        return
    if expression.type == "reduce" and text(expression.settings.get("mode")) in _HANDLED:
        return
    if expression.type == "math" and "is_nan" in expression.text:
        return
    for query in _inputs(context.panel, expression.refs, context):
        cause = _nan(query)
        if cause is not None:
            yield _fault(target, query, cause)


def _inputs(panel: Panel, refs: tuple[str, ...], context: Context) -> Iterator[Query]:
    wanted = {id(panel.target(ref)) for ref in refs if panel.target(ref) is not None}
    return (query for query in context.queries if id(query.owner.target) in wanted)


def _nan(query: Query) -> Expr | None:
    """Return the piece of a query that makes it NaN where there is no data, or nothing happened."""
    interval = query.interval
    if interval is None or not interval.nan:
        return None
    if any(
        binary.operator.text in COMPARISONS for binary in query.pieces(Binary) if _is_outside(query, binary)
    ):
        return None
    quantile = next(query.calls("histogram_quantile"), None)
    if quantile is not None:
        return quantile
    return next((binary for binary in query.pieces(Binary) if _divides_by_nothing(binary)), None)


def _is_outside(query: Query, binary: Binary) -> bool:
    """Return whether a comparison filters the whole query: NaN passes none."""
    return all(not isinstance(above, (Call, Binary)) for above in query.ancestors(binary))


def _divides_by_nothing(binary: Binary) -> bool:
    if binary.operator.text not in ("/", "%"):
        return False
    below = without_parens(binary.right)
    if not any(isinstance(piece, Call) and piece.function.text in _QUIET for piece in walk(below)):
        return False  # a size or a limit: that is never nothing
    guarded = isinstance(below, Binary) and below.operator.text in (*COMPARISONS, "or")
    return not guarded and not (isinstance(below, Call) and below.function.text in _GUARDS)


def _fault(target: Target, query: Query, cause: Expr) -> Fault:
    expression, source = target.expression, query.owner.target
    kind = expression.type if expression is not None else ""
    ref = source.ref_id if source is not None else ""
    remedy = 'let it leave NaN out: "settings": {"mode": "dropNN"}'
    if kind == "math":
        remedy = 'reduce the query first with "settings": {"mode": "dropNN"}, or guard the query: / (… > 0)'
    return Fault(
        f"The expression {target.ref_id} takes query {ref} as it is, but “{query.written(cause.span)}” is NaN whenever "
        "nothing happened: then the result is NaN too, and no threshold is ever met.",
        remedy,
        pointer=f"{target.fields}/settings" if kind == "reduce" else f"{target.fields}/expression",
        span=query.original(cause.span),
        expr=query.text,
        evidence={"input": ref, "input_query": query.text},
    )


RULE = Rule(
    id="expression-of-missing-data",
    summary="A reduce or math expression takes a query that can be NaN without dropping or replacing it.",
    severity=Severity.WARNING,
    subject=Target,
    check=_check,
    classes=("D29",),
)
