"""What an expected value may be: a value, a rule, or fields and lists of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(frozen=True)
class Rule:
    """An expectation that more than one value meets.

    Attributes:
        text: How it reads in a report: ``set``, ``one of null, "trial"``.
        holds: Tells whether a value meets it.
    """

    text: str
    holds: Callable[[JsonValue], bool]


Expected = JsonValue | Rule | Mapping[str, "Expected"] | Sequence["Expected"]
"""A value, a rule, fields by name (fields that are not named may be anything), or a list of the same length."""

SET = Rule("set", lambda value: value not in (None, ""))
"""Anything but null and the empty text."""


def one_of(*values: JsonValue) -> Rule:
    """Return the rule that a value is one of some values."""
    return Rule(f"one of {', '.join(map(_literal, values))}", lambda value: value in values)


def holding(value: str) -> Rule:
    """Return the rule that one of some fields, whatever its name, has this value."""
    return Rule(
        f"a field with the value {value}",
        lambda fields: isinstance(fields, dict) and value in fields.values(),
    )


def at_least(least: float) -> Rule:
    """Return the rule that a value is a number, and this or more."""
    return Rule(
        f"at least {least:g}",
        lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and value >= least,
    )


def _literal(value: JsonValue) -> str:
    return "null" if value is None else str(value)


def matches(expected: Expected, actual: JsonValue) -> bool:
    """Tell whether a value is as expected."""
    if isinstance(expected, Rule):
        return expected.holds(actual)
    if isinstance(expected, Mapping):
        return isinstance(actual, Mapping) and all(
            name in actual and matches(wanted, actual[name]) for name, wanted in expected.items()
        )
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        return (
            isinstance(actual, list)
            and len(actual) == len(expected)
            and all(matches(wanted, got) for wanted, got in zip(expected, actual, strict=True))
        )
    return expected == actual and isinstance(expected, bool) == isinstance(actual, bool)


def differing(expected: Mapping[str, Expected], actual: Mapping[str, JsonValue]) -> list[str]:
    """Return the names of the fields that are not as expected."""
    return [
        name for name, wanted in expected.items() if name not in actual or not matches(wanted, actual[name])
    ]


def shown(expected: Expected) -> JsonValue:
    """Return an expectation as JSON for a report; rules are shown by their text."""
    if isinstance(expected, Rule):
        return f"({expected.text})"
    if isinstance(expected, Mapping):
        return {name: shown(wanted) for name, wanted in expected.items()}
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        return [shown(wanted) for wanted in expected]
    return expected


def picked(expected: Mapping[str, Expected], actual: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return those fields of a record that are expected, nested ones too, the missing ones marked as such."""
    return {name: _picked(wanted, actual.get(name, "(missing)")) for name, wanted in expected.items()}


def _picked(expected: Expected, actual: JsonValue) -> JsonValue:
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return picked(expected, actual)
    if isinstance(expected, list | tuple) and isinstance(actual, list) and len(expected) == len(actual):
        return [_picked(wanted, got) for wanted, got in zip(expected, actual, strict=True)]
    return actual
