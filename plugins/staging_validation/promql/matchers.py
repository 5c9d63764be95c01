"""What matchers say of a label: whether a series must have it, must not have it, and with which values."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import lru_cache

from staging_validation.promql.known import LabelValues, is_unknown_value
from staging_validation.promql.tree import Matcher, MatchOperator

_PLAIN_ALTERNATIVES = re.compile(
    r"\(?(?:\?:)?((?:[\w \-:/@%,]|\\[.\-/+])+(?:\|(?:[\w \-:/@%,]|\\[.\-/+])+)*)\)?"
)
_REPEATED_GROUP = re.compile(r"\)[*+{]")
_REPEAT = re.compile(r"[*+{]")
_MOST_REPEATS = 4
"""Python's expressions, unlike Prometheus', can take very long; with this few repeats they do not."""

_POSITIVE = (MatchOperator.EQUAL, MatchOperator.REGEX)


def needs_label(matcher: Matcher) -> bool:
    """Return whether a series must have the matcher's label (with a value that is not empty) to match."""
    return accepts(matcher, "") is False


def refuses_label(matcher: Matcher) -> bool:
    """Return whether a series matches only without the matcher's label."""
    return matcher.operator in _POSITIVE and matcher.value == ""


def accepts(matcher: Matcher, value: str) -> bool | None:
    """Return whether a matcher lets a value pass; None where it cannot be told.

    It cannot be told of a variable whose value is not known, and of an expression that Python reads
    differently from Prometheus.
    """
    if is_unknown_value(matcher):
        return None
    if matcher.operator in (MatchOperator.EQUAL, MatchOperator.NOT_EQUAL):
        return (matcher.value == value) is (matcher.operator is MatchOperator.EQUAL)
    pattern = _compiled(matcher.value)
    if pattern is None:
        return None
    return (pattern.fullmatch(value) is not None) is (matcher.operator is MatchOperator.REGEX)


def allowed_values(matchers: Iterable[Matcher], label: str, known: LabelValues) -> LabelValues:
    """Reduce a label's values to those that its matchers let pass.

    Args:
        matchers: The matchers of a selector; those of other labels are passed over.
        label: The label.
        known: Its values without any matcher.

    Returns:
        The values left. A value that a matcher names counts as possible, even where it is not known.
    """
    for matcher in matchers:
        if matcher.label.text != label or is_unknown_value(matcher):
            continue
        named = named_values(matcher)
        if named is not None:
            left = frozenset(value for value in named if known.may_hold(value)) or named
            known = LabelValues(left, open=False)
        else:
            left = frozenset(value for value in known.values if accepts(matcher, value) is not False)
            known = LabelValues(left, known.open)
    return known


def named_values(matcher: Matcher) -> frozenset[str] | None:
    """Return the values that a matcher lists, where it lists them: ``="a"`` and ``=~"a|b"``; None otherwise."""
    if is_unknown_value(matcher) or not matcher.value:
        return None
    if matcher.operator is MatchOperator.EQUAL:
        return frozenset({matcher.value})
    if matcher.operator is not MatchOperator.REGEX:
        return None
    found = _PLAIN_ALTERNATIVES.fullmatch(matcher.value)
    if found is None or matcher.value.startswith("(") is not matcher.value.endswith(")"):
        return None
    return frozenset(part.replace("\\", "") for part in found[1].split("|"))


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Compile an expression; None where Python may read it differently, or may take for ever to match it."""
    if _REPEATED_GROUP.search(pattern) or len(_REPEAT.findall(pattern)) > _MOST_REPEATS:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # [[:alpha:]] means something else in Python, which only warns
        try:
            return re.compile(pattern, re.DOTALL)
        except (re.error, Warning, OverflowError, RecursionError):
            return None
