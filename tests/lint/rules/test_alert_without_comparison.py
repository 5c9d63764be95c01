"""``alert-without-comparison``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "alert-without-comparison"


@pytest.mark.parametrize(
    "expr",
    [
        "rate(unknown_total[5m])",
        "sum(increase(rsolv_billing_invoice_failed_total[1h])) or vector(0)",
        "rsolv_billing_active_subscriptions",
        "up * 2",
    ],
)
def test_a_query_without_a_condition(expr):
    finding = assert_fault(rule=RULE, alert=expr, at=expr)
    assert finding.severity.value == "warning"
    assert "whatever the value" in finding.message


@pytest.mark.parametrize(
    "expr",
    [
        "rate(unknown_total[5m]) > 0",
        "absent(up)",
        "vector(1)",
        "unknown_metric",
        'ALERTS{alertname="ShopIsEmpty"}',
        "up unless on (job) other_metric",
        "up == bool 0",
        "rate(unknown_total[5m])[1h:]",
        "job:failures:rate5m",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, alert=expr)


def test_a_recording_rule_needs_none():
    assert_clean(rule=RULE, record="rate(unknown_total[5m])")
