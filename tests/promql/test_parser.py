"""A query becomes a tree whose places are right, and a slip is explained where it is."""

from __future__ import annotations

import time

import pytest

from staging_validation.errors import CheckFailedError
from staging_validation.promql.errors import PromqlSyntaxError
from staging_validation.promql.parser import MAX_DEPTH, MAX_NESTING, parse
from staging_validation.promql.tree import (
    Aggregation,
    Binary,
    Call,
    MatrixSelector,
    Name,
    NumberLiteral,
    Paren,
    Span,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
    walk,
)


def shape(expr):
    """The tree in parentheses, without places."""
    if isinstance(expr, Binary):
        return f"({shape(expr.left)} {expr.operator.text} {shape(expr.right)})"
    if isinstance(expr, Unary):
        return f"({expr.operator.text}{shape(expr.expr)})"
    if isinstance(expr, NumberLiteral):
        return f"{expr.value:g}"
    return expr.metric.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("2 ^ 3 ^ 2", "(2 ^ (3 ^ 2))"),
        ("-2 ^ 2", "(-(2 ^ 2))"),
        ("2 ^ -3 * 4", "((2 ^ (-3)) * 4)"),
        ("-a * b", "((-a) * b)"),
        ("a or b and c unless d", "(a or ((b and c) unless d))"),
        ("a == b + c > d", "((a == (b + c)) > d)"),
        ("a atan2 b + c % d", "((a atan2 b) + (c % d))"),
        ("--a", "(-(-a))"),
        ("a AND b", "(a and b)"),
    ],
)
def test_precedence(text, expected):
    assert shape(parse(text)) == expected


def test_every_piece_has_its_place():
    text = 'topk by (x, "y z") (3, rate(a{b!="c"}[5m] offset -1h)) > bool on (x) group_left (d) -e @ end()'
    tree = parse(text)
    assert text[slice(*tree.span)] == text
    assert text[slice(*tree.operator.span)] == ">"
    assert text[slice(*tree.matching.span)] == "on (x) group_left (d)"
    assert tree.matching.include[0].text == "d"
    assert tree.returns_bool
    assert text[slice(*tree.right.span)] == "-e @ end()"
    assert text[slice(*tree.right.expr.at.span)] == "@ end()"
    topk = tree.left
    assert text[slice(*topk.span)] == text[: text.index(" > ")]
    assert text[slice(*topk.grouping.span)] == 'by (x, "y z")'
    assert topk.grouping.labels[1] == Name(Span(text.index('"y'), text.index('z"') + 2), "y z")
    assert isinstance(topk.parameter, NumberLiteral)
    assert text[slice(*topk.expr.span)] == 'rate(a{b!="c"}[5m] offset -1h)'
    matrix = topk.expr.arguments[0]
    assert isinstance(matrix, MatrixSelector)
    assert text[slice(*matrix.span)] == 'a{b!="c"}[5m] offset -1h'
    assert text[slice(*matrix.vector.span)] == 'a{b!="c"}'
    assert text[slice(*matrix.window.span)] == "5m"
    assert matrix.vector.offset.seconds == -3600
    assert text[slice(*matrix.vector.offset.span)] == "-1h"
    assert text[slice(*matrix.vector.matchers[0].span)] == 'b!="c"'
    assert text[slice(*matrix.vector.matchers[0].value_span)] == '"c"'


def test_grouping_may_follow():
    text = "sum(a) without (b,)"
    tree = parse(text)
    assert isinstance(tree, Aggregation)
    assert (tree.grouping.without, tree.grouping.labels[0].text) == (True, "b")
    assert text[slice(*tree.span)] == text
    assert parse("SUM(a)").operator.text == "sum"


def test_subqueries():
    tree = parse("rate(a[5m])[1h:] @ 10 offset 5m")
    assert isinstance(tree, Subquery)
    assert (tree.window.seconds, tree.step, tree.at.timestamp, tree.offset.seconds) == (3600, None, 10.0, 300)
    assert parse("a[1h:5m]").step.seconds == 300
    assert parse("a[90]").window.seconds == 90


def test_names_in_quotes_and_keywords_as_names():
    tree = parse('{"my.metric", "a b"=~"c"}')
    assert (tree.metric.text, tree.matchers[0].label.text) == ("my.metric", "a b")
    assert parse('{"a", "b"}').matchers[0].label.text == "__name__"
    assert [part.metric.text for part in walk(parse("sum + by and and")) if isinstance(part, VectorSelector)] == [
        "sum", "by", "and",
    ]  # fmt: skip
    assert parse('a{on="x", by="y"}').matchers[1].label.text == "by"


def test_literals():
    assert isinstance(parse("(1)"), Paren)
    assert parse("5m").value == 300
    assert parse("Inf").value == float("inf")
    assert isinstance(parse("'a'"), StringLiteral)
    assert isinstance(parse("time()"), Call)
    assert parse("a # one\n + # two\n b").operator.text == "+"


