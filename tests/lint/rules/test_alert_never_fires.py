"""``alert-never-fires``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "alert-never-fires"
P95 = "histogram_quantile(0.95, sum by (le) (rate(rsolv_billing_payment_processed_duration_milliseconds_bucket[5m])))"
FAILED = 'sum(rate(rsolv_billing_payment_processed_total{status="failed"}[5m]))'
PAYMENTS = "sum(rate(rsolv_billing_payment_processed_total[5m]))"


@pytest.mark.parametrize(
    ("expr", "at", "said"),
    [
        (f"{P95} > 20000", "> 20000", "10000"),
        (f"20000 < {P95}", "20000 <", "10000"),
        (f"{FAILED} / ({PAYMENTS} > 0) > 10", "> 10", "1"),
        ("count(up) == 0", "== 0", "1"),
        ("increase(rsolv_billing_invoice_paid_total[1h]) < 0", "< 0", "0"),
        ("up > 1", "> 1", "1"),
        ("rsolv_billing_active_subscriptions > 100 < 5", "< 5", "100"),
        ("sum by (plan) (count by (plan) (rsolv_billing_active_subscriptions) < 1) > 3", "< 1", "1"),
        ("hour() > 24 and on () up == 0", "> 24", "23"),
        ("rsolv_billing_active_subscriptions == NaN", "== NaN", "NaN"),
        ("unknown_metric > 5 and unknown_metric < 3", "< 3", "> 5"),
        ("up == 0 unless up == 0", "unless up == 0", "same"),
        ("rate(unknown_total[5m] offset -1h) > 5", "-1h", "future"),
        ("unknown offset -10m > 5", "-10m", "future"),
    ],
)
def test_a_condition_that_is_never_true(expr, at, said):
    finding = assert_fault(rule=RULE, alert=expr, at=at)
    assert finding.severity.value == "error"
    assert finding.pointer == "/groups/0/rules/0/expr"
    assert said in finding.message


def test_half_of_a_condition():
    finding = assert_fault(rule=RULE, alert="up == 0 or count(up) < 1", at="< 1")
    assert finding.severity.value == "warning"
    assert "absent" in finding.remedy


def test_it_waits_longer_than_the_hours_that_it_asks_for():
    finding = assert_fault(
        rule=RULE,
        alert={"expr": "up == 0 and on () (hour() >= 8 < 20)", "for": "12h"},
        at="/groups/0/rules/0/for",
    )
    assert "12 hours" in finding.message


@pytest.mark.parametrize(
    ("expr", "hours"),
    [
        ("hour() >= 22 or on () hour() < 3", 30),
        ("hour() >= 8 < 20", 6),
        ("hour() >= 0", 48),
        ("max_over_time((hour() > 5 < 9)[1d:])", 9),
        ("hour() != 3", 22),
    ],
)
def test_a_wait_that_fits(expr, hours):
    assert_clean(rule=RULE, alert={"expr": f"({expr}) and on () up == 0", "for": f"{hours}h"})


@pytest.mark.parametrize(
    "expr",
    [
        f"{P95} > 1000",
        f"{FAILED} / ({PAYMENTS} > 0) > 0.25",
        "unknown_metric > 1e9",
        "(count(up) or vector(0)) == 0",
        "absent(up) == 1",
        "unknown_metric > 5 and on (job) unknown_metric < 3",
        "unknown_metric > 5 and other_metric < 3",
        "unknown_metric < 3 or unknown_metric > 5",
        "up == 0 unless on (job) up == 1",
        "unknown_metric != NaN",
        "rate(unknown_total[5m] offset 1h) > 5",
        "unknown offset -1m > 5",
        "predict_linear(rsolv_billing_active_subscriptions[1h], 3600) < 0",
        "max_over_time((unknown offset -1h)[2h:]) > 5",
        "up >",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, alert=expr)
