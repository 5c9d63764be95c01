"""Takes a Go template apart: plain text, and the tokens of its actions, with their places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from staging_validation.promql.tree import Span


class Token(NamedTuple):
    """A piece of an action: ``kind`` is one of the group names of the pattern below."""

    kind: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """Something wrong in a template.

    Attributes:
        message: What is wrong, and what comes of it.
        span: The wrong piece.
        remedy: What to write instead.
        refused: Whether Prometheus refuses the rule file because of it; otherwise the text comes out wrong.
    """

    message: str
    span: Span
    remedy: str
    refused: bool = True


@dataclass(frozen=True, slots=True)
class Action:
    """What stands between ``{{`` and ``}}``.

    Attributes:
        span: Its place, braces included.
        tokens: Its tokens.
    """

    span: Span
    tokens: tuple[Token, ...]


_TOKEN = re.compile(
    r"""(?P<space>\s+)
    | (?P<string>"(?:\\.|[^"\\\n])*"|`[^`]*`)
    | (?P<char>'(?:\\.|[^'\\\n])+')
    | (?P<number>[-+]?(?:0[xX][0-9A-Fa-f_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))
    | (?P<variable>\$\w*)
    | (?P<field>\.[^\W\d]\w*)
    | (?P<dot>\.)
    | (?P<word>[^\W\d]\w*)
    | (?P<declare>:=|=)
    | (?P<punctuation>[|(),])""",
    re.VERBOSE,
)
_NAMES = frozenset({"variable", "field", "word"})
_ENDS_NAME = re.compile(r"[\s.,|:()]|\}\}|\Z")
_TRIMMED_END = re.compile(r"\s-\}\}")
_OUTSIDE = re.compile(r"\$\{?(?:labels\.\w+|value\b)|(?<!\{)\{\s*\$(?:labels|value)[^{}]*\}(?!\})")
_QUOTES = {**dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'), **dict.fromkeys("\u2018\u2019", "'")}
"""What word processors make of quotes."""


def actions(text: str) -> tuple[tuple[Action, ...], tuple[TemplateFault, ...]]:
    """Return the actions of a template.

    Args:
        text: The template.

    Returns:
        Its actions, without comments, and what keeps others from being taken apart.
    """
    found: list[Action] = []
    faults: list[TemplateFault] = []
    position = 0
    while (start := text.find("{{", position)) >= 0:
        faults.extend(_outside(text, position, start))
        inside = start + 2
        if text.startswith("- ", inside):
            inside += 2
        if text.startswith("/*", inside):
            end = text.find("*/", inside)
            close = text.find("}}", end) if end >= 0 else -1
            if close < 0:
                faults.append(_unclosed(text, start, "comment"))
                return tuple(found), tuple(faults)
            position = close + 2
            continue
        tokens, end, fault = _tokens(text, inside, start)
        if fault:
            faults.append(fault)
        else:
            found.append(Action(Span(start, end), tokens))
        if end < 0:
            return tuple(found), tuple(faults)
        position = end
    faults.extend(_outside(text, position, len(text)))
    return tuple(found), tuple(faults)


def _tokens(text: str, position: int, start: int) -> tuple[tuple[Token, ...], int, TemplateFault | None]:
    """Return an action's tokens and its end; the end is -1 when no later action can be found."""
    tokens: list[Token] = []
    while position < len(text):
        closing = _closing(text, position)
        if closing:
            return tuple(tokens), closing, None
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            return (), _end_of_broken(text, position), _unexpected(text, position, start)
        if found.lastgroup != "space":
            tokens.append(Token(found.lastgroup, found[0], Span(*found.span())))
        position = found.end()
        if found.lastgroup in _NAMES and not _ENDS_NAME.match(text, position):
            return (), _end_of_broken(text, position), _unexpected(text, position, start)
    return (), -1, _unclosed(text, start, "action")


def _end_of_broken(text: str, position: int) -> int:
    close = text.find("}}", position)
    return close + 2 if close >= 0 else -1


def _closing(text: str, position: int) -> int:
    """Return the end of the closing braces that stand at a position; 0 when none do."""
    if text.startswith("}}", position):
        return position + 2
    trimmed = _TRIMMED_END.match(text, position)
    return trimmed.end() if trimmed else 0


def _unexpected(text: str, position: int, start: int) -> TemplateFault:
    character = text[position]
    span = Span(position, position + 1)
    if character in "\"'`":
        return TemplateFault("The quote is not closed.", span, f"close it with {character}")
    if character in _QUOTES:
        return TemplateFault(
            f"{character} is a typographic quote, which no template knows.",
            span,
            f"write {_QUOTES[character]}",
        )
    if character == "}":
        return TemplateFault(
            "The action is closed with one brace.", Span(start, position + 1), "close it with }}"
        )
    if character in "[-":
        name = re.match(r"[\w.\-\[\]\"']*", text[position:])
        wrong = Span(position, position + len(name[0] if name else character))
        return TemplateFault(
            f"{text[wrong.start : wrong.end]!r} cannot follow a field.", wrong,
            'write index $labels "name" for a label whose name holds other characters than letters and digits',
        )  # fmt: skip
    return TemplateFault(f"{character!r} has no meaning in an action.", span, "remove it")


def _unclosed(text: str, start: int, what: str) -> TemplateFault:
    remedy = "close it with */}}" if what == "comment" else "close it with }}"
    return TemplateFault(f"The {what} is not closed.", Span(start, len(text)), remedy)


def _outside(text: str, start: int, end: int) -> list[TemplateFault]:
    """Find what was meant to be an action and stands in plain text."""
    faults = []
    for found in _OUTSIDE.finditer(text, start, end):
        name = found[0].strip("{} ").replace("${", "$")
        faults.append(
            TemplateFault(
                f"{found[0]} stands outside of {{{{ }}}}, so the alert shows it as it is.",
                Span(*found.span()),
                f"write {{{{ {name} }}}}",
                refused=False,
            )
        )
    return faults
