"""The canonical form is one line and reads to the same tree."""

from __future__ import annotations

import pytest

from staging_validation.promql.parser import parse
from staging_validation.promql.printer import quoted, to_text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("SUM( a )BY( b , c, )", "sum by (b, c) (a)"),
        ("sum   without()(a)", "sum without () (a)"),
        ("a{}", "a"),
        ("{b='c',}", '{b="c"}'),
        ("a{b=~`\\d`}[300]offset 90", 'a{b=~"\\\\d"}[5m] offset 1m30s'),
        ("a offset -1ms @ 5", "a @ 5 offset -1ms"),
        ("a[1w1d:] @ start()", "a[1w1d:] @ start()"),
        ("(a)[1h:1m] offset 1h", "(a)[1h:1m] offset 1h"),
        ("a+on(b,)group_left c", "a + on (b) group_left () c"),
        ("a>=bool ignoring(x)b", "a >= bool ignoring (x) b"),
        ("- 1_000 + 0x10 / 1e20", "-1000 + 16 / 1e+20"),
        ("inf-NaN", "Inf - NaN"),
        ("TopK(3,a)", "topk(3, a)"),
        ('{"a.b","c d"="e"}', '{"a.b", "c d"="e"}'),
        ('{"on"}', '{"on"}'),
        ('{"a"}', "a"),
        ('sum by ("without", "x y") (a)', 'sum by ("without", "x y") (a)'),
        ("a # comment\n+ b", "a + b"),
        ("1y", "31536000"),
        ("a offset 0s", "a offset 0s"),
        ("a[0.0015]", "a[0.0015]"),
    ],
)
def test_canonical_form(text, canonical):
    assert to_text(parse(text)) == canonical
    assert to_text(parse(canonical)) == canonical


def test_strings_are_quoted():
    assert quoted('a"b\\\n\t') == '"a\\"b\\\\\\n\\t"'
    assert parse(quoted("é\r`'")).value == "é\r`'"
