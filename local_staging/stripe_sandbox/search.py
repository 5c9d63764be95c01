"""Stripe's search query language: ``metadata["run"]:"r1" AND -status:"canceled"``.

On Stripe an object is found about a minute after it was written. Here it is found at once: nothing that waits
for a search result would otherwise be tested, only delayed.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local_staging.stripe_sandbox.errors import InvalidRequestError

MIN_SUBSTRING = 3
_CLAUSE = re.compile(
    r"""(?P<not>-)? (?: metadata\[(?:"(?P<key>[^"]+)"|'(?P<other>[^']+)')\] | (?P<field>[a-z_]+) )
        (?P<operator>:|~|>=|<=|>|<)
        (?: "(?P<text>(?:[^"\\]|\\.)*)" | '(?P<quoted>(?:[^'\\]|\\.)*)' | (?P<bare>null|true|false|-?\d+) )""",
    re.VERBOSE,
)
_JOINT = re.compile(r"\s+(?:(AND|OR)\s+)?")
_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True)
class Clause:
    """One condition of a query.

    Args:
        field: The name of a field; of metadata where ``key`` is given.
        key: The key in the metadata.
        operator: ``:`` for equal, ``~`` for containing, or a comparison.
        value: What to compare with; None for ``null``.
        negated: Whether the condition must not hold.
    """

    field: str
    key: str | None
    operator: str
    value: str | None
    negated: bool

    def holds(self, value: Mapping[str, Any]) -> bool:
        """Say whether an object fulfils the condition."""
        found = value["metadata"].get(self.key) if self.key is not None else value[self.field]
        return self._is_met(found) != self.negated

    def _is_met(self, found: Any) -> bool:
        if found is None or self.value is None:
            return found is None and self.value is None
        if self.operator in _COMPARISONS:
            return isinstance(found, int) and _COMPARISONS[self.operator](found, int(self.value))
        text = str(found).lower()
        return self.value.lower() in text if self.operator == "~" else self.value.lower() == text


@dataclass(frozen=True)
class Query:
    """A query: conditions of which all, or any, must hold."""

    clauses: tuple[Clause, ...]
    any_of_them: bool

    def matches(self, value: Mapping[str, Any]) -> bool:
        """Say whether an object fulfils the query."""
        held = (clause.holds(value) for clause in self.clauses)
        return any(held) if self.any_of_them else all(held)


def parse(text: str, fields: tuple[str, ...]) -> Query:
    """Read a query.

    Args:
        text: The query.
        fields: The names of the fields that can be searched, ``metadata`` always among them.

    Raises:
        InvalidRequestError: It is malformed, joins with both AND and OR, or asks for another field.
    """
    clauses: list[Clause] = []
    joints: set[str] = set()
    position, text = 0, text.strip()
    while True:
        match = _CLAUSE.match(text, position)
        if match is None:
            raise _malformed(f"a condition was expected at {text[position : position + 20]!r}")
        clauses.append(_clause(match, fields))
        position = match.end()
        if position == len(text):
            break
        joint = _JOINT.match(text, position)
        if joint is None:
            raise _malformed(f"AND or OR was expected at {text[position : position + 20]!r}")
        joints.add(joint[1] or "AND")
        position = joint.end()
    if len(joints) > 1:
        raise _malformed("AND and OR cannot be used in the same query")
    return Query(tuple(clauses), any_of_them="OR" in joints)


def _clause(match: re.Match[str], fields: tuple[str, ...]) -> Clause:
    field, key = match["field"] or "metadata", match["key"] or match["other"]
    if key is None and field not in fields:
        raise _malformed(
            f"the field '{field}' is not searchable; it may be one of {', '.join(fields)}, metadata"
        )
    given = next((match[name] for name in ("text", "quoted", "bare") if match[name] is not None), "")
    value = None if match["bare"] == "null" else re.sub(r"\\(.)", r"\1", given)
    if match["operator"] in _COMPARISONS and not re.fullmatch(r"-?\d+", given):
        raise _malformed(f"'{match['operator']}' compares with a number, not with {given!r}")
    if match["operator"] == "~" and len(given) < MIN_SUBSTRING:
        raise _malformed(f"'~' takes at least {MIN_SUBSTRING} characters")
    return Clause(field, key, match["operator"], value, negated=bool(match["not"]))


def _malformed(why: str) -> InvalidRequestError:
    return InvalidRequestError(
        f'We were unable to parse your search query: {why}. Write conditions like metadata["run"]:"r1", joined '
        "by AND or by OR.",
        param="query",
    )
