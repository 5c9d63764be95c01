"""``reduce-unfit``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault, panel, target

RULE = "reduce-unfit"
AT = "/panels/0/options/reduceOptions/calcs/0"
RATE = "sum(rate(rsolv_billing_invoice_paid_total[5m]))"
P95 = "histogram_quantile(0.95, sum by (le) (rate(rsolv_billing_payment_processed_duration_milliseconds_bucket[5m])))"
SHARE = f"{RATE} / sum(rate(rsolv_billing_subscription_created_total[5m]) > 0)"


def shown(calc, expr, kind="stat", **fields):
    return panel(expr, type=kind, options={"reduceOptions": {"calcs": [calc], "values": False}}, **fields)


@pytest.mark.parametrize(
    ("calc", "expr", "because"),
    [
        ("sum", RATE, "number of points"),
        ("sum", P95, "percentiles"),
        ("mean", P95, "percentiles"),
        ("mean", SHARE, "ratios"),
        ("sum", SHARE, "ratios"),
        ("sum", "sum(increase(rsolv_billing_invoice_paid_total[1h]))", "several times"),
        ("total", "sum(rsolv_billing_active_subscriptions)", "gauge"),
    ],
)
def test_a_calculation_that_does_not_fit(calc, expr, because):
    finding = assert_fault(rule=RULE, panel=shown(calc, expr), at=AT)
    assert because in finding.message


@pytest.mark.parametrize("kind", ["gauge", "bargauge", "piechart"])
def test_every_panel_of_one_number(kind):
    assert_fault(rule=RULE, panel=shown("sum", RATE, kind), at=AT)


def test_a_calculation_that_grafana_does_not_have():
    assert assert_fault(rule=RULE, panel=shown("lastNotNul", "up"), at=AT).severity is Severity.ERROR


@pytest.mark.parametrize(
    "fields",
    [
        shown("lastNotNull", P95),
        shown("mean", RATE),
        shown("mean", "sum(rsolv_billing_active_subscriptions)"),
        shown("sum", "sum(increase(rsolv_billing_invoice_paid_total[$__interval]))"),
        shown("sum", "sum(rate(rsolv_billing_invoice_paid_total[5m])) * $__interval_ms / 1000"),
        shown("sum", "nobody_knows"),
        shown("p95", RATE),
        shown("sum", RATE, targets=[target(RATE, instant=True, range=False)]),
        shown("sum", RATE, "timeseries"),
        panel(RATE, type="stat", options={"reduceOptions": {"calcs": ["sum"], "values": True}}),
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, panel=fields)
