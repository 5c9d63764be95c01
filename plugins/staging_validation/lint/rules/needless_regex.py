"""A pattern without anything of a pattern in it is harder to read, and slower, than ``=``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import is_written, pieces
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Matcher, MatchOperator, VectorSelector

_PLAIN = re.compile(r"(?:[^\\.+*?()|\[\]{}^$]|\\[.\-/+])*")
_SIMPLE = {MatchOperator.REGEX: "=", MatchOperator.NOT_REGEX: "!="}


def _check(query: Query, _context: Context) -> Iterator[Fault]:
    for selector in pieces(query, VectorSelector):
        for matcher in selector.matchers:
            if matcher.operator in _SIMPLE:
                yield from _look(query, matcher)


def _look(query: Query, matcher: Matcher) -> Iterator[Fault]:
    value, label = matcher.value, matcher.label.text
    if not is_written(query, matcher.value_span):
        yield from _anchored(query, matcher, query.written(matcher.value_span)[1:-1])
    elif _PLAIN.fullmatch(value):
        plain = value.replace("\\", "")
        simple = f'{label}{_SIMPLE[matcher.operator]}"{plain}"'
        yield _fault(query, matcher, f'The pattern "{value}" only fits "{plain}" itself.', f"write {simple}")
    elif value == ".*" and matcher.operator is MatchOperator.REGEX and label != "__name__":
        yield _fault(
            query, matcher, f"The pattern of {label} fits every series, even those without it.", "take it out"
        )
    else:
        yield from _anchored(query, matcher, value)


def _anchored(query: Query, matcher: Matcher, value: str) -> Iterator[Fault]:
    if value.startswith("^") or (value.endswith("$") and not value.endswith("\\$")):
        inner = value.removeprefix("^").removesuffix("$")
        yield _fault(
            query, matcher, "A matcher always fits the whole value: ^ and $ say nothing.", f'write "{inner}"'
        )


def _fault(query: Query, matcher: Matcher, message: str, remedy: str) -> Fault:
    return Fault(message, remedy, span=query.original(matcher.span), evidence={"label": matcher.label.text})


RULE = Rule(
    id="needless-regex",
    summary="A matcher's pattern could be a plain value, or says nothing.",
    severity=Severity.INFO,
    subject=Query,
    check=_check,
    classes=("D21",),
    style=True,
)
