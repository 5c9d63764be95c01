"""``fixed-range``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, panel, target

RULE = "fixed-range"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"rate({PAYMENTS}[5m])", "5m"),
        (f'sum(increase({PAYMENTS}{{status="failed"}}[1h]))', "1h"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"rate({PAYMENTS}[$__rate_interval])",
        f"rate({PAYMENTS}[$window])",
        f"max_over_time({ACTIVE}[1h])",
        f"rate({PAYMENTS}[5m:1m])",
        "rsolv_billing_active_subscriptions",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_one_number_may_have_a_fixed_window():
    query = target("sum(increase(rsolv_billing_payment_processed_total[24h]))", range=False, instant=True)
    assert_clean(rule=RULE, panel=panel(query, type="stat"))


def test_so_may_an_alert():
    assert_clean(rule=RULE, alert="rate(rsolv_billing_payment_processed_total[5m]) > 5")
