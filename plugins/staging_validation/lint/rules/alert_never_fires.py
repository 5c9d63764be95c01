"""An alert that can never fire looks like one that never had to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from staging_validation.alerts.model import AlertingRule
from staging_validation.lint.alert_facts import (
    alternatives,
    below,
    is_looked_back_at,
    needed,
    readable,
    shown,
)
from staging_validation.lint.clock_conditions import longest_run
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import KnownMetrics
from staging_validation.promql.printer import to_text
from staging_validation.promql.ranges import Truth, can_be_true, infer_range
from staging_validation.promql.tree import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Span,
    VectorSelector,
    without_parens,
)

_LOOKBACK_SECONDS = 300.0
"""How old a sample an instant vector takes at most, unless the server is started with another limit."""


def _check(rule: AlertingRule, context: Context) -> Iterator[Fault]:
    query = readable(context)
    if query is None or query.tree is None:
        return
    branches = alternatives(query.tree)
    found = [dead for branch in branches if (dead := _dead(query, branch, context))]
    for dead in found:
        whole = len(found) == len(branches)
        part = "" if whole else " by this side of its `or`"
        yield Fault(
            f"{rule.alert} never fires{part}: {dead.why}",
            dead.remedy,
            pointer=rule.expr_pointer,
            span=query.original(dead.span),
            severity=None if whole else Severity.WARNING,
        )
    if not found and len(branches) == 1:
        yield from _waits_too_long(rule, query, branches[0])


class _Dead(NamedTuple):
    """Why a condition is never true, what to write instead, and the place."""

    why: str
    remedy: str
    span: Span


def _dead(query: Query, branch: Expr, context: Context) -> _Dead | None:
    """Find the innermost reason why a side of the query never finds anything."""
    pieces = list(needed(branch))
    offset = context.rule_group.query_offset_seconds if context.rule_group else 0.0
    for piece in reversed(pieces):
        if isinstance(piece, Binary):
            dead = _out_of_reach(query, piece, context.known) or _against_itself(piece)
        else:
            dead = None if is_looked_back_at(query, piece) else _in_future(piece, offset)
        if dead:
            return dead
    return _contradicting(query, pieces)


def _out_of_reach(query: Query, piece: Binary, known: KnownMetrics | None) -> _Dead | None:
    operator = piece.operator.text
    if operator not in COMPARISONS or piece.returns_bool:
        return None
    span = _compared_with(piece)
    if operator != "!=" and any(_is_nan(side) for side in (piece.left, piece.right)):
        why = "nothing compares with NaN, which is not even equal to itself"
        return _Dead(f"{why}.", "write X != X to find what is NaN", span)
    condition = can_be_true(piece, known)
    if condition.truth is not Truth.NEVER:
        return None
    why = f"in `{shown(query, piece.span)}`, {condition.because}"
    return _Dead(why, _remedy(piece, known), span)


def _compared_with(piece: Binary) -> Span:
    """Return the operator and the number, on whichever side that stands."""
    if isinstance(without_parens(piece.left), NumberLiteral):
        return Span(piece.left.span.start, piece.operator.span.end)
    return Span(piece.operator.span.start, piece.right.span.end)


def _is_nan(expr: Expr) -> bool:
    literal = without_parens(expr)
    return isinstance(literal, NumberLiteral) and math.isnan(literal.value)


def _remedy(piece: Binary, known: KnownMetrics | None) -> str:
    left = without_parens(piece.left)
    while isinstance(left, Binary) and left.operator.text in COMPARISONS:
        left = without_parens(left.left)
    if isinstance(left, Aggregation) and left.operator.text == "count":
        return "count() of nothing gives nothing, not 0: write absent(…), or (count(…) or vector(0)) == 0"
    reach = infer_range(left, known)
    if isinstance(left, Call) and left.function.text == "histogram_quantile":
        return (
            f"compare with less than {reach.highest:g}, the largest bucket: a quantile is never above it; to see "
            "further, give the histogram a larger bucket"
        )
    if (reach.lowest, reach.highest) == (0, 1):
        return "write a number from 0 to 1: 0.25 for 25 %"
    return "correct the number, or turn the comparison round"


def _against_itself(piece: Binary) -> _Dead | None:
    """Find ``x unless x``, which takes everything away."""
    if piece.operator.text != "unless" or piece.matching is not None:
        return None
    if to_text(without_parens(piece.left)) != to_text(without_parens(piece.right)):
        return None
    message = (
        "`unless` takes away everything that its right side finds, and that is the same as its left side."
    )
    span = Span(piece.operator.span.start, piece.right.span.end)
    return _Dead(message, "compare with another series on the right", span)


def _in_future(piece: Expr, offset: float) -> _Dead | None:
    """Find a selector that looks further ahead than samples can be taken from."""
    if isinstance(piece, MatrixSelector):
        selector, reach = piece.vector, piece.window.seconds
    elif isinstance(piece, VectorSelector):
        selector, reach = piece, _LOOKBACK_SECONDS
    else:
        return None
    if selector.offset is None or selector.at is not None or -selector.offset.seconds - offset <= reach:
        return None
    ahead = f"{-selector.offset.seconds:g} s"
    message = f"it looks {ahead} into the future, where there are no samples when the rule is evaluated."
    return _Dead(message, "write the offset without its sign: offset looks back", selector.offset.span)


def _contradicting(query: Query, pieces: list[Expr]) -> _Dead | None:
    """Find two conditions on the same series, joined by ``and``, that exclude each other."""
    if not any(isinstance(piece, Binary) and piece.operator.text == "and" for piece in pieces):
        return None
    first: dict[str, Binary] = {}
    for piece in _joined(pieces[0]):
        key = to_text(without_parens(piece.left))
        earlier = first.setdefault(key, piece)
        if earlier is piece:
            continue
        both = Binary(piece.span, piece.operator, earlier, piece.right)
        if can_be_true(both, None).truth is Truth.NEVER:
            one = f"`{earlier.operator.text} {shown(query, earlier.right.span)}`"
            other = f"`{piece.operator.text} {shown(query, piece.right.span)}`"
            message = f"{one} and {other} are asked of the same series, and no value is both."
            return _Dead(message, "join them with or, or correct one of the numbers", _compared_with(piece))
    return None


def _joined(expr: Expr) -> Iterator[Binary]:
    """Yield the comparisons with a number that plain ``and`` joins: they are asked of the same series."""
    inner = without_parens(expr)
    if not isinstance(inner, Binary):
        return
    if inner.operator.text == "and" and inner.matching is None:
        yield from _joined(inner.left)
        yield from _joined(inner.right)
        return
    compares = inner.operator.text in COMPARISONS and not inner.returns_bool
    if compares and isinstance(without_parens(inner.right), NumberLiteral):
        yield inner


def _waits_too_long(rule: AlertingRule, query: Query, branch: Expr) -> Iterator[Fault]:
    run = longest_run(piece for piece in needed(branch) if not is_looked_back_at(query, piece))
    if run is None or rule.for_seconds < run.seconds:
        return
    yield Fault(
        f"{rule.alert} never fires: its condition on {run.function}() holds for {_spoken(run.seconds)} at most, "
        f"and `for` waits {_spoken(rule.for_seconds)}.",
        f"shorten `for` to less than {_spoken(run.seconds)}, or take the condition on {run.function}() out",
        pointer=below(rule.pointer, "for"),
    )


def _spoken(seconds: float) -> str:
    units: tuple[tuple[str, int], ...] = (("days", 86400), ("hours", 3600), ("minutes", 60))
    for name, length in units:
        if seconds >= length and seconds % length == 0:
            count = int(seconds // length)
            return f"{count} {name if count != 1 else name[:-1]}"
    return f"{seconds:g} seconds"


RULE = Rule(
    id="alert-never-fires",
    summary="An alert's condition can never be true, or never long enough.",
    severity=Severity.ERROR,
    subject=AlertingRule,
    check=_check,
    classes=("R1",),
)
