"""``alert-template-label``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "alert-template-label"
FAILED = "increase(rsolv_billing_invoice_failed_total[5m])"


def alert(expr, text, **fields):
    annotations = {"summary": text, "description": "Look."}
    return {"expr": expr, "annotations": annotations, "labels": {"severity": "warning"}, **fields}


@pytest.mark.parametrize(
    ("expr", "label", "dropped", "remedy"),
    [
        (f"sum by (failure_code) ({FAILED}) > 1", "customer_id", "sum", "by (customer_id"),
        ("sum(unknown_metric) > 1", "job", "sum", "by (job"),
        (f"sum without (customer_id) ({FAILED}) > 1", "customer_id", "sum", "by (customer_id"),
        ("absent(unknown_metric)", "job", "absent", "by (job"),
    ],
)
def test_a_label_that_the_query_takes_away(expr, label, dropped, remedy):
    finding = assert_fault(rule=RULE, alert=alert(expr, f"{{{{ $labels.{label} }}}} failed"), at=dropped)
    assert finding.pointer == "/groups/0/rules/0/annotations/summary"
    assert finding.evidence["at"] == f"$labels.{label}"
    assert label in finding.message
    assert remedy in finding.remedy


def test_a_label_that_no_series_has():
    finding = assert_fault(
        rule=RULE,
        alert=alert(f"{FAILED} > 1", "{{ .Labels.failure_cod }} failed"),
        at="/groups/0/rules/0/annotations/summary",
    )
    assert "failure_code" in finding.remedy
    assert finding.span is None


def test_a_label_that_the_rule_itself_adds():
    finding = assert_fault(
        rule=RULE,
        alert=alert("up == 0", "{{ $labels.job }}")
        | {"expr": "sum(up) == 0", "annotations": {"summary": "{{ $labels.severity }}"}},
    )
    assert "adds only after" in finding.message


def test_a_label_in_a_label_and_only_once():
    assert_fault(
        rule=RULE,
        alert=alert("sum(up) == 0", "Down", labels={"team": "{{ $labels.team }}-{{ $labels.team }}"}),
        at="/groups/0/rules/0/labels/team",
    )


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (f"sum by (failure_code) ({FAILED}) > 1", "{{ $labels.failure_code }}"),
        (f"{FAILED} > 1", "{{ $labels.instance }} {{ $labels.customer_id }}"),
        ("unknown_metric > 1", "{{ $labels.anything }}"),
        ('absent(up{job="shop"})', "{{ $labels.job }}"),
        ("sum(up) == 0", "{{ $value }} {{ $externalLabels.cluster }} {{ $labels }}"),
        ("sum(up) == 0", '{{ range query "up" }}{{ .Labels.job }}{{ end }}'),
        ('label_replace(sum(up), "job", "shop", "", "") == 0', "{{ $labels.job }}"),
        ("sum(up) ==", "{{ $labels.job }}"),
    ],
)
def test_clean(expr, text):
    assert_clean(rule=RULE, alert=alert(expr, text))
