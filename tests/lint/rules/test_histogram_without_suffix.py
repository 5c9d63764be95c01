"""``histogram-without-suffix``."""

from __future__ import annotations

import pytest

from staging_validation.promql.known import KnownMetric, KnownMetrics, MetricKind
from tests.lint.support import assert_clean, assert_fault

RULE = "histogram-without-suffix"
DURATION = "rsolv_billing_payment_processed_duration_milliseconds"
AMOUNT = "rsolv_billing_payment_processed_amount_cents"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"sum(rate({DURATION}[5m]))", f"{DURATION}"),
        (
            f'histogram_quantile(0.9, sum by (le) (rate({DURATION}{{customer_id=~"$c"}}[$__rate_interval])))',
            f"{DURATION}",
        ),
        (f'{{__name__="{AMOUNT}"}}', f'"{AMOUNT}"'),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"sum(rate({DURATION}_sum[5m]))",
        f"sum by (le) (rate({DURATION}_bucket[5m]))",
        f"sum(increase({AMOUNT}_count[1h]))",
        "rsolv_billing_active_subscriptions",
        "rate(nobody_knows_seconds[5m])",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_a_native_histogram_has_series_of_its_own_name():
    native = KnownMetrics([KnownMetric("wait_seconds", MetricKind.HISTOGRAM)])
    assert_clean(rule=RULE, expr="histogram_quantile(0.9, sum(rate(wait_seconds[5m])))", known=native)


def test_a_summary_does_too():
    summary = KnownMetrics([KnownMetric("wait_seconds", MetricKind.SUMMARY)])
    assert_clean(rule=RULE, expr='wait_seconds{quantile="0.9"}', known=summary)
