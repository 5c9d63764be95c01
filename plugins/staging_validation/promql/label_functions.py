"""What functions do to labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from staging_validation.promql.functions import FUNCTIONS, LabelEffect
from staging_validation.promql.known import STAND_IN, LabelValues
from staging_validation.promql.label_sets import Labels
from staging_validation.promql.tree import (
    Call,
    Expr,
    Matcher,
    MatchOperator,
    MatrixSelector,
    StringLiteral,
    VectorSelector,
    without_parens,
)

_NAME = frozenset({"__name__"})
_NAME_AND_BOUND = frozenset({"__name__", "le"})
_ALWAYS_MATCH = frozenset({".*", "(.*)", "^.*$", "^(.*)$"})
_NEEDS_VALUE = frozenset({".+", "(.+)", "^.+$", "^(.+)$"})


def call_labels(call: Call, arguments: Sequence[Labels]) -> Labels:
    """Return the labels of a function's result.

    Args:
        call: The call.
        arguments: The labels of its arguments.
    """
    function = FUNCTIONS.get(call.function.text)
    effect = function.labels if function else LabelEffect.DROPS_NAME
    if effect is LabelEffect.OF_MATCHERS:
        return _absent(call)
    if effect is LabelEffect.NONE:
        closed_at = call.function.span if call.arguments else None
        return Labels(closed_at=closed_at, scalar=call.function.text != "vector")
    vector = next((labels for labels in arguments if not labels.scalar), None)
    if vector is None:
        return Labels()  # hour() and its like, of the present
    return _of_series(call, effect, vector)


def _of_series(call: Call, effect: LabelEffect, vector: Labels) -> Labels:
    if effect is LabelEffect.KEEPS:
        return vector
    if effect is LabelEffect.ADDS:
        return replace(vector, possible=None)
    if effect is LabelEffect.SETS:
        if call.function.text == "label_replace" and len(call.arguments) == 5:
            return _label_replace(call, vector)
        return _label_join(call, vector) if len(call.arguments) >= 3 else vector
    taken = _NAME_AND_BOUND if effect is LabelEffect.DROPS_BUCKETS else _NAME
    return vector.without(taken, call.function.span)


def _absent(call: Call) -> Labels:
    """Give the labels that equality matchers fix: what is absent has no others."""
    argument = without_parens(call.arguments[0]) if call.arguments else None
    selector = argument.vector if isinstance(argument, MatrixSelector) else argument
    if not isinstance(selector, VectorSelector):
        return Labels(closed_at=call.function.span)
    labels = Labels(closed_at=call.function.span)
    for matcher in selector.matchers:
        if _fixes(matcher, selector.matchers):
            labels = _with_fixed(labels, matcher, certain=argument is call.arguments[0])
    return labels


def _fixes(matcher: Matcher, matchers: Sequence[Matcher]) -> bool:
    alone = sum(other.label.text == matcher.label.text for other in matchers) == 1
    named = matcher.label.text != "__name__" and matcher.value != ""
    return alone and named and matcher.operator is MatchOperator.EQUAL


def _with_fixed(labels: Labels, matcher: Matcher, *, certain: bool) -> Labels:
    if not certain or STAND_IN in matcher.value:
        return labels.maybe_having(matcher.label.text)
    return labels.having(matcher.label.text, LabelValues(frozenset({matcher.value}), open=False))


def _label_replace(call: Call, vector: Labels) -> Labels:
    target, replacement, source, regex = (_text(argument) for argument in call.arguments[1:])
    if target is None:
        return Labels(possible=None)
    if source is None or regex is None or replacement is None:
        return vector.maybe_having(target)
    always = regex in _ALWAYS_MATCH or (regex in _NEEDS_VALUE and source in vector.guaranteed)
    always = always or (not source and not regex)
    if always and not replacement:
        return vector.having(target).without(frozenset({target}), call.function.span)
    filled = _fills(replacement, regex, source, vector)
    if filled and (always or target in vector.guaranteed):
        fixed = always and "$" not in replacement
        return vector.having(target, LabelValues(frozenset({replacement}), open=False) if fixed else None)
    return vector.maybe_having(target)


def _fills(replacement: str, regex: str, source: str, vector: Labels) -> bool:
    """Tell whether the replacement surely leaves some text."""
    if replacement and "$" not in replacement:
        return True
    whole = regex in _ALWAYS_MATCH | _NEEDS_VALUE and "(" in regex
    return whole and replacement in ("$1", "${1}") and source in vector.guaranteed


def _label_join(call: Call, vector: Labels) -> Labels:
    target, separator = _text(call.arguments[1]), _text(call.arguments[2])
    sources = [_text(argument) for argument in call.arguments[3:]]
    if target is None:
        return Labels(possible=None)
    if any(source in vector.guaranteed for source in sources) or (separator and len(sources) > 1):
        return vector.having(target)
    return vector.maybe_having(target)


def _text(expr: Expr) -> str | None:
    """Return a text argument where it is known."""
    literal = without_parens(expr)
    return literal.value if isinstance(literal, StringLiteral) and STAND_IN not in literal.value else None
