"""``counter-without-rate``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, findings, variable

RULE = "counter-without-rate"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"
CREATED = "rsolv_billing_subscription_created_total"
DURATION = "rsolv_billing_payment_processed_duration_milliseconds"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        ("rsolv_billing_payment_processed_total", "rsolv_billing_payment_processed_total"),
        (f'{PAYMENTS}{{status="failed"}}', "rsolv_billing_payment_processed_total"),
        (f"max by (status) ({PAYMENTS})", "rsolv_billing_payment_processed_total"),
        (f"histogram_quantile(0.9, sum by (le) ({DURATION}_bucket))", f"{DURATION}_bucket"),
        (f"topk(5, {CREATED})", "rsolv_billing_subscription_created_total"),
        (f"{PAYMENTS} > 100", "rsolv_billing_payment_processed_total"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"rate({PAYMENTS}[5m])",
        f"count({PAYMENTS})",
        f"count by (status) ({PAYMENTS} > 0)",
        f"absent({PAYMENTS})",
        f"{ACTIVE} and {PAYMENTS}",
        f"{ACTIVE} unless {PAYMENTS} offset 1h",
        "rsolv_billing_active_subscriptions",
        "nobody_total",
        f"{PAYMENTS} - {PAYMENTS} offset 1d",
        f"increase({PAYMENTS}[5m:1m])",
        f"sum({PAYMENTS})",
        f"timestamp({PAYMENTS})",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_an_average_since_the_restart_is_two_counters():
    expr = f"sum({DURATION}_sum) / sum({DURATION}_count)"
    assert [finding.expr[slice(*finding.span)] for finding in findings(rule=RULE, expr=expr)] == [
        f"{DURATION}_sum",
        f"{DURATION}_count",
    ]


def test_a_variable_wants_labels_and_no_values():
    assert_clean(rule=RULE, variable=variable(query="query_result(rsolv_billing_payment_processed_total)"))
