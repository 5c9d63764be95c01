"""``counter-summed-without-rate``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "counter-summed-without-rate"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"
CREATED = "rsolv_billing_subscription_created_total"
CANCELLED = "rsolv_billing_subscription_cancelled_total"
DURATION = "rsolv_billing_payment_processed_duration_milliseconds"
INVOICED = "rsolv_billing_invoice_paid_amount_cents"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"sum({PAYMENTS})", "rsolv_billing_payment_processed_total"),
        (f'sum by (plan) ({CREATED}{{status="success"}})', f'{CREATED}{{status="success"}}'),
        (f"sum({INVOICED}_sum) / 100", f"{INVOICED}_sum"),
        (f"sum({CREATED}) - sum({CANCELLED})", f"sum({CREATED}) - sum({CANCELLED})"),
        (
            f"{CREATED} - on (plan, customer_id) {CANCELLED}",
            f"{CREATED} - on (plan, customer_id) {CANCELLED}",
        ),
        (f"sum({PAYMENTS}) > 10", "rsolv_billing_payment_processed_total"),
        (f"max_over_time(sum({PAYMENTS})[1h:1m])", "rsolv_billing_payment_processed_total"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"sum(rate({PAYMENTS}[5m]))",
        "sum(rsolv_billing_active_subscriptions)",
        f"sum({PAYMENTS}) - sum({PAYMENTS} offset 1d)",
        f"count({PAYMENTS})",
        "rsolv_billing_payment_processed_total",
        f"sum({DURATION}_sum) / sum({DURATION}_count)",
        f"sum({ACTIVE} and on (plan) {CREATED})",
        "sum(nobody_total)",
        f"sum(increase({CREATED}[1d])) - sum(increase({CANCELLED}[1d]))",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_a_rule_too():
    assert_fault(
        rule=RULE,
        record="sum(rsolv_billing_payment_processed_total)",
        at="rsolv_billing_payment_processed_total",
    )
