"""``alert-template-syntax``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "alert-template-syntax"


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("{{ $label.job }} is down", "$label", "refuses"),
        ("{{ $value | humanizePercent }}", "humanizePercent", "refuses"),
        ("{{ $labels.job }", None, "refuses"),
        ("{{ if gt $value 1.0 }}much", None, "refuses"),
        ('{{ $value | printf "%d" }}', None, "%d"),
        ('{{ range query "sum(up" }}{{ . }}{{ end }}', "sum(up", "query"),
    ],
)
def test_a_wrong_template(text, at, said):
    finding = assert_fault(
        rule=RULE,
        alert={"annotations": {"summary": text}},
        at="/groups/0/rules/0/annotations/summary",
    )
    assert said in finding.message
    assert finding.evidence["template"] == text
    if at:
        assert finding.evidence["at"] == at


def test_a_wrong_template_in_a_label():
    assert_fault(rule=RULE, alert={"labels": {"team": "{{ $nobody }}"}}, at="/groups/0/rules/0/labels/team")


@pytest.mark.parametrize(
    "text",
    [
        "Plain text, 100 % of it",
        "{{ $labels.job }} has {{ $value | humanize }}",
        '{{ with query "sum(up)" }}{{ . | first | value }}{{ end }}',
        "{{ range printf \"up{job='%s'}\" $labels.job | query }}{{ .Value }}{{ end }}",
    ],
)
def test_clean(text):
    assert_clean(rule=RULE, alert={"annotations": {"summary": text}})
