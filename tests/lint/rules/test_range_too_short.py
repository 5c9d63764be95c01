"""``range-too-short``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault

RULE = "range-too-short"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"rate({PAYMENTS}[20s])", "20s"),
        (f"sum(increase({PAYMENTS}[30s]))", "30s"),
        (f"max_over_time({ACTIVE}[10s])", "10s"),
        ("irate(nobody_knows[15s])", "15s"),
        (f"rate({PAYMENTS}[2m:1m])", "2m"),
        (f"avg_over_time({ACTIVE}[30s:1m])", "30s"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"rate({PAYMENTS}[1m])",
        f"rate({PAYMENTS}[$__interval])",
        f"rate({PAYMENTS}[$__rate_interval])",
        f"max_over_time({ACTIVE}[15s])",
        f"rate({PAYMENTS}[30s:])",
        f"avg_over_time({ACTIVE}[10m:1m])",
        f"rate({PAYMENTS}[$window])",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


@pytest.mark.parametrize(("window", "severity"), [("20s", Severity.ERROR), ("45s", Severity.WARNING)])
def test_two_scrapes_are_needed_and_four_are_safe(window, severity):
    finding = assert_fault(
        rule=RULE, expr=f"rate(rsolv_billing_payment_processed_total[{window}])", at=window
    )
    assert finding.severity is severity


def test_the_scrape_interval_decides():
    expr = "rate(rsolv_billing_payment_processed_total[1m])"
    finding = assert_fault(rule=RULE, expr=expr, at="1m", scrape_interval_seconds=60)
    assert "write at least 4m" in finding.remedy
    assert_clean(rule=RULE, expr=expr, scrape_interval_seconds=10)


def test_an_alert_too():
    assert_fault(rule=RULE, alert="rate(rsolv_billing_payment_processed_total[15s]) > 5", at="15s")
