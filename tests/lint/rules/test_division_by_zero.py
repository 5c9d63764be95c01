"""``division-by-zero``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from staging_validation.lint.knowledge import from_exposition
from tests.lint.support import assert_clean, assert_fault, panel

RULE = "division-by-zero"
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
            f'sum(rate({PAYMENTS}{{status="failed"}}[5m])) / sum(rate({PAYMENTS}[5m]))',
            f"sum(rate({PAYMENTS}[5m]))",
        ),
        (
            f"100 * sum(increase({CANCELLED}[$__range])) / sum(increase({CREATED}[$__range]))",
            f"sum(increase({CREATED}[$__range]))",
        ),
        (f"rate({DURATION}_sum[5m]) / rate({DURATION}_count[5m])", f"rate({DURATION}_count[5m])"),
        (f"avg(rate({DURATION}_sum[5m]) / rate({DURATION}_count[5m])) > 5", f"rate({DURATION}_count[5m])"),
        (
            f"sum(increase({CANCELLED}[$__range])) / sum(increase({CREATED}[$__range])) or vector(0)",
            f"sum(increase({CREATED}[$__range]))",
        ),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"sum(increase({CANCELLED}[$__range])) / (sum(increase({CREATED}[$__range])) > 0)",
        f"sum(increase({CANCELLED}[$__range])) / clamp_min(sum(increase({CREATED}[$__range])), 1)",
        f"sum(increase({INVOICED}_sum[$__range])) / 100",
        f"sum(increase({CANCELLED}[$__range])) / sum(increase({CREATED}[$__range])) and sum({CREATED}) > 0",
        f'sum(rate({PAYMENTS}{{status="failed"}}[5m])) / sum(rate({PAYMENTS}[5m])) > 0.1',
        f"sum(increase({CANCELLED}[$__range])) / count({ACTIVE})",
        f"sum(increase({CANCELLED}[$__range])) / sum({ACTIVE})",
        "node_memory_free_bytes / node_memory_total_bytes",
        f"sum(increase({CANCELLED}[$__range])) / (sum(increase({CREATED}[$__range])) != 0)",
        f"sum(increase({CANCELLED}[$__range])) / (sum(increase({CREATED}[$__range])) + 1)",
        f"sum(increase({PAYMENTS}[$__range])) / $__range_s",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_an_alert_and_infinity():
    created, cancelled = (
        "rsolv_billing_subscription_created_total",
        "rsolv_billing_subscription_cancelled_total",
    )
    expr = f"sum(rate({cancelled}[5m])) / sum(rate({created}[5m])) > 0.1"
    assert_fault(rule=RULE, alert=expr, at=f"sum(rate({created}[5m]))")


def test_what_a_recording_rule_keeps_is_what_it_computes():
    record = {
        "record": "shop:created:rate5m",
        "expr": "sum(rate(rsolv_billing_subscription_created_total[5m]))",
    }
    alert = {
        "alert": "Many",
        "expr": "sum(rate(rsolv_billing_subscription_cancelled_total[5m])) / shop:created:rate5m > 1",
    }
    rules = {"groups": [{"name": "shop", "rules": [record, alert]}]}
    assert_fault(rule=RULE, files={"rules.yaml": rules}, at="shop:created:rate5m")


def test_a_recorded_part_of_its_whole_is_no_infinity():
    record = {
        "record": "status:paid:rate5m",
        "expr": "sum by (status) (rate(rsolv_billing_payment_processed_total[5m]))",
    }
    alert = {
        "alert": "Many",
        "expr": 'sum(status:paid:rate5m{status="failed"}) / sum(status:paid:rate5m) > 0.1',
    }
    rules = {"groups": [{"name": "shop", "rules": [record, alert]}]}
    assert_clean(rule=RULE, files={"rules.yaml": rules})


@pytest.mark.parametrize(("kind", "severity"), [("timeseries", Severity.INFO), ("stat", Severity.WARNING)])
def test_a_gap_in_a_line_weighs_less_than_nan_in_a_number(kind, severity):
    learned = from_exposition("# TYPE a_total counter\na_total 1\n# TYPE b_total counter\nb_total 5\n")
    shown = panel("sum(rate(a_total[5m])) / sum(rate(b_total[5m]))", type=kind)
    assert assert_fault(rule=RULE, panel=shown, known=learned).severity is severity
