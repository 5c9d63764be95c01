"""Cuts a query into tokens, each with its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from staging_validation.promql.tree import Span

# What Prometheus takes for a blank; str.isspace() knows many more.
_BLANK = r"[ \t\r\n]"
_LOOSE_NUMBER = r"[-+]?[0-9.][0-9A-Za-z_.]*"

_PIECE = re.compile(
    rf"""
      [A-Za-z_:][A-Za-z0-9_:]*
    | {_BLANK}+ | \#[^\r\n]*
    | =~ | !~ | [=!<>]= | [-+*/%^<>=(){{}},@]
    | "[^"\\\n]*(?:\\[^\n][^"\\\n]*)*" | '[^'\\\n]*(?:\\[^\n][^'\\\n]*)*' | `[^`]*`
    | \[{_BLANK}*{_LOOSE_NUMBER}{_BLANK}*(?::{_BLANK}*(?:{_LOOSE_NUMBER}{_BLANK}*)?)?\]
    | 0[xX][A-Za-z0-9_.]* | [0-9]+(?:\.[0-9_]*)?[eE][-+]?[0-9][A-Za-z0-9_.]* | \.?[0-9][A-Za-z0-9_.]*
    | \$\{{[^}}]*\}}? | \$[A-Za-z0-9_]*
    | .
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
"""A piece of a query; the last alternative takes any character, so the pieces together are the whole query."""

_NUMBER = re.compile(
    r"(?:0[xX]_?[0-9A-Fa-f](?:_?[0-9A-Fa-f])*"
    r"|(?:[0-9](?:_?[0-9])*(?:\.(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)(?:[eE][-+]?[0-9](?:_?[0-9])*)?)"
)
_DURATION = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+")

_KINDS = {
    **dict.fromkeys("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:", "word"),
    **dict.fromkeys(" \t\r\n#", ""),
    **dict.fromkeys("-+*/%^<>=(){},@", "mark"),
}
"""What the first character says about a piece; for the others it takes a second look."""

_WINDOW = re.compile(
    rf"\[{_BLANK}*({_LOOSE_NUMBER}){_BLANK}*(:)?{_BLANK}*({_LOOSE_NUMBER})?{_BLANK}*\]", re.ASCII
)


class Token(NamedTuple):
    """One token.

    Attributes:
        kind: ``word``, ``string``, ``number``, ``duration``, ``window`` (from ``[`` to ``]``), ``end``, ``bad``, or
            the mark itself: ``(``, ``==``, ….
        text: As it stands in the query.
        start: Its first character.
        end: The character after its last.
    """

    kind: str
    text: str
    start: int
    end: int


class Window(NamedTuple):
    """The pieces of a window: ``[1h:5m]``.

    Attributes:
        length: Place of its length.
        subquery: Whether it has a colon.
        step: Place of the step behind the colon.
    """

    length: tuple[int, int]
    subquery: bool
    step: tuple[int, int] | None


def tokenize(text: str) -> list[Token]:
    """Cut a query into tokens; the last one is the ``end``.

    A character that belongs nowhere becomes a ``bad`` token, so that the first fault of a query is the one
    that is reported.

    Args:
        text: The query.

    Returns:
        The tokens, without blanks and comments.
    """
    tokens: list[Token] = []
    take = tokens.append
    start = 0
    for piece in _PIECE.findall(text):
        end = start + len(piece)
        kind = _KINDS.get(piece[0])
        if kind == "mark":
            take(_token((piece, piece, start, end)))
        elif kind:
            take(_token((kind, piece, start, end)))
        elif kind is None:
            take(_token((_kind(piece), piece, start, end)))
        start = end
    take(Token("end", "", start, start))
    return tokens


def read_window(text: str, token: Token) -> Window | None:
    """Return the pieces of a ``window`` token.

    Args:
        text: The query.
        token: The token.

    Returns:
        The pieces; None when the token is none.
    """
    found = _WINDOW.match(text, token.start)
    if found is None:
        return None
    return Window(found.span(1), found[2] is not None, found.span(3) if found[3] is not None else None)


place: Callable[[tuple[int, int]], Span] = partial(tuple.__new__, Span)
"""Makes a span of start and end, in half the time of its constructor."""

_token: Callable[[tuple[str, str, int, int]], Token] = partial(tuple.__new__, Token)
"""Makes a token in half the time of its constructor, and tokens are what a query has most of."""


def _kind(piece: str) -> str:
    first = piece[0]
    if first in "\"'`":
        return "string" if len(piece) > 1 else "bad"
    if first == "[" and len(piece) > 1:
        return "window"
    if piece in {"!=", "!~"}:
        return piece
    if _NUMBER.fullmatch(piece):
        return "number"
    return "duration" if _DURATION.fullmatch(piece) else "bad"
