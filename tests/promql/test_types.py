"""What Prometheus refuses although it is well formed is found, at its place and with a way out."""

from __future__ import annotations

import pytest

from staging_validation.promql.functions import AGGREGATORS, FUNCTIONS
from staging_validation.promql.known import STAND_IN
from staging_validation.promql.parser import parse
from staging_validation.promql.regexes import matches_empty, re2_fault
from staging_validation.promql.runs import run_faults
from staging_validation.promql.tree import ValueType
from staging_validation.promql.types import type_faults, value_type


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1", ValueType.SCALAR),
        ("-(1 + 2) * time()", ValueType.SCALAR),
        ("1 + a", ValueType.VECTOR),
        ("1 + (2 + (3 - a))", ValueType.VECTOR),
        ("sum(a)", ValueType.VECTOR),
        ("nothing(a)", ValueType.VECTOR),
        ("scalar(a)", ValueType.SCALAR),
        ("(a[5m])", ValueType.MATRIX),
        ("a[5m:]", ValueType.MATRIX),
        ("'x'", ValueType.STRING),
        ("1 + 1" + " + 1" * 150, ValueType.SCALAR),
    ],
)
def test_value_types(text, kind):
    assert value_type(parse(text)) is kind


@pytest.mark.parametrize(
    ("text", "piece", "says", "remedy"),
    [
        ("rate(a)", "a", "takes a range vector here, this is an instant vector", "add a window"),
        ("rate((a))", "(a)", "this is an instant vector", "add a window"),
        ("rate(sum(a))", "sum(a)", "this is an instant vector", "aggregate last: sum(rate(metric[5m]))"),
        ("rate(abs(a))", "abs(a)", "this is an instant vector", "subquery: (…)[5m:]"),
        ("abs(a[5m])", "a[5m]", "this is a range vector", "take the window away"),
        ("abs(1)", "1", "this is a scalar", "vector(…)"),
        ("vector(a)", "a", "this is an instant vector", "scalar(…)"),
        ("label_replace(a, b, 'c', 'd', 'e')", "b", "takes a string", "label_replace(metric"),
        ("rate(a[5m], 1)", "rate(a[5m], 1)", "rate takes 1 argument, here are 2", "rate(metric[5m])"),
        ("round()", "round()", "round takes 1 or 2 arguments, here are 0", "round(metric, 0.01)"),
        ("time(1)", "time(1)", "time takes no arguments", "time()"),
        ("label_join(a)", "label_join(a)", "at least 3 arguments", "label_join(metric"),
        ("Rate(a[5m])", "Rate", "There is no function Rate", "small letters: rate"),
        ("rte(a[5m])", "rte", "There is no function rte", "did you mean rate?"),
        ("qqqqq(a)", "qqqqq", "There is no function", "list of functions"),
        ("info(a, b{c='d'})", "b{c='d'}", "second argument of info", "matchers alone"),
        ("sum(a[5m])", "a[5m]", "sum aggregates an instant vector, this is a range vector", "window away"),
        ("sum(1)", "1", "this is a scalar", "vector(…)"),
        ("topk(a, b)", "a", "first argument of topk is a scalar", "topk(5, metric)"),
        ("count_values(1, a)", "1", "is a string", 'count_values("value"'),
        ("a[5m] + 1", "a[5m]", "+ cannot compute with a range vector", "window away"),
        ("1 * 'x'", "'x'", "* cannot compute with a string", "a number or a series"),
        ("a and 1", "1", "and joins sets of series", "vector(…)"),
        ("1 or a", "1", "or joins sets of series", "metric > 0"),
        ("a + bool b", "+", "compares nothing", "take bool away"),
        ("1 == 1", "==", "compares two numbers", "== bool"),
        ("a + on (b) 1", "on (b)", "no labels to pair by", "take on or ignoring away"),
        ("a and on (b) group_left c", "on (b) group_left", "takes no group_left", "take group_left away"),
        ("a * on (b) group_right (b) c", "b", "paired with on", "equal on both sides"),
        ("-'x'", "-'x'", "a string, which has none", "a number or a series"),
        ("1[5m:]", "1", "this is a scalar", "vector(…)"),
        ("{}", "{}", "every series there is", "name a metric"),
        ("{a='', b!='c', d=~'.*', e!~'.+'}", "{a='', b!='c', d=~'.*', e!~'.+'}", "every series", "job"),
        ("a{__name__='b'}", "__name__='b'", "names the metric twice", "keep one"),
        ("a{b=~'x(?!y)'}", "(?!", "pattern of b is refused: (?! looks around", "label!~"),
        ("a{b=~'('}", "(", 'A "(" is never closed', r"\("),
        (r'a{b=~"(x)\\1"}', r'"(x)\\1"', "refers back to a group", "alternatives"),
    ],
)
def test_faults(text, piece, says, remedy):
    fault = type_faults(parse(text))[0]
    # The last place, for pieces that stand twice in the query, is the one meant.
    assert text[slice(*fault.span)] == piece
    assert says in fault.message
    assert remedy in fault.remedy


