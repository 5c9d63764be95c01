"""An operator drops series without a partner: where one side may have no sample yet, a zero becomes no data."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.query_facts import counts_up, is_filter, metrics_in, pieces, selectors_in
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import KnownMetrics, metric_name
from staging_validation.promql.tree import (
    Binary,
    Expr,
    MatrixSelector,
    ValueType,
    VectorSelector,
    walk,
    without_parens,
)
from staging_validation.promql.types import value_type

_ARITHMETIC = frozenset({"+", "-", "/"})


def _check(query: Query, context: Context) -> Iterator[Fault]:
    known = context.known
    if known is None or query.kind not in (QueryKind.TARGET, QueryKind.RECORD):
        return
    found: set[int] = set()
    for binary in reversed(
        pieces(query, Binary)
    ):  # the innermost first: what it drops is missing further out, too
        side = _absent_side(query, binary, known)
        if side is None or any(id(piece) in found for piece in walk(binary)):
            continue
        found.add(id(binary))
        if not any(is_filter(above) for above in query.ancestors(binary)):
            yield _fault(query, binary, side)


def _absent_side(query: Query, binary: Binary, known: KnownMetrics) -> Expr | None:
    """Return the side that may have no series while the other one has some; None where that cannot be said."""
    everywhere = query.analysis.labels_everywhere
    operator = binary.operator.text
    if operator not in _ARITHMETIC or everywhere is None:
        return None
    if everywhere.of(binary.left).scalar or everywhere.of(binary.right).scalar:
        return None
    # Divided by what is not there is no number; but nothing divided is 0, and less nothing is what it was.
    sides = [(binary.left, binary.right)]
    if operator != "/":
        sides.insert(0, (binary.right, binary.left))
    elif everywhere.of(binary.left).possible:
        return None  # a line that is missing among others is read as it is meant
    return next((side for side, other in sides if _may_be_absent(query, side, other, known)), None)


def _may_be_absent(query: Query, side: Expr, other: Expr, known: KnownMetrics) -> bool:
    """Tell whether a side's counters may not have begun while the other side's have.

    Only the catalogue says that a counter begins with its first event. Of a learned metric we saw the series.
    """
    if any(isinstance(piece, Binary) and piece.operator.text == "or" for piece in walk(side)):
        return False
    if not all(isinstance(query.parent(selector), MatrixSelector) for selector in selectors_in(side)):
        return False  # without a rate, something else is wrong
    metrics = metrics_in(side, known)
    if not metrics or not all(metric.described and counts_up(metric, part) for metric, part in metrics):
        return False
    others = tuple(selectors_in(other))
    if metrics_in(other, known) is None:
        return False
    return not all(any(_is_there_with(one, two, known) for two in others) for one in selectors_in(side))


def _is_there_with(one: VectorSelector, two: VectorSelector, known: KnownMetrics) -> bool:
    """Tell whether the first selector finds something whenever the second one does."""
    first, second = known.of_selector(one), known.of_selector(two)
    if first is None or second is None or first[0].name != second[0].name:
        return False
    return _conditions(one) <= _conditions(two)


def _conditions(selector: VectorSelector) -> set[tuple[str, str, str]]:
    return {
        (matcher.label.text, matcher.operator.value, matcher.value)
        for matcher in selector.matchers
        if matcher.label.text not in ("le", "__name__")
    }


def _without_factors(expr: Expr) -> Expr:
    """Return what stands inside of parentheses and beside plain factors: ``100 * (…)``."""
    expr = without_parens(expr)
    while isinstance(expr, Binary):
        sides = [side for side in (expr.left, expr.right) if value_type(side) is not ValueType.SCALAR]
        if len(sides) != 1:
            break
        expr = without_parens(sides[0])
    return expr


def _fault(query: Query, binary: Binary, side: Expr) -> Fault:
    name = next((metric_name(selector) for selector in selectors_in(side)), None) or "this side"
    operator = binary.operator.text
    other = "0" if operator == "/" else "the other side's value"
    return Fault(
        f"A counter begins with its first event. As long as nothing was counted in {name} here, `{operator}` finds no "
        f"partner for the other side and drops it: where it should say {other}, there is no data.",
        "give the side a zero: (… or vector(0)); with labels (… or 0 * the other side)",
        span=query.original(_without_factors(side).span),
        evidence={"operator": operator, "may be absent": name},
    )


RULE = Rule(
    id="comparison-drops-series",
    summary="An operator drops a value because its other side has no sample yet.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D13",),
    needs_catalogue=True,
)
