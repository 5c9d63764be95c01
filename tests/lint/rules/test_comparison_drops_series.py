"""``comparison-drops-series``."""

from __future__ import annotations

import pytest

from staging_validation.lint.knowledge import from_exposition
from tests.lint.support import assert_clean, assert_fault

RULE = "comparison-drops-series"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"
CREATED = "rsolv_billing_subscription_created_total"
CANCELLED = "rsolv_billing_subscription_cancelled_total"
DURATION = "rsolv_billing_payment_processed_duration_milliseconds"
INVOICED = "rsolv_billing_invoice_paid_amount_cents"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (
            f'100 * sum(increase({PAYMENTS}{{status="failed"}}[$__range])) / (sum(increase({PAYMENTS}[$__range])) > 0)',
            f'sum(increase({PAYMENTS}{{status="failed"}}[$__range]))',
        ),
        (
            f"sum(increase({CREATED}[$__range])) - sum(increase({CANCELLED}[$__range]))",
            f"sum(increase({CANCELLED}[$__range]))",
        ),
        (
            f"sum(increase({CANCELLED}[$__range])) / (sum(increase({CREATED}[$__range])) > 0)",
            f"sum(increase({CANCELLED}[$__range]))",
        ),
        (
            f"sum(increase({CREATED}[$__range])) - (sum(increase({CANCELLED}[$__range])) or vector(0))",
            f"sum(increase({CREATED}[$__range]))",
        ),
        (
            f"sum by (plan) (rate({CREATED}[5m])) - sum by (plan) (rate({CANCELLED}[5m]))",
            f"sum by (plan) (rate({CANCELLED}[5m]))",
        ),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f'100 * (sum(rate({PAYMENTS}{{status="failed"}}[5m])) or vector(0)) / (sum(rate({PAYMENTS}[5m])) > 0)',
        f"sum(increase({DURATION}_sum[$__range])) / (sum(increase({DURATION}_count[$__range])) > 0)",
        f"sum(increase({INVOICED}_sum[$__range])) / 100",
        f"sum({ACTIVE}) / on () group_left () sum({ACTIVE})",
        "rate(errors_total[5m]) / rate(requests_total[5m])",
        f"sum(increase({CREATED}[$__range])) > sum(increase({CANCELLED}[$__range]))",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_an_alert_wants_no_data_where_all_is_well():
    failed = 'rsolv_billing_payment_processed_total{status="failed"}'
    expr = f"sum(rate({failed}[5m])) / sum(rate(rsolv_billing_payment_processed_total[5m])) > 0.1"
    assert_clean(rule=RULE, alert=expr)
    assert_clean(rule=RULE, expr=expr)


def test_of_a_learned_metric_we_saw_the_series():
    learned = from_exposition('a_total{code="200"} 5\na_total{code="500"} 5\n')
    assert_clean(rule=RULE, expr='sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total[5m]))', known=learned)
