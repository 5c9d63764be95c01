"""The usual slips in a query, and what to write instead."""

from __future__ import annotations

from staging_validation.promql.errors import PromqlSyntaxError
from staging_validation.promql.lexer import Token
from staging_validation.promql.tree import Span

_LONGEST_SHOWN = 40
EXPERIMENTAL = frozenset({"anchored", "smoothed", "fill", "fill_left", "fill_right"})
"""Words that mean something only to a Prometheus started with the feature flag for them."""

_SMART_QUOTES = frozenset("“”„‟‘’‚‛«»″′")  # noqa: RUF001
_BLANKS = frozenset("\u00a0\u2007\u202f\u200b\ufeff\u2009\u3000\x0b\x0c\u2028\u2029")
_DASHES = frozenset("‐‑‒–—−")  # noqa: RUF001
_FROM_OTHER_LANGUAGES = {
    "&": 'both sides with one another are "and"',
    "|": 'either side is "or"; inside a regular expression in quotes "|" stands for itself',
    "!": 'write "!=" or "!~" for unequal; the opposite of a set of series is "unless"',
    "~": 'a regular expression belongs into a matcher: {label=~"…"}',
    ";": "a query is one expression; take the semicolon away",
    "?": 'PromQL has no "?"; a default is written "or vector(0)"',
    ".": 'a metric name with a dot stands in quotes inside the braces: {"the.name"} (Prometheus 3.0)',
    "\\": "a backslash stands only inside quotes",
    "[": "a window looks like [5m] or, with a step for a subquery, like [1h:5m]",
    "]": 'take it away, or open the window with "[" in front of its duration',
}
_INSTEAD_OF_MARK = {
    "=": 'write "==" to compare values; a single "=" belongs into a matcher: {label="value"}',
    "=~": 'a regular expression belongs into a matcher: {label=~"…"}',
    "!~": 'a regular expression belongs into a matcher: {label!~"…"}',
    ")": 'take it away, or add the "(" it belongs to',
    "}": 'take it away, or add the "{" it belongs to',
    ",": "take the comma away, or write what is missing next to it",
    "end": "complete the query",
    "window": 'a window follows a metric or its braces: metric{label="value"}[5m]',
}


def shown(text: str) -> str:
    """Quote a piece of a query in a sentence; only its beginning where it is long."""
    return f'"{text}"' if len(text) <= _LONGEST_SHOWN else f'"{text[: _LONGEST_SHOWN - 1]}…"'


def described(token: Token) -> str:
    """Name a token in a sentence."""
    if token.kind == "end":
        return "the end of the query"
    quoted = shown(token.text)
    return quoted[1:-1] if token.kind == "string" else quoted


def unexpected(token: Token, expected: str, remedy: str | None = None) -> PromqlSyntaxError:
    """Say that something else was expected where a token stands.

    Args:
        token: What was found.
        expected: What was expected, for example ``a closing parenthesis``.
        remedy: What to write instead; by default what helps with the usual slips.

    Returns:
        The error, to be raised.
    """
    span = Span(token.start, token.end)
    if token.kind == "bad":
        return _bad(token, expected)
    if remedy is None and token.kind == "word" and token.text.lower() in EXPERIMENTAL:
        remedy = f'"{token.text}" is experimental and off in Prometheus; take it away'
    if remedy is None:
        remedy = _INSTEAD_OF_MARK.get(token.kind, f"write {expected} here")
    return PromqlSyntaxError(f"Expected {expected}, found {described(token)}.", span, remedy)


def _bad(token: Token, expected: str) -> PromqlSyntaxError:
    span, first = Span(token.start, token.end), token.text[0]
    if first == "$":
        return PromqlSyntaxError(
            f"{shown(token.text)} is not replaced here: Prometheus itself knows no variables.",
            span,
            "use a variable that the dashboard defines, or write the value itself",
        )
    if first in "\"'`":
        return PromqlSyntaxError(
            f"The string that {first} opens here is not closed.",
            span,
            f"close it with {first}; a line break or a {first} inside it is written with a backslash",
        )
    if first in _SMART_QUOTES:
        return PromqlSyntaxError(
            f"{first} is a typographic quote (U+{ord(first):04X}), which opens no string.",
            span,
            'replace it with a plain " (it often comes from a copied document)',
        )
    if first in _BLANKS or first in _DASHES:
        plain = "a plain space" if first in _BLANKS else 'a plain "-"'
        return PromqlSyntaxError(
            f"There is an unusual character (U+{ord(first):04X}) that looks like {plain}.",
            span,
            f"replace it with {plain}",
        )
    if first.isdigit() or (first == "." and len(token.text) > 1):
        return PromqlSyntaxError(
            f"{shown(token.text)} is neither a number nor a duration.",
            span,
            "a duration has whole numbers with the units y, w, d, h, m, s, ms, like 1h30m; a name starts with a letter",
        )
    remedy = _FROM_OTHER_LANGUAGES.get(first)
    if remedy is None:
        remedy = "take it away; a name with such a character stands in quotes inside the braces"
    return PromqlSyntaxError(f"Expected {expected}, found {described(token)}.", span, remedy)
