"""``unknown-metric``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "unknown-metric"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        ("sum(rate(rsolv_billing_payment_procesed_total[5m]))", "rsolv_billing_payment_procesed_total"),
        ('rate({__name__="rsolv_billing_no_such_total"}[5m])', '"rsolv_billing_no_such_total"'),
        ('sum(rate(rsolv_billing_gone_total{plan=~"$plan"}[$__rate_interval]))', "rsolv_billing_gone_total"),
        (
            f'sum({{__name__=~"{ACTIVE}|rsolv_billing_passive_subscriptions"}})',
            "rsolv_billing_passive_subscriptions",
        ),
        (f"{ACTIVE} + on () group_left () rsolv_billing_others", "rsolv_billing_others"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"rate({PAYMENTS}[5m])",
        "up == 0",
        "push_time_seconds",
        "rsolv_billing_${what}_total",
        '{__name__=~"rsolv_billing_.+"}',
        '{__name__="$metric"}',
        "status:rsolv_billing_payment_processed:increase5m",
        "rate(rsolv_billing_gone_total[5m]",
        "rate(rsolv_billing_gone_total)",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_what_was_meant_is_named():
    finding = assert_fault(rule=RULE, expr="rate(rsolv_billing_payment_procesed_total[5m])")
    assert "rsolv_billing_payment_processed_total" in finding.remedy
    assert finding.severity is Severity.ERROR


def test_of_other_namespaces_less_is_known():
    finding = assert_fault(rule=RULE, expr="rate(node_network_receive_bytes_total[5m])")
    assert finding.severity is Severity.WARNING


def test_what_a_rule_file_records_is_known():
    record = {"groups": [{"name": "a", "rules": [{"record": "rsolv_billing_sales", "expr": "sum(up)"}]}]}
    files = {"rules.yaml": record, "shop.json": dashboard(panel("rsolv_billing_sales"))}
    assert_clean(rule=RULE, files=files)


def test_an_alert_says_what_comes_of_it():
    finding = assert_fault(rule=RULE, alert="rsolv_billing_gone_total > 0", at="rsolv_billing_gone_total")
    assert "the alert never sees a series" in finding.message
