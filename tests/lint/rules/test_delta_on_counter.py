"""``delta-on-counter``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "delta-on-counter"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"
DURATION = "rsolv_billing_payment_processed_duration_milliseconds"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"sum(delta({PAYMENTS}[1h]))", f"delta({PAYMENTS}"),
        (f'deriv({PAYMENTS}{{status="failed"}}[1h])', f'deriv({PAYMENTS}{{status="failed"}}'),
        (f"predict_linear({PAYMENTS}[1h], 3600)", f"predict_linear({PAYMENTS}"),
        (f"idelta({DURATION}_count[5m])", f"idelta({DURATION}_count"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"increase({PAYMENTS}[1h])",
        f"delta({ACTIVE}[1h])",
        f"deriv({ACTIVE}[1h])",
        "delta(nobody_knows[1h])",
        f"deriv(sum(rate({PAYMENTS}[5m]))[1h:1m])",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)
