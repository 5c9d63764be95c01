"""``average-of-quantiles``."""

from __future__ import annotations

import pytest

from staging_validation.promql.known import KnownMetric, KnownMetrics, MetricKind
from tests.lint.support import assert_clean, assert_fault

RULE = "average-of-quantiles"
ACTIVE = "rsolv_billing_active_subscriptions"
DURATION = "rsolv_billing_payment_processed_duration_milliseconds"
QUANTILE = f"histogram_quantile(0.95, sum by (le, payment_method) (rate({DURATION}_bucket[5m])))"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"avg({QUANTILE})", f"avg({QUANTILE})"),
        (f"100 * sum({QUANTILE}) / 2", f"sum({QUANTILE})"),
        (f"avg_over_time({QUANTILE}[1h:1m])", f"avg_over_time({QUANTILE}[1h:1m])"),
        (
            'avg by (job) (go_gc_duration_seconds{quantile="0.75"})',
            'avg by (job) (go_gc_duration_seconds{quantile="0.75"})',
        ),
        (f"avg({QUANTILE} + {QUANTILE})", f"avg({QUANTILE} + {QUANTILE})"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        QUANTILE,
        f"max({QUANTILE})",
        f"count({QUANTILE} > 500)",
        f"sum({QUANTILE} > bool 500)",
        f"max_over_time({QUANTILE}[1h:1m])",
        f"avg({ACTIVE} and {QUANTILE})",
        "avg(rsolv_billing_active_subscriptions)",
        f"avg(rate({DURATION}_sum[5m]))",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_a_summary_without_a_matcher():
    summary = KnownMetrics([KnownMetric("wait_seconds", MetricKind.SUMMARY)])
    assert_fault(rule=RULE, expr="sum by (quantile) (wait_seconds)", known=summary)
    assert_clean(rule=RULE, expr="sum(rate(wait_seconds_sum[5m]))", known=summary)
