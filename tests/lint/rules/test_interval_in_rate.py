"""``interval-in-rate``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, panel

RULE = "interval-in-rate"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"rate({PAYMENTS}[$__interval])", "$__interval"),
        (f"sum(increase({PAYMENTS}[${{__interval}}]))", "${__interval}"),
        (f'sum by (status) (irate({PAYMENTS}{{status=~"$s"}}[$__interval]))', "$__interval"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"rate({PAYMENTS}[$__rate_interval])",
        f"max_over_time({ACTIVE}[$__interval])",
        f"rate({PAYMENTS}[$interval])",
        f"rate({PAYMENTS}[5m])",
        f"sum(rate({PAYMENTS}[5m])) * $__interval_ms",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_a_minimum_step_of_four_scrapes_is_enough():
    shown = panel("increase(rsolv_billing_payment_processed_total[$__interval])")
    assert_clean(rule=RULE, panel={**shown, "interval": "1m"})
    assert_fault(rule=RULE, panel={**shown, "interval": "15s"})
    assert_fault(rule=RULE, panel={**shown, "interval": "$step"})
