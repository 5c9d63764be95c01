"""A query is cut into tokens whose places are those in the text; nothing is lost."""

from __future__ import annotations

import pytest

from staging_validation.promql.lexer import read_window, tokenize
from staging_validation.promql.literals import read_duration, read_number, unquote


def kinds(text):
    return [(token.kind, token.text) for token in tokenize(text)[:-1]]


def test_tokens_carry_their_place():
    text = 'sum by (a) (rate(b{c=~"d"}[5m])) # why\n >= 1e-3'
    for token in tokenize(text):
        assert text[token.start : token.end] == token.text
    kinds_of_all = " ".join(token.kind for token in tokenize(text))
    assert kinds_of_all == ("word word ( word ) ( word ( word { word =~ string } window ) ) >= number end")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:b", [("word", "a:b")]),
        ("5m", [("duration", "5m")]),
        ("1h30m", [("duration", "1h30m")]),
        ("0x1F", [("number", "0x1F")]),
        (".5", [("number", ".5")]),
        ("1e+3", [("number", "1e+3")]),
        ("1_000", [("number", "1_000")]),
        ("1__0", [("bad", "1__0")]),
        ("5x", [("bad", "5x")]),
        ("[ 1h : 5m ]", [("window", "[ 1h : 5m ]")]),
        ("[x]", [("bad", "["), ("word", "x"), ("bad", "]")]),
        ("$x + ${y:csv}", [("bad", "$x"), ("+", "+"), ("bad", "${y:csv}")]),
        ("'a\\'b'", [("string", "'a\\'b'")]),
        ("`a\n\\`", [("string", "`a\n\\`")]),
        ('"a', [("bad", '"'), ("word", "a")]),
        ("!~ =~ != == = !", [(mark, mark) for mark in ("!~", "=~", "!=", "==", "=")] + [("bad", "!")]),
        ("# only a comment", []),
    ],
)
def test_kinds(text, expected):
    assert kinds(text) == expected


def test_a_windows_pieces_have_their_places():
    text = "a[ 1h:5m ]"
    token = tokenize(text)[1]
    pieces = read_window(text, token)
    assert text[slice(*pieces.length)] == "1h"
    assert text[slice(*pieces.step)] == "5m"
    assert read_window("a[5m]", tokenize("a[5m]")[1]) == ((2, 4), False, None)
    assert read_window("a", tokenize("a")[0]) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300),
        ("1h30m", 5400),
        ("1y2w3d4h5m6s7ms", 31536000 + 14 * 86400 + 3 * 86400 + 4 * 3600 + 306.007),
        ("0s", 0),
        ("30m1h", None),
        ("1h1h", None),
        ("1.5h", None),
        ("5", None),
        ("", None),
        ("9" * 5000 + "m", None),
        ("999999999y", None),
    ],
)
def test_durations(text, seconds):
    assert read_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("0", 0),
        ("010", 8),
        ("08", 8),
        ("0x1F", 31),
        ("1_000.5", 1000.5),
        ("1.", 1),
        ("1e400", float("inf")),
        ("Inf", float("inf")),
        ("x", None),
        ("9" * 5000, float("inf")),
    ],
)
def test_numbers(text, value):
    assert read_number(text) == value


def test_escapes():
    assert unquote(r'"\n\x41\u00e9\U0001F600\101\"\\"') == ('\nAé😀A"\\', None)
    assert unquote(r"`\n`") == (r"\n", None)
    assert unquote(r'"ab\d"') == ("ab", (3, 5))
    for wrong in (r'"\x4"', r'"\400"', r'"\ud800"', r'"\U00110000"', r'"\'"', r'"\"'):
        assert unquote(wrong)[1] is not None
