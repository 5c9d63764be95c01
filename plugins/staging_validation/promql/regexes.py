"""What RE2, the regular expressions of Prometheus, refuses; Python's own module takes a good deal more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_PLAIN = re.compile(r"[\w \-|/:@,;=<>#%&'\"!~`]*(?:\.[*+]?[\w \-|/:@,;=<>#%&'\"!~`]*)*")
"""Patterns without anything that could be wrong; most are such."""

_PIECE = re.compile(
    r"""
      \\[pP]\{\^?\w+\} | \\x\{[0-9A-Fa-f]+\} | \\x[0-9A-Fa-f]{2} | \\Q.*?(?:\\E|\Z) | \\[1-7][0-7]{1,2} | \\. | \\\Z
    | \[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]
    | \(\?(?:P?<\w+>|[imsU]*(?:-[imsU]+)?[:)]) | \((?:\?[P<]?[^\w\s]?)?
    | [*+?]\?? | \{[0-9]+(?:,[0-9]*)?\}\??
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_GROUP = re.compile(r"\((?:\?(?:P?<\w+>|[imsU]*(?:-[imsU]+)?[:)]))?")
_NAMED_CLASS = re.compile(r"\[:\^?(\w+):\]")
_COUNTS = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_RANGE = re.compile(r"(?<![\\-])([A-Za-z0-9])-([A-Za-z0-9])")
_ESCAPED = frozenset("dDwWsSbBAzaftnrvQ01234567")
_NAMED_CLASSES = frozenset(
    {
        "alnum",
        "alpha",
        "ascii",
        "blank",
        "cntrl",
        "digit",
        "graph",
        "lower",
        "print",
        "punct",
        "space",
        "upper",
    }
    | {"word", "xdigit"}
)
_MOST_REPEATS = 1000
_DEEPEST = 1000
_DEEPEST_FOR_PYTHON = 40
_WARNS_IN_CLASS = ("[[", "--", "&&", "||", "~~")


@dataclass(frozen=True, slots=True)
class RegexFault:
    """Why Prometheus refuses a pattern.

    Attributes:
        message: What is wrong.
        remedy: What to write instead.
        start: The first wrong character of the pattern.
        end: The character after the last wrong one.
    """

    message: str
    remedy: str
    start: int
    end: int


@lru_cache(maxsize=1024)
def re2_fault(pattern: str) -> RegexFault | None:
    """Return why Prometheus refuses a pattern.

    Args:
        pattern: The pattern, without quotes and escapes of the query's string.

    Returns:
        The first fault; None when it is fine.
    """
    if _PLAIN.fullmatch(pattern):
        return None
    opened: list[int] = []
    before = ""  # what a repetition would repeat: "" is nothing, "*" is a repetition
    for found in _PIECE.finditer(pattern):
        piece, span = found[0], found.span()
        fault = _piece_fault(piece, before, span)
        if fault is not None:
            return fault
        if piece == ")":
            if not opened:
                return RegexFault('A ")" closes nothing.', r"escape it: \)", *span)
            opened.pop()
        elif piece[0] == "(" and piece[-1] != ")":
            opened.append(span[0])
            if len(opened) > _DEEPEST:
                return RegexFault("The groups are nested too deeply.", "write a simpler pattern", *span)
        before = _repeatable(piece)
    if opened:
        place = opened[-1]
        return RegexFault('A "(" is never closed.', r'add the ")", or escape it: \(', place, place + 1)
    return None


@lru_cache(maxsize=1024)
def matches_empty(pattern: str) -> bool | None:
    """Return whether a pattern matches an absent label, which is an empty value.

    Args:
        pattern: The pattern.

    Returns:
        Whether it does; None when it cannot be told.
    """
    if re2_fault(pattern) is not None or pattern.count("(") > _DEEPEST_FOR_PYTHON:
        return None
    if "[" in pattern and any(sign in pattern for sign in _WARNS_IN_CLASS):
        return None
    spelled = pattern.replace(r"\z", r"\Z").replace("(?<", "(?P<")
    try:
        return re.fullmatch(spelled, "") is not None
    except (re.error, OverflowError):
        return None


def _piece_fault(piece: str, before: str, span: tuple[int, int]) -> RegexFault | None:
    first = piece[0]
    if first in "*+?" or (first == "{" and len(piece) > 1):
        return _repeat_fault(piece, before, span)
    if first == "\\":
        return _escape_fault(piece, span)
    if first == "(" and not _GROUP.fullmatch(piece):
        return _group_fault(piece, span)
    if first == "[":
        return _class_fault(piece, span)
    return None


def _repeat_fault(piece: str, before: str, span: tuple[int, int]) -> RegexFault | None:
    if not before:
        sign = piece[0]
        return RegexFault(f'"{piece}" repeats nothing.', f"write .{piece} or escape it: \\{sign}", *span)
    if before == "*":
        return RegexFault(f'"{piece}" repeats a repetition.', "keep one of them, or group: (?:…)", *span)
    counts = _COUNTS.match(piece)
    if counts is None:
        return None
    lowest = _count(counts[1])
    highest = _count(counts[3]) if counts[3] else lowest
    if max(lowest, highest) > _MOST_REPEATS or highest < lowest:
        return RegexFault(f"{piece} is no count from 0 to 1000, lower number first.", "write fewer", *span)
    return None


def _count(digits: str) -> int:
    return int(digits) if len(digits) <= len(str(_MOST_REPEATS)) else _MOST_REPEATS + 1


def _escape_fault(piece: str, span: tuple[int, int]) -> RegexFault | None:
    if len(piece) == 1:
        return RegexFault("The pattern ends with a backslash.", r"write \\ for a backslash", *span)
    letter = piece[1]
    if letter in "123456789" and len(piece) == 2:
        return RegexFault(
            f"{piece} refers back to a group, which Prometheus (RE2) cannot do.",
            "write the alternatives out: aa|bb",
            *span,
        )
    if letter in _ESCAPED or (letter in "pPx" and len(piece) > 2):
        return None
    if letter in "pP" and len(piece) == 2:
        return None  # \pL: the class's letter follows
    if letter.isalnum() or not letter.isascii():
        return RegexFault(f"{piece} is no escape that Prometheus (RE2) knows.", f'write "{letter}"', *span)
    return None


def _group_fault(piece: str, span: tuple[int, int]) -> RegexFault | None:
    if piece.startswith(("(?=", "(?!", "(?<=", "(?<!")):
        return RegexFault(
            f"{piece} looks around, which Prometheus (RE2) cannot do.",
            'exclude with a second matcher: label!~"…"',
            *span,
        )
    return RegexFault(f'Prometheus (RE2) knows no group "{piece}".', "write (?:…)", *span)


def _class_fault(piece: str, span: tuple[int, int]) -> RegexFault | None:
    if piece in {"[", "[]", "[^]"}:
        return RegexFault('A "[" is never closed.', r'add the "]", or escape it: \[', *span)
    for found in _NAMED_CLASS.finditer(piece):
        if found[1] not in _NAMED_CLASSES:
            return RegexFault(
                f"There is no class {found[0]}.", "write the characters themselves: [a-z]", *span
            )
    for found in _RANGE.finditer(piece):
        if found[1] > found[2]:
            place = span[0] + found.start()
            return RegexFault(f"{found[0]} is no range.", "write the lower end first", place, place + 3)
    return None


def _repeatable(piece: str) -> str:
    if piece == "|" or piece[0] == "(":
        return ""
    if piece[0] in "*+?" or (piece[0] == "{" and len(piece) > 1):
        return "*"
    return piece
