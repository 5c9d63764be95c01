"""``vector-matching``."""

from __future__ import annotations

import pytest

from staging_validation.lint.knowledge import from_exposition
from tests.lint.support import assert_clean, assert_fault

RULE = "vector-matching"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"
CREATED = "rsolv_billing_subscription_created_total"
CANCELLED = "rsolv_billing_subscription_cancelled_total"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"sum by (plan) (rate({CREATED}[5m])) / on (tier) sum by (plan) (rate({CANCELLED}[5m]))", "tier"),
        (f"sum by (plan) (rate({CREATED}[5m])) and sum by (status) (rate({PAYMENTS}[5m]))", "and"),
        (
            f"sum by (plan, status) (rate({CREATED}[5m])) / on (plan) group_left (tier) sum by (plan) ({ACTIVE})",
            "tier",
        ),
        (f"sum by (plan, status) (rate({CREATED}[5m])) / on (plan) sum by (plan) ({ACTIVE})", "on (plan)"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"sum by (plan) (rate({CREATED}[5m])) / on () group_left () sum(rate({CREATED}[5m]))",
        f"sum by (plan) (rate({CREATED}[5m])) / sum by (plan) ({ACTIVE})",
        "a_total / b_total",
        "sum by (a) (x) / on (a) group_left (b) y",
        "100 * rsolv_billing_active_subscriptions",
        f"sum by ($by) (rate({CREATED}[5m])) / sum(rate({CREATED}[5m]))",
        f"sum by (plan) ({ACTIVE}) or vector(0)",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_sides_that_are_wrong_themselves_are_left_to_other_rules():
    assert_clean(rule=RULE, expr=f"sum by (tier) (rate({CREATED}[5m])) / sum by (plan) (rate({CREATED}[5m]))")
    assert_clean(rule=RULE, expr=f'rate({CREATED}{{tier="1"}}[5m]) / rate({CREATED}[5m])')


def test_the_operator_between_sides_of_different_labels():
    finding = assert_fault(rule=RULE, expr=f"sum by (plan) (rate({CREATED}[5m])) / sum(rate({CREATED}[5m]))")
    assert finding.expr[slice(*finding.span)] == "/"


def test_a_scrape_may_add_labels_to_a_learned_metric():
    learned = from_exposition('a_total{code="1"} 5\nb_total{code="1"} 5\n')
    assert_clean(rule=RULE, expr="rate(a_total[5m]) / on (team) rate(b_total[5m])", known=learned)


def test_what_only_one_of_two_learned_metrics_has():
    learned = from_exposition('a_total{code="1"} 5\nb_total{pod="a"} 5\n')
    assert_fault(
        rule=RULE, expr="rate(a_total[5m]) / on (pod, code) rate(b_total[5m])", at="code", known=learned
    )
    assert_clean(rule=RULE, expr="rate(a_total[5m]) / on (pod) rate(b_total[5m])", known=learned)
