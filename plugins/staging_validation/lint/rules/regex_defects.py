"""Patterns that fit more than they seem to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.query_facts import is_written, pieces
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import is_unknown_value
from staging_validation.promql.tree import Matcher, MatchOperator, Span, VectorSelector

_REGEXES = (MatchOperator.REGEX, MatchOperator.NOT_REGEX)
_ANY_NAME = frozenset({".*", ".+", "(.*)", "(.+)", "^.*$", "^.+$"})
_LITERAL_DOT = re.compile(r"(?<=[A-Za-z0-9])(?<!\\[A-Za-z])\.(?=[A-Za-z0-9])")
_EMPTY_ALTERNATIVE = re.compile(r"^\||\|$|\|\|")


def _check(query: Query, _context: Context) -> Iterator[Fault]:
    for selector in pieces(query, VectorSelector):
        for matcher in selector.matchers:
            if matcher.operator in _REGEXES and not is_unknown_value(matcher):
                yield from _look(query, selector, matcher)


def _look(query: Query, selector: VectorSelector, matcher: Matcher) -> Iterator[Fault]:
    value = matcher.value
    if not is_written(query, matcher.value_span):
        return
    if matcher.label.text == "__name__" and value in _ANY_NAME and matcher.operator is MatchOperator.REGEX:
        if query.kind is not QueryKind.VARIABLE or len(selector.matchers) == 1:
            yield Fault(
                "The pattern fits the name of every metric: Prometheus reads all its series, which is slow, and values "
                "of different kinds stand side by side.",
                'name the metric, or at least how its name begins: {__name__=~"shop_.+"}',
                span=query.original(matcher.span),
                severity=Severity.WARNING,
            )
        return
    if "[" in value or r"\Q" in value:
        return  # what stands in brackets, or is quoted as a whole, is read differently
    dot = _LITERAL_DOT.search(value)
    if dot is not None:
        yield Fault(
            f'The dot in "{value}" fits any character, not only a dot.',
            r"escape it: \\. (or [.])",
            span=query.original(_inside(matcher, dot.start(), dot.end())),
            evidence={"label": matcher.label.text, "pattern": value},
        )
    nothing = _EMPTY_ALTERNATIVE.search(value)
    if nothing is not None:
        yield Fault(
            f'One alternative of "{value}" is empty: it fits the series without the label {matcher.label.text}.',
            "take the stray | away",
            span=query.original(_inside(matcher, nothing.start(), nothing.end())),
            evidence={"label": matcher.label.text, "pattern": value},
        )


def _inside(matcher: Matcher, start: int, end: int) -> Span:
    """Return the place of a piece of the value; the whole value where escapes hide where it stands."""
    place = matcher.value_span
    if place.end - place.start - 2 != len(matcher.value):
        return place
    return Span(place.start + 1 + start, place.start + 1 + end)


RULE = Rule(
    id="regex-defects",
    summary="A pattern fits more than it seems to: a bare dot, an empty alternative, every metric.",
    severity=Severity.INFO,
    subject=Query,
    check=_check,
    classes=("D21",),
)
