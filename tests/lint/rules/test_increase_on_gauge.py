"""``increase-on-gauge``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "increase-on-gauge"
ACTIVE = "rsolv_billing_active_subscriptions"
CREATED = "rsolv_billing_subscription_created_total"
DURATION = "rsolv_billing_payment_processed_duration_milliseconds"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"sum(increase({ACTIVE}[1h]))", "rsolv_billing_active_subscriptions"),
        (f'resets({ACTIVE}{{plan="pro"}}[1d])', "rsolv_billing_active_subscriptions"),
        (f"increase({ACTIVE}[1h:1m])", "rsolv_billing_active_subscriptions"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"increase({CREATED}[1h])",
        f"delta({ACTIVE}[1h])",
        f"changes({ACTIVE}[1h])",
        "increase(nobody_knows[1h])",
        f"increase({DURATION}_count[1h])",
        f"rate({ACTIVE}[5m])",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)
