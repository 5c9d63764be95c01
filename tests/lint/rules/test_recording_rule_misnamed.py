"""``recording-rule-misnamed``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "recording-rule-misnamed"
PAID = "rsolv_billing_invoice_paid_total"


@pytest.mark.parametrize(
    ("record", "expr", "at"),
    [
        ("plan:paid:rate5m", f"sum by (customer_id) (rate({PAID}[5m]))", "sum"),
        ("plan:paid:rate5m", f"sum without (plan) (rate({PAID}[5m]))", "sum"),
        ("plan:paid:rate5m", f"sum by (plan) (rate({PAID}[10m]))", "10m"),
        ("plan:paid:increase24h", f"sum by (plan) (increase({PAID}[1h]))", "1h"),
    ],
)
def test_a_name_that_says_something_else(record, expr, at):
    finding = assert_fault(rule=RULE, record={"record": record, "expr": expr}, at=at)
    assert record in finding.message


@pytest.mark.parametrize(
    ("record", "expr"),
    [
        ("plan:paid:rate5m", f"sum by (plan) (rate({PAID}[5m]))"),
        ("plan:paid:rate5m", f"sum by (plan) (rate({PAID}[300s]))"),
        ("cluster:paid:rate5m", f"sum(rate({PAID}[5m]))"),
        ("plan:paid:rate5m", "sum(plan_customer:paid:rate5m)"),
        ("plan:paid:max1h", f"max_over_time(sum by (plan) (rate({PAID}[5m]))[1h:])"),
        ("plan:paid:rate", f"sum by (plan) (rate({PAID}[5m]))"),
        ("paid_10m", f"sum(rate({PAID}[5m]))"),
        ("plan:paid:p99", f"sum by (plan) (rate({PAID}[5m]))"),
    ],
)
def test_clean(record, expr):
    assert_clean(rule=RULE, record={"record": record, "expr": expr})