@pytest.mark.parametrize(
    ("text", "piece", "says", "remedy"),
    [
        ("sum(rate(a[5m])", "(", "at character 4 is never closed", 'add the ")"'),
        ("a{b='c'", "{", "at character 2 is never closed", 'add the "}"'),
        ("a)", ")", "Expected an operator or the end", 'add the "("'),
        ("a = 1", "=", 'found "="', 'write "=="'),
        ("a{b=='c'}", "==", 'found "=="', 'single "="'),
        ("a{b=c}", "c", "a value in quotes", "put the value into quotes"),
        ("a =~ 'b'", "=~", 'found "=~"', "into a matcher"),
        ("a{b=“c”}", "“", "typographic quote (U+201C)", 'plain "'),
        ("a\u00a0+ b", "\u00a0", "unusual character (U+00A0)", "a plain space"),
        ("a \u2212 b", "\u2212", "unusual character (U+2212)", 'a plain "-"'),
        ("a & b", "&", 'found "&"', '"and"'),
        ("a || b", "|", 'found "|"', '"or"'),
        ("a.b", ".", 'found "."', "in quotes inside the braces"),
        ("$env", "$env", "not replaced", "variable that the dashboard defines"),
        ("rate(a[$__interval])", "$__interval", "not replaced", "variable"),
        ("a[]", "[]", "window is empty", "[5m]"),
        ("a[5m", "[", "at character 2 is never closed", "close the window"),
        ("a[1h + 5m]", "1h + 5m", "no window", "experimental"),
        ("a[0s]", "0s", "not longer than zero", "longer duration"),
        ("a[30m1h]", "30m1h", "no duration", "the longest first"),
        ("sum(a)[5m]", "[5m]", "no plain series selector", "a subquery: [5m:]"),
        ("a offset 1h [5m]", "[5m]", "behind offset or @", "window first"),
        ("sum(a) offset 1h", "offset 1h", "no series selector", "in front of the closing parenthesis"),
        ("a offset 1h offset 2h", "offset 2h", "stands twice", "keep one"),
        ("a @ now", "now", "Unix time", "start() or end()"),
        ("a offset b", "b", "a duration", "offset 5m"),
        ("a b", "b", "an operator or the end", "operator between"),
        ("sum(rate(a[5m]) by (b)", "by", 'found "by"', 'close the aggregation in front of "by"'),
        ("rate(a[5m]) by (b)", "by", 'found "by"', "belongs to an aggregation"),
        ("sum by (a) (b) by (c)", "by", 'found "by"', "group once"),
        ("sum by a (b)", "a", 'the "(" of a list of labels', "list of labels"),
        ("sum by (a b) (c)", "b", 'a ","', 'a ","'),
        ("sum by (,) (a)", ",", "a label", "none stands in front of the first"),
        ("sum by (5) (a)", "5", "a label", "starts with no digit"),
        ("a{,b='c'}", ",", "a label", "none stands in front of the first"),
        ("a{b:c='d'}", "b:c", "a label", "no colon"),
        ("a{b='c' d='e'}", "d", 'a ","', 'a ","'),
        ("rate(a[5m],)", ",", 'the ")" of rate', "take the comma"),
        ("topk(5)", "topk(5)", "topk takes 2 arguments, here are 1", "topk(5, metric)"),
        ("sum()", "sum()", "sum takes 1 argument, here are 0", "sum(metric)"),
        ("a + group_left (b) c", "group_left", "on (…) or ignoring (…)", "which labels are compared"),
        ("on", "on", "an expression", "is a keyword"),
        ("a:b(c)", "(", "an operator", "a metric's, not a function's"),
        ("* a", "*", "an expression", 'in front of "*"'),
        ("a +", "", "found the end of the query", "complete"),
        ("", "", "query is empty", "write an expression"),
        ("  # nothing", "  # nothing", "query is empty", "write an expression"),
        ('a{b="c}', '"', "not closed", 'close it with "'),
        (r'a{b=~"\d"}', r"\d", r"unknown escape \d", "backslash twice"),
        ("1.2.3", "1.2.3", "neither a number nor a duration", "1h30m"),
        ("1h1h", "1h1h", "no duration", "once each"),
        ('a{"b"}', '"b"', 'names two metrics: "a" and "b"', "keep one"),
        ("a + fill(0) b", "fill", 'found "fill"', "experimental"),
        ("rate(a[5m] smoothed)", "smoothed", 'found "smoothed"', "experimental"),
        ("a ? b", "?", 'found "?"', "or vector(0)"),
        ("a €", "€", 'found "€"', "stands in quotes"),
    ],
)
def test_a_slip_is_explained(text, piece, says, remedy):
    with pytest.raises(PromqlSyntaxError) as caught:
        parse(text)
    error = caught.value
    assert text[slice(*error.span)] == piece
    assert says in error.message
    assert remedy in error.remedy
    assert isinstance(error, CheckFailedError)


def test_long_tokens_are_shortened():
    with pytest.raises(PromqlSyntaxError, match=r"x{39}…"):
        parse("a " + "x" * 500)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "-" * 100_000 + "a",
        "sum(" * 100_000,
        "2^" * 100_000 + "2",
        "a+" * 100_000 + "a",
        "{" * 100_000,
    ],
)
def test_no_input_is_too_deep(text):
    started = time.monotonic()
    with pytest.raises(PromqlSyntaxError):
        parse(text)
    assert time.monotonic() - started < 10


def test_what_is_not_too_deep_is_read():
    assert parse("(" * (MAX_NESTING - 1) + "a" + ")" * (MAX_NESTING - 1))
    assert parse("a" + " or a" * (MAX_DEPTH - 1))
    with pytest.raises(PromqlSyntaxError, match="nested too deeply"):
        parse("a" + " or a" * MAX_DEPTH)


def test_a_wide_query_is_not_deep():
    assert len(parse("a{" + ",".join(f'l{n}="v"' for n in range(5000)) + "}").matchers) == 5000
