"""``quantile-not-aggregated``."""

from __future__ import annotations

import pytest

from staging_validation.promql.known import KnownMetric, KnownMetrics, LabelValues, MetricKind
from tests.lint.support import assert_clean, assert_fault, panel, target

RULE = "quantile-not-aggregated"
DURATION = "rsolv_billing_payment_processed_duration_milliseconds"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"histogram_quantile(0.95, rate({DURATION}_bucket[5m]))", f"rate({DURATION}_bucket[5m])"),
        (
            f'histogram_quantile(0.95, rate({DURATION}_bucket{{payment_method="card", customer_id=~"$c"}}[5m]))',
            f'rate({DURATION}_bucket{{payment_method="card", customer_id=~"$c"}}[5m])',
        ),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"histogram_quantile(0.95, sum by (le) (rate({DURATION}_bucket[5m])))",
        f'histogram_quantile(0.95, rate({DURATION}_bucket{{customer_id="pro_active"}}[5m]))',
        f"max by (payment_method) (histogram_quantile(0.95, rate({DURATION}_bucket[5m])))",
        "histogram_quantile(0.95, rate(nobody_knows_bucket[5m]))",
        f'histogram_quantile(0.95, rate({DURATION}_bucket{{customer_id="$c"}}[5m]))',
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_what_the_legend_names_is_meant():
    query = target(
        f"histogram_quantile(0.9, rate({DURATION}_bucket[5m]))",
        legendFormat="{{customer_id}} {{payment_method}}",
    )
    assert_clean(rule=RULE, panel=panel(query))


def test_an_alert_for_each_series_is_meant_where_nobody_wrote_down_what_there_is():
    alert = f"histogram_quantile(0.9, rate({DURATION}_bucket[5m])) > 100"
    assert_fault(rule=RULE, alert=alert)
    values = LabelValues(frozenset("abcdefgh"), open=True)
    learned = KnownMetric(DURATION, MetricKind.HISTOGRAM, labels={"server": values}, buckets=(1.0,))
    assert_clean(rule=RULE, alert=alert, known=KnownMetrics([learned]))
