"""``quantile-of-mixed-buckets``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "quantile-of-mixed-buckets"
DURATION = "rsolv_billing_payment_processed_duration_milliseconds"
AMOUNT = "rsolv_billing_payment_processed_amount_cents"
INVOICED = "rsolv_billing_invoice_paid_amount_cents"
CREATION = "rsolv_billing_subscription_created_duration_milliseconds"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (
            f"histogram_quantile(0.9, sum by (le) (rate({DURATION}_bucket[5m]) or rate({CREATION}_bucket[5m])))",
            f"{CREATION}_bucket",
        ),
        (
            f"histogram_quantile(0.9, sum by (le) ({DURATION}_bucket) + sum by (le) ({CREATION}_bucket))",
            f"{CREATION}_bucket",
        ),
        (
            'histogram_quantile(0.9, sum by (le) (rate({__name__=~"rsolv_billing_.+_milliseconds_bucket"}[5m])))',
            '"rsolv_billing_.+_milliseconds_bucket"',
        ),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"histogram_quantile(0.9, sum by (le) (rate({DURATION}_bucket[5m])))",
        f"histogram_quantile(0.9, sum by (le) (rate({AMOUNT}_bucket[5m])) + sum by (le) (rate({INVOICED}_bucket[5m])))",
        f"histogram_quantile(0.9, rate({DURATION}_bucket[5m])) / histogram_quantile(0.9, rate({CREATION}_bucket[5m]))",
        'histogram_quantile(0.9, rate({__name__=~"$metric"}[5m]))',
        "histogram_quantile(0.9, sum by (le) (rate(one_bucket[5m]) or rate(two_bucket[5m])))",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)
