"""``rate-of-aggregation``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "rate-of-aggregation"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"rate(sum({PAYMENTS})[5m:1m])", f"rate(sum({PAYMENTS})[5m:1m])"),
        (
            f"100 * increase(sum by (status) ({PAYMENTS})[1h:])",
            f"increase(sum by (status) ({PAYMENTS})[1h:])",
        ),
        (f"irate(avg(rate({PAYMENTS}[5m]))[5m:1m])", f"irate(avg(rate({PAYMENTS}[5m]))[5m:1m])"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"sum(rate({PAYMENTS}[5m]))",
        f"max_over_time(sum(rate({PAYMENTS}[5m]))[1h:1m])",
        f"rate({PAYMENTS}[5m:1m])",
        f"rate(topk(3, {PAYMENTS})[5m:1m])",
        "rate(shop:sales:sum[5m])",
        f"deriv(sum({ACTIVE})[1h:1m])",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_copies_of_one_counter_are_merged_by_max():
    finding = assert_fault(
        rule=RULE, expr="rate(max by (status) (rsolv_billing_payment_processed_total)[5m:1m])"
    )
    assert finding.severity is Severity.WARNING


def test_a_recording_rule_that_aggregates():
    recorded = {"record": "shop:sales:sum", "expr": "sum(rsolv_billing_payment_processed_total)"}
    files = {
        "rules.yaml": {"groups": [{"name": "shop", "rules": [recorded]}]},
        "shop.json": dashboard(panel("rate(shop:sales:sum[5m])")),
    }
    finding = assert_fault(rule=RULE, files=files, at="rate(shop:sales:sum[5m])")
    assert "the recording rule shop:sales:sum" in finding.message


def test_a_recording_rule_that_renames():
    recorded = {"record": "shop:sales:total", "expr": "rsolv_billing_payment_processed_total"}
    files = {
        "rules.yaml": {"groups": [{"name": "shop", "rules": [recorded]}]},
        "shop.json": dashboard(panel("rate(shop:sales:total[5m])")),
    }
    assert_clean(rule=RULE, files=files)
