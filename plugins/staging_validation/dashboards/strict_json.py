"""JSON as the standard has it: no duplicate keys, no NaN, no byte order mark; every fault with line and column."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from staging_validation.dashboards.json_places import Locator, Position, position_of

MOST_LEVELS = 100
"""How deep a file may nest; Grafana's own dashboards stay below 40."""

MOST_PROBLEMS = 25
"""How many keys that stand twice, and how many numbers that are none, are named."""

_CORRECT = "correct the file, or export it again"
_BOM = "\ufeff"
_DOUBTFUL = (" :", "\t:", "\n:", "\r:", '\\\\"')
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class JsonProblem:
    """What is wrong with a file as JSON.

    Attributes:
        message: What is wrong.
        remedy: What to do about it.
        position: Where.
        place: The JSON pointer of the place, where the file could be read that far.
    """

    message: str
    remedy: str
    position: Position
    place: str = ""


@dataclass(frozen=True, slots=True)
class JsonFile:
    """A file as it was read.

    Attributes:
        value: Its content; None where nothing could be read.
        problems: What is wrong with it.
        locator: Finds the line and column of a JSON pointer.
    """

    value: Any
    problems: tuple[JsonProblem, ...]
    locator: Locator


def load_json(text: str) -> JsonFile:
    """Parse a text as JSON and name everything that the standard forbids.

    Args:
        text: The text.

    Returns:
        Its content, as far as it can be read: of a key that stands twice the last value, for NaN and infinity
        the number.
    """
    body = text.removeprefix(_BOM)
    locator = Locator(text)
    problems = []
    if body is not text and len(body) != len(text):
        remedy = "save it as UTF-8 without one"
        problems.append(JsonProblem("the file begins with a byte order mark", remedy, Position(1, 1)))
    hooks = _Hooks()
    try:
        value = json.loads(body, parse_constant=hooks.constant, parse_float=hooks.number)
    except json.JSONDecodeError as error:
        cause = error.msg[:1].lower() + error.msg[1:]
        problems.append(_invalid(text, error.pos + len(text) - len(body), cause))
    except RecursionError:
        problems.append(_too_deep(text))
    except ValueError:  # Python refuses to turn thousands of digits into a number
        problems.append(_invalid(text, _long_number(text), "the number has thousands of digits"))
    else:
        problems += _faults(value, hooks, locator, text)
        return JsonFile(None if _hides_places(problems) else value, tuple(problems), locator)
    return JsonFile(None, tuple(problems), locator)


class _Hooks:
    """What the parser calls, and what it saw; only the places are looked up later, when there are any."""

    __slots__ = ("literals",)

    def __init__(self) -> None:
        self.literals = False

    def constant(self, name: str) -> float:
        self.literals = True
        return float(name)

    def number(self, literal: str) -> float:
        value = float(literal)
        if math.isinf(value):
            self.literals = True
        return value


def _faults(value: Any, hooks: _Hooks, locator: Locator, text: str) -> list[JsonProblem]:
    keys = _count_keys(value, MOST_LEVELS)
    if keys is None:
        return [_too_deep(text)]
    problems = []
    if hooks.literals or keys != _written_keys(text):
        for pointer, name in locator.duplicates()[:MOST_PROBLEMS]:
            message = f"the key {name!r} stands twice in one object, and only the last one counts"
            problems.append(JsonProblem(message, "keep one of the two", locator.position(pointer), pointer))
        for offset, literal in locator.literals()[:MOST_PROBLEMS]:
            problems.append(_invalid(text, offset, f"{literal} is no JSON number"))
    if "\\u" in text and (found := _lone_surrogate(text)) is not None:
        problems.append(_invalid(text, found, "half of a surrogate pair is no character"))
    return problems


def _hides_places(problems: list[JsonProblem]) -> bool:
    """Return whether the content cannot be worked with: too deep to walk through, or impossible to print."""
    return any("nests deeper" in problem.message or "surrogate" in problem.message for problem in problems)


def _count_keys(value: Any, most_levels: int) -> int | None:
    """Count the keys of all objects; None where a value nests deeper than that."""
    level, keys = [value], 0
    for _ in range(most_levels):
        below: list[Any] = []
        for item in level:
            children = item
            if type(item) is dict:
                keys += len(item)
                children = item.values()
            elif type(item) is not list:
                continue
            below += [child for child in children if type(child) is dict or type(child) is list]
        if not below:
            return keys
        level = below
    return None


def _written_keys(text: str) -> int | None:
    """Count the keys in a text without parsing it again, to see whether one stands twice and got lost.

    Returns:
        At least the number of keys: a text that begins with a colon counts as one too. None where they cannot
        be counted so: with a space in front of a colon, or a backslash at the end of a text.
    """
    if any(doubtful in text for doubtful in _DOUBTFUL):
        return None
    return text.count('":') - text.count('\\":')


def _lone_surrogate(text: str) -> int | None:
    r"""Return where an escape like ``\ud83d`` stands alone, without the other half."""
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"', text, re.DOTALL):
        if "\\u" in match[0] and _LONE_SURROGATE.search(json.loads(match[0], strict=False)):
            return match.start()
    return None


def _long_number(text: str) -> int:
    match = re.search(r"\d{4000,}", text)
    return match.start() if match else 0


def _too_deep(text: str) -> JsonProblem:
    depth = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text, re.DOTALL):
        depth += (match[0] in "[{") - (match[0] in "]}")
        if depth > MOST_LEVELS:
            return _invalid(text, match.start(), f"the file nests deeper than {MOST_LEVELS} levels")
    return _invalid(text, 0, f"the file nests deeper than {MOST_LEVELS} levels")


def _invalid(text: str, offset: int, cause: str) -> JsonProblem:
    return JsonProblem(f"invalid JSON: {cause}", _CORRECT, position_of(text, offset))
