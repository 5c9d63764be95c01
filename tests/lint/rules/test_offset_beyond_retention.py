"""``offset-beyond-retention``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "offset-beyond-retention"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"
KEPT = {"retention_seconds": 15 * 86_400}


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"{ACTIVE} offset 30d", "30d"),
        (f"increase({PAYMENTS}[20d])", "20d"),
        (f"increase({PAYMENTS}[10d] offset 10d)", "10d"),
        ("avg_over_time(up[5m:1m] offset 4w)", "4w"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at, **KEPT)


@pytest.mark.parametrize(
    "expr",
    [
        f"{ACTIVE} offset 7d",
        f"increase({PAYMENTS}[14d])",
        f"increase({PAYMENTS}[$__range])",
        f"{ACTIVE} offset $back",
        "rsolv_billing_active_subscriptions",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr, **KEPT)


def test_it_weighs_the_same_but_says_less_where_some_is_kept():
    partly = assert_fault(rule=RULE, expr="avg_over_time(up[20d])", **KEPT)
    assert "the rest of the window is missing" in partly.message
    wholly = assert_fault(rule=RULE, expr="up offset 20d", **KEPT)
    assert "the panel shows nothing" in wholly.message


def test_without_a_retention_nothing_is_said():
    assert_clean(rule=RULE, expr="up offset 5y")
