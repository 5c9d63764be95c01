"""``alert-value-in-labels``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "alert-value-in-labels"


@pytest.mark.parametrize(
    "text", ["{{ $value }}", "about {{ .Value | humanize }}", '{{ printf "%.0f" $value }}']
)
def test_the_value_in_a_label(text):
    finding = assert_fault(
        rule=RULE,
        alert={"expr": "unknown_metric > 5", "labels": {"severity": "warning", "amount": text}},
        at="/groups/0/rules/0/labels/amount",
    )
    assert "starts anew" in finding.message


def test_without_for():
    finding = assert_fault(
        rule=RULE, alert={"expr": "unknown_metric > 5", "for": "0s", "labels": {"amount": "{{ $value }}"}}
    )
    assert "starts anew" not in finding.message


@pytest.mark.parametrize(
    ("expr", "labels"),
    [
        ("unknown_metric > 5", {"severity": "warning"}),
        ("unknown_metric > 5", {"severity": "{{ if gt $value 90.0 }}critical{{ else }}warning{{ end }}"}),
        ("unknown_metric > 5", {"team": "{{ $labels.team }}"}),
        ("absent(up)", {"value": "{{ $value }}"}),
    ],
)
def test_clean(expr, labels):
    assert_clean(rule=RULE, alert={"expr": expr, "labels": labels})


def test_an_annotation_may_show_it():
    assert_clean(rule=RULE, alert={"expr": "unknown_metric > 5", "annotations": {"summary": "{{ $value }}"}})
