"""No text crashes the reader, and what is printed is read again to an equal tree."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from staging_validation.promql.errors import PromqlSyntaxError
from staging_validation.promql.parser import parse
from staging_validation.promql.printer import quoted, to_text
from staging_validation.promql.regexes import matches_empty, re2_fault
from staging_validation.promql.runs import run_faults
from staging_validation.promql.tree import Span, walk
from staging_validation.promql.types import type_faults, value_type

PIECES = (
    *(
        "a",
        "sum",
        "by",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        "+",
        "-",
        "*",
        "/",
        "^",
        "==",
        "=~",
        "!=",
        "=",
        "",
        '"',
        "'",
    ),
    *(
        "`",
        "5m",
        "1",
        "0x",
        "1e",
        "[5m]",
        "[1h:5m]",
        "offset",
        "@",
        "end()",
        "on",
        "ignoring",
        "group_left",
        "bool",
    ),
    *(
        "and",
        "or",
        "$x",
        "#",
        "\n",
        "\\",
        "topk",
        "rate",
        "quantile",
        ":",
        ".",
        "é",
        "“",
        "inf",
        "nan",
        "without",
    ),
    *("unless", "atan2", "1_0", "[:", "${", "&", "!", "~"),
)

words = st.sampled_from(["a", "b_total", "x:y", "sum", "by", "offset", "_", "Start", "and"])
labels = st.sampled_from(["x", "y", "on", "le", "__name__x"]) | st.text(min_size=1, max_size=4).map(quoted)
values = st.text(max_size=6).map(quoted) | st.sampled_from(["`\\d`", "'a'", '"a|b"'])
matchers = st.builds("{}{}{}".format, labels, st.sampled_from(["=", "!=", "=~", "!~"]), values)
selectors = st.builds(
    "{}{{{}}}{}".format,
    words,
    st.lists(matchers, max_size=3).map(",".join),
    st.sampled_from(["", " offset 5m", " offset -1h", " @ 10", " @ end()", " @ -1.5 offset 1w"]),
)
numbers = st.floats(min_value=0, allow_infinity=True).map(repr) | st.sampled_from(
    ["1", "0x1F", "5m", "010", "1_0", ".5"]
)
windows = st.sampled_from(
    ["[5m]", "[1h30m]", "[90]", "[5m:]", "[1h:5m]", "[5m] offset 1h", "[1d:] @ start()"]
)
groupings = st.builds(
    " {} ({})".format, st.sampled_from(["by", "WITHOUT"]), st.lists(labels, max_size=2).map(",".join)
)
pairings = st.sampled_from(["", "", "bool", "on (x)", "ignoring () group_left ()", "on (x,) group_right (y)"])
arithmetic = st.sampled_from(["+", "-", "*", "/", "%", "^", "atan2"])
comparisons = st.sampled_from(["==", "!=", "<=", "<", ">=", ">", "and", "or", "unless"])
operators = arithmetic | comparisons


def larger(inner):
    return st.one_of(
        st.builds("({})".format, inner),
        st.builds("-{}".format, inner),
        st.builds("{} {} {} {}".format, inner, operators, pairings, inner),
        st.builds("({}){}".format, inner, st.sampled_from(["[5m:]", "[1h:1m] offset 5m"])),
        st.builds("{}{} ({})".format, st.sampled_from(["sum", "AVG", "group"]), groupings, inner),
        st.builds("topk({}, {}){}".format, inner, inner, groupings),
        st.builds(
            "{}({})".format,
            st.sampled_from(["rate", "abs", "foo"]),
            st.lists(inner, max_size=3).map(", ".join),
        ),
    )


expressions = st.recursive(
    selectors | numbers | values | st.builds("{}{}".format, words, windows), larger, max_leaves=12
)


def without_places(value):
    """The tree with every place set to the same."""
    if isinstance(value, Span):
        return Span(0, 0)
    if dataclasses.is_dataclass(value):
        fields = {
            field.name: without_places(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
        return type(value)(**fields)
    if isinstance(value, tuple):
        return tuple(map(without_places, value))
    return "NaN" if value != value else value


def read(text):
    try:
        return parse(text), None
    except PromqlSyntaxError as error:
        return None, error


def judge(text):
    tree, error = read(text)
    if tree is None:
        assert 0 <= error.span.start <= error.span.end <= len(text)
        assert error.message
        assert error.remedy
        return None
    for part in walk(tree):
        assert 0 <= part.span.start < part.span.end <= len(text)
    for fault in (*type_faults(tree), *run_faults(tree)):
        assert 0 <= fault.span.start < fault.span.end <= len(text)
        assert fault.message
        assert fault.remedy
    value_type(tree)
    return tree


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_judged(text):
    judge(text)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join)
    | st.lists(st.sampled_from(PIECES)).map("".join)
)
def test_any_pieces_of_the_language_are_judged(text):
    judge(text)


@settings(max_examples=400, deadline=None)
@given(expressions)
def test_printing_and_reading_give_the_same_tree(text):
    tree = judge(text)
    assert tree is not None
    printed = to_text(tree)
    assert "\n" not in printed
    assert without_places(parse(printed)) == without_places(tree)
    assert to_text(parse(printed)) == printed


@settings(max_examples=400, deadline=None)
@given(
    st.text(max_size=12) | st.lists(st.sampled_from([*r"ab\()[]{}*+?|^$.-:<>=!1,PpQEZdz", "(?"])).map("".join)
)
def test_any_pattern_is_judged(pattern):
    fault = re2_fault(pattern)
    assert fault is None or 0 <= fault.start < fault.end <= len(pattern)
    matches_empty(pattern)
