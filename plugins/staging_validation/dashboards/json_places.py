"""Finds the lines and columns of a JSON file's pieces, and only when somebody asks for one."""

from __future__ import annotations

import json
import math
import re
from functools import cached_property
from typing import NamedTuple

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_NO_NUMBER = frozenset({"NaN", "Infinity", "-Infinity"})
_HUGE = re.compile(r"-?\d[\d.]*[eE]\+?\d{3,}$")


class Position(NamedTuple):
    """A place in a text: line and column, both counted from 1."""

    line: int
    column: int


class _Index(NamedTuple):
    """Where everything stands: offsets of keys (or items) and of values by JSON pointer."""

    places: dict[str, int]
    values: dict[str, int]
    duplicates: list[tuple[str, str]]
    literals: list[tuple[int, str]]


class Locator:
    """Finds lines and columns in one JSON text, which it looks through when it is asked for the first time.

    Args:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def position(self, pointer: str) -> Position:
        """Return where a JSON pointer's key or item stands; where it is not there, the nearest place above it."""
        places = self._index.places
        while pointer and pointer not in places:
            pointer = pointer.rpartition("/")[0]
        return position_of(self._text, places.get(pointer, 0))

    def value_position(self, pointer: str) -> Position:
        """Return where the value of a JSON pointer begins; see :meth:`position`."""
        offset = self._index.values.get(pointer)
        return self.position(pointer) if offset is None else position_of(self._text, offset)

    def duplicates(self) -> list[tuple[str, str]]:
        """Return the keys that stand again in their object: pointer (which leads to the later one) and key."""
        return self._index.duplicates

    def literals(self) -> list[tuple[int, str]]:
        """Return what stands for a number and is none: offset and text."""
        return self._index.literals

    @cached_property
    def _index(self) -> _Index:
        return _scan(self._text)


def position_of(text: str, offset: int) -> Position:
    """Return the line and column of an offset."""
    return Position(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def escape_key(key: str) -> str:
    """Write a key as a part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def _scan(text: str) -> _Index:
    """Walk through a text that is known to be JSON; brackets are kept on a list, so nesting costs no stack."""
    index = _Index({"": 0}, {}, [], [])
    pointers = [""]
    outer: list[_List | set[str]] = []  # the lists and objects that are open; of an object the keys so far
    awaits_key = False
    for match in _PIECE.finditer(text):
        piece = match[0]
        inner = outer[-1] if outer else None
        if piece == ",":
            pointers.pop()
            awaits_key = not isinstance(inner, _List)
            if isinstance(inner, _List):
                inner.position += 1
                pointers.append(f"{pointers[-1]}/{inner.position}")
        elif piece in "]}":
            outer.pop()
            if len(pointers) > len(outer) + 1:  # an object without members has no pointer of a member
                pointers.pop()
        elif awaits_key and isinstance(inner, set) and piece[0] == '"':
            _enter_key(index, pointers, inner, match)
            awaits_key = False
        elif piece != ":":
            _enter_value(index, pointers[-1], match, is_member=isinstance(inner, set))
            awaits_key = piece == "{"
            if awaits_key:
                outer.append(set())
            elif piece == "[":
                outer.append(_List())
                pointers.append(f"{pointers[-1]}/0")
    return index


class _List:
    """An open list, and which of its items is being read."""

    __slots__ = ("position",)

    def __init__(self) -> None:
        self.position = 0


def _enter_key(index: _Index, pointers: list[str], keys: set[str], match: re.Match[str]) -> None:
    written = match[0]
    key = json.loads(written, strict=False) if "\\" in written else written[1:-1]
    pointer = f"{pointers[-1]}/{escape_key(key)}"
    if key in keys:
        index.duplicates.append((pointer, key))
    keys.add(key)
    index.places[pointer] = match.start()
    pointers.append(pointer)


def _enter_value(index: _Index, pointer: str, match: re.Match[str], *, is_member: bool) -> None:
    if not is_member:  # a member stands where its key does
        index.places[pointer] = match.start()
    index.values[pointer] = match.start()
    if match[0] in _NO_NUMBER or (_HUGE.match(match[0]) and math.isinf(float(match[0]))):
        index.literals.append((match.start(), match[0]))