@pytest.mark.parametrize(
    "text",
    [
        "a{b=''}",
        "{a=~'.+'}",
        "{a!=''}",
        "{__name__=~'x.*'}",
        "{a='', b='c'}",
        "a > 1",
        "1 == bool 1",
        "a or vector(0)",
        "info(a, {b=~'.*'})",
        "hour()",
        "label_join(a, 'b', ',', 'c', 'd', 'e')",
        "max_over_time((sum(rate(a[5m])))[1h:])",
        "histogram_quantile(scalar(a), b)",
        "1 + on () 1",
        "{a=~'[[:alpha:]--]*'}",
    ],
)
def test_what_is_fine_is_left_alone(text):
    assert type_faults(parse(text)) == ()


def test_every_fault_is_reported_in_the_order_of_the_query():
    faults = type_faults(parse("rate(a) + sum(b[5m]) / nothing({})"))
    assert [fault.span.start for fault in faults] == [5, 14, 23, 31]


@pytest.mark.parametrize(
    ("pattern", "piece"),
    [
        ("a(?=b)", "(?="),
        ("(?<!a)b", "(?<!"),
        ("(?>a)", "(?>"),
        ("(?#x)", "(?#"),
        ("(?P=x)", "(?P="),
        (r"(a)\2", r"\2"),
        (r"\k<x>", r"\k"),
        (r"a\Z", r"\Z"),
        (r"\é", r"\é"),
        ("a**", "*"),
        ("a*+", "+"),
        ("a|*b", "*"),
        ("(+)", "+"),
        ("*", "*"),
        ("a{2,1}", "{2,1}"),
        ("a{1001}", "{1001}"),
        ("a{99999999}", "{99999999}"),
        ("[a", "["),
        ("[]", "[]"),
        ("x[z-a]", "z-a"),
        ("[[:foo:]]", "[[:foo:]]"),
        ("a)", ")"),
        ("(a", "("),
        ("a\\", "\\"),
        ("(" * 2000, "("),
    ],
)
def test_patterns_that_re2_refuses(pattern, piece):
    fault = re2_fault(pattern)
    assert fault is not None
    assert pattern[fault.start : fault.end] == piece
    assert fault.message
    assert fault.remedy


@pytest.mark.parametrize(
    "pattern",
    [
        "", "a|b", ".*", "a.+b", "5..", r"\d+\.\d*?", "(?i)a", "(?s-i:a)", "(?P<x>a)", "(?<x>a)", r"\pL\p{Greek}",
        r"\Qa*\E", r"\x41\x{1F600}", r"\12", "[]a]", "[^]a]", "[a-z-]", "[[:alpha:]]", "a{,3}", "a{", "a{2,}?", "^*",
        "()*", "(|a)", r"\_\-\.", "ä+", r"[\w.-]+", "(?)",
    ],
)  # fmt: skip
def test_patterns_that_re2_takes(pattern):
    assert re2_fault(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "empty"),
    [
        ("", True), (".*", True), (".+", False), ("a|", True), ("a||b", True), ("^$", True), (r"\z", True),
        ("(?<x>a)?", True), ("a", False), ("(", None), ("[[:alpha:]]*", None), ("(" * 60 + ")" * 60, None),
        (r"\pL*", None),
    ],
)  # fmt: skip
def test_matching_the_empty_value(pattern, empty):
    assert matches_empty(pattern) is empty


def test_what_fails_only_when_it_runs():
    assert run_faults(parse("a[5m]"))[0].message.startswith(
        "The query gives a range vector, but a graph or a rule "
    )
    assert run_faults(parse("a[5m]"), range_query=False) == ()
    assert "a string" in run_faults(parse("('x')"))[0].message
    assert run_faults(parse("label_replace(a, 'b-c', '$1', 'd', '(e')"))[0].span == (17, 22)
    assert "refuses its pattern" in run_faults(parse("label_replace(a, 'b', '$1', 'd', '(e')"))[0].message
    assert run_faults(parse("count_values('1x', a)"))[0].remedy.startswith("write letters")
    assert run_faults(parse("count_values('1x', a)"), any_label_name=True) == ()
    assert '"" is no name' in run_faults(parse("count_values('', a)"), any_label_name=True)[0].message
    assert run_faults(parse(f"count_values('{STAND_IN}-x', a)")) == ()
    assert run_faults(parse("label_join(label_replace(a, 'b', '$1', 'd', '(e)'), 'f', ',')")) == ()


def test_the_tables_hold_together():
    for name, function in FUNCTIONS.items():
        assert function.name == name
        assert len(function.arguments) >= function.optional
        assert bool(function.until) == bool(function.instead)
        call = parse(f"{name}({function.example})")
        assert type_faults(call) == (), name
        assert value_type(call) is function.returns
    for name, aggregator in AGGREGATORS.items():
        assert type_faults(parse(f"{name}({aggregator.example})")) == ()
