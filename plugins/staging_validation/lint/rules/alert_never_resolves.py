"""An alert that is always firing is silenced by its readers, and then says nothing on the day it should."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import AlertingRule
from staging_validation.lint.alert_facts import (
    alternatives,
    has_condition,
    is_always_there,
    needed,
    readable,
    shown,
)
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import KnownMetrics
from staging_validation.promql.ranges import Truth, can_be_true
from staging_validation.promql.tree import COMPARISONS, Binary, Expr, Span, VectorSelector, without_parens

_Endless = tuple[str, str, Span]
"""Why, what instead, and the place."""


def _check(rule: AlertingRule, context: Context) -> Iterator[Fault]:
    query = readable(context)
    if query is None or query.tree is None:
        return
    found = _endless(query, query.tree, context.known)
    if found is not None:
        message, remedy, span = found
        yield Fault(f"{rule.alert} {message}", remedy, pointer=rule.expr_pointer, span=query.original(span))


def _endless(query: Query, tree: Expr, known: KnownMetrics | None) -> _Endless | None:
    if not has_condition(tree):
        return _only_bool(query)
    frozen = _frozen(query)
    if frozen is not None:
        return frozen
    sides = alternatives(tree)
    there = next((side for side in sides if is_always_there(side)), None)
    if there is not None:
        return _always_there(query, there)
    always = (side for side in sides if can_be_true(side, known).truth is Truth.ALWAYS)
    return next((found for side in always if (found := _always_true(query, side, known))), None)


def _only_bool(query: Query) -> _Endless | None:
    """Find comparisons with ``bool`` that nothing else filters: they give 0 as well, and 0 fires too."""
    compared = [binary for binary in query.pieces(Binary) if binary.returns_bool]
    if not compared or query.tree is None or without_parens(query.tree) not in compared:
        return None
    outer = compared[0]
    message = (
        "always fires: with `bool` the comparison gives 0 where it does not hold, and an alert fires for every series, "
        "whatever its value."
    )
    return message, "leave bool out", Span(outer.operator.span.start, outer.right.span.end)


def _frozen(query: Query) -> _Endless | None:
    """Find a query all of whose series are read at one fixed time."""
    selectors = query.pieces(VectorSelector)
    if any(not call.arguments for call in query.calls()):
        return None  # the clock goes on
    if not selectors or any(selector.at is None or selector.at.timestamp == "end" for selector in selectors):
        return None
    first = selectors[0]
    if first.at is None or isinstance(first.at.timestamp, str):
        return None
    message = (
        "never changes: all of its series are read at one fixed time, so it fires for ever or not at all."
    )
    return message, "take the @ modifier out", first.at.span


def _always_there(query: Query, side: Expr) -> _Endless:
    message = f"always fires: `{shown(query, side.span)}` is there whether anything is wrong or not."
    joining = (
        binary
        for binary in query.pieces(Binary)
        if binary.operator.text == "or" and _stands_in(side, binary.right)
    )
    outer = min(joining, key=lambda binary: binary.right.span.end - binary.right.span.start, default=None)
    span = side.span if outer is None else Span(outer.operator.span.start, outer.right.span.end)
    remedy = "take it out, or put it inside the comparison: (sum(x) or vector(0)) == 0"
    return message, remedy, span


def _stands_in(piece: Expr, whole: Expr) -> bool:
    return whole.span.start <= piece.span.start and piece.span.end <= whole.span.end


def _always_true(query: Query, side: Expr, known: KnownMetrics | None) -> _Endless | None:
    if not has_condition(side):
        message = (
            f"fires as long as there is `{shown(query, side.span)}`: this side of its `or` has no condition."
        )
        return message, "compare it with a number, or take it out", side.span
    for piece in needed(side):
        if not isinstance(piece, Binary) or piece.operator.text not in COMPARISONS or piece.returns_bool:
            continue
        condition = can_be_true(piece, known)
        if condition.truth is Truth.ALWAYS:
            message = f"fires for every series there is, at all times: in `{shown(query, piece.span)}`, "
            span = Span(piece.operator.span.start, piece.right.span.end)
            return message + condition.because, "correct the number, or turn the comparison round", span
    return None


RULE = Rule(
    id="alert-never-resolves",
    summary="An alert's condition is always true.",
    severity=Severity.ERROR,
    subject=AlertingRule,
    check=_check,
    classes=("R2",),
)
