"""``quantile-without-le``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "quantile-without-le"
ACTIVE = "rsolv_billing_active_subscriptions"
DURATION = "rsolv_billing_payment_processed_duration_milliseconds"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (
            f"histogram_quantile(0.95, sum by (payment_method) (rate({DURATION}_bucket[5m])))",
            "by (payment_method)",
        ),
        (f"histogram_quantile(0.95, sum(rate({DURATION}_bucket[5m])))", "sum"),
        (f"histogram_quantile(0.95, sum without (le) (rate({DURATION}_bucket[5m])))", "without (le)"),
        ("histogram_quantile(0.95, sum by (job) (rate(nobody_knows_bucket[5m])))", "by (job)"),
        (f"histogram_quantile(95, sum by (le) (rate({DURATION}_bucket[5m])))", "95"),
        (f"histogram_quantile(-0.5, sum by (le) (rate({DURATION}_bucket[5m])))", "-0.5"),
        (
            f"histogram_quantile(0.95, sum by (payment_method) (rate({DURATION}_count[5m])))",
            f"{DURATION}_count",
        ),
        (f"histogram_quantile(0.95, {ACTIVE})", "rsolv_billing_active_subscriptions"),
        (f'histogram_quantile(0.95, rate({DURATION}_bucket{{le="100"}}[5m]))', 'le="100"'),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"histogram_quantile(0.95, sum by (le) (rate({DURATION}_bucket[5m])))",
        f"histogram_quantile($q, sum by (le, payment_method) (rate({DURATION}_bucket[5m])))",
        "histogram_quantile(0.9, sum(rate(native_seconds[5m])))",
        f"histogram_quantile(1, rate({DURATION}_bucket[5m]))",
        f"histogram_quantile(0.95, sum by ($by) (rate({DURATION}_bucket[5m])))",
        f"histogram_quantile(0.95, sum without (customer_id) (rate({DURATION}_bucket[5m])))",
        f"sum(rate({DURATION}_bucket[5m]))",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_a_percentage_is_written_as_a_part():
    expr = "histogram_quantile(95, sum by (le) (rate(nobody_knows_bucket[5m])))"
    finding = assert_fault(rule=RULE, expr=expr, known=None)
    assert finding.remedy.endswith("0.95")
    assert "plus infinity" in finding.message
