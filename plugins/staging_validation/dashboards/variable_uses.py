"""Finds the variables in a text, and in a query tells the place where each one stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from staging_validation.promql.tree import Span

QUERY_BUILT_INS = frozenset(
    {
        "__interval", "__interval_ms", "__rate_interval", "__rate_interval_ms", "__range", "__range_s", "__range_ms",
        "__from", "__to", "__timezone", "__dashboard", "__org", "__name", "__user", "__searchFilter", "timeFilter",
        "__timeFilter",
    }
)  # fmt: skip
"""Variables that Grafana itself gives every query, title and link (Grafana documentation, global variables)."""

LINK_BUILT_INS = frozenset(
    {
        "__url_time_range",
        "__all_variables",
        "__field",
        "__series",
        "__value",
        "__data",
        "__cell",
        "__url",
        "__calc",
    }
)
"""Variables that Grafana gives links and names of fields only (Grafana documentation, data links)."""

BUILT_INS = QUERY_BUILT_INS | LINK_BUILT_INS
"""Every variable that a dashboard need not define."""

FORMATS = frozenset(
    {
        "csv", "customqueryparam", "date", "distributed", "doublequote", "glob", "html", "join", "json", "lucene",
        "percentencode", "pipe", "queryparam", "raw", "regex", "singlequote", "sqlstring", "text", "time", "uriencode",
    }
)  # fmt: skip
"""Formats that may stand behind a variable's name (Grafana documentation, variable syntax)."""

_PIECE = re.compile(
    r"\$(?P<plain>\w+)"
    r"|\$\{(?P<braced>\w+)(?:\.(?P<path>[^:}]+))?(?::(?P<format>[^}]+))?\}"
    r"|\[\[(?P<old>\w+)(?:\.(?P<old_path>[^:\]]+))?(?::(?P<old_format>\w+))?\]\]"
    r"|[\"'`\[\]{}#]|\\[^$]",
    re.DOTALL,
)
_OFFSET = re.compile(r"\boffset\s*[-+]?\s*$", re.IGNORECASE)
_WINDOW = 64


class Place(Enum):
    """Where in a query a variable stands."""

    REGEX = "a regular expression"
    VALUE = "a label's value behind = or !="
    STRING = "a string"
    DURATION = "a duration"
    CODE = "the query outside of strings"
    LABEL = "a label's name"
    MATCHERS = "the place of a label matcher"
    NAME = "a metric's name"
    NUMBER = "a number"
    FUNCTION = "a function's name"
    EXPRESSION = "the place of a whole expression"
    COMMENT = "a comment"
    TEXT = "a text"


class VariableUse(NamedTuple):
    """One place where a variable is used.

    Attributes:
        name: The variable's name.
        span: Where it is written, dollar sign and braces included.
        place: What stands there.
        format: What stands behind its name and a colon (``regex``, ``date:iso``); empty for nothing.
        path: What stands behind its name and a dot (``login`` of ``${__user.login}``); empty for nothing.
        quote: The quote of the string it is in; empty outside of strings.
        operator: The operator of the matcher it is compared in (``=``, ``=~``, …); empty elsewhere.
        in_braces: Whether it stands between the braces of a selector.
        known: Whether its value is the same for every reader: that of a constant.
        repeated: Whether the panel, its row or its tab is repeated for it, so that it has one value in each copy.
    """

    name: str
    span: Span
    place: Place
    format: str = ""
    path: str = ""
    quote: str = ""
    operator: str = ""
    in_braces: bool = False
    known: bool = False
    repeated: bool = False


def text_uses(text: str) -> tuple[VariableUse, ...]:
    """Find the variables in a title, a link, a legend or another text that is no query."""
    if "$" not in text and "[[" not in text:
        return ()
    return tuple(
        _use(match, Place.TEXT)
        for match in _PIECE.finditer(text)
        if len(match[0]) > 1 and match[0][0] != "\\"
    )


def query_uses(text: str) -> Iterator[VariableUse]:
    """Find the variables in a PromQL query.

    ``$1`` is none: in a replacement of ``label_replace()`` it is a group of the regular expression.

    Args:
        text: The query as written.

    Yields:
        The uses, in order. Outside of strings and brackets the place is :attr:`Place.CODE`.
    """
    if "$" not in text and "[[" not in text:
        return
    scanner = _Scanner(text)
    for match in _PIECE.finditer(text):
        piece = match[0]
        if piece[0] != "$" and len(piece) < 4:
            scanner.step(piece, match.start())
        elif not _name(match).isdigit():
            yield scanner.use(match)


class _Scanner:
    """Knows at every piece of a query whether it stands in a string, behind what, in brackets or in braces."""

    __slots__ = ("_braces", "_brackets", "_comment_end", "_operator", "_place", "_quote", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._quote = ""
        self._operator = ""
        self._place = Place.CODE
        self._brackets = 0
        self._braces = False
        self._comment_end = -1

    def step(self, piece: str, start: int) -> None:
        if start < self._comment_end:
            return
        if self._quote:
            # A backslash takes the next character along, but not in backticks.
            if piece == self._quote or (self._quote == "`" and piece == "\\`"):
                self._quote = self._operator = ""
        elif piece in "\"'`":
            self._quote = piece
            self._place, self._operator = _string_place(self._text[max(0, start - _WINDOW) : start].rstrip())
        elif piece in "[]":
            self._brackets = max(0, self._brackets + (1 if piece == "[" else -1))
        elif piece in "{}":
            self._braces = piece == "{"
        elif piece == "#":
            end = self._text.find("\n", start)
            self._comment_end = len(self._text) if end < 0 else end

    def use(self, match: re.Match[str]) -> VariableUse:
        if match.start() < self._comment_end:
            return _use(match, Place.COMMENT)
        if self._quote:
            return _use(match, self._place, self._quote, self._operator, in_braces=self._braces)
        if self._brackets:
            return _use(match, Place.DURATION)
        before = self._text[max(0, match.start() - _WINDOW) : match.start()]
        if self._braces:
            place, operator = _string_place(before.rstrip())
            return _use(match, place if operator else Place.CODE, "", operator, in_braces=True)
        return _use(match, Place.DURATION if _OFFSET.search(before) else Place.CODE)


def _string_place(before: str) -> tuple[Place, str]:
    if before.endswith(("=~", "!~")):
        return Place.REGEX, before[-2:]
    if before.endswith("="):
        return Place.VALUE, before[-2:] if before.endswith(("!=", "==")) else "="
    return Place.STRING, ""


def _name(match: re.Match[str]) -> str:
    return match["plain"] or match["braced"] or match["old"]


def _use(
    match: re.Match[str], place: Place, quote: str = "", operator: str = "", *, in_braces: bool = False
) -> VariableUse:
    return VariableUse(
        _name(match),
        Span(match.start(), match.end()),
        place,
        match["format"] or match["old_format"] or "",
        match["path"] or match["old_path"] or "",
        quote,
        operator,
        in_braces,
    )
