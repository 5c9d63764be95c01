"""``rate-on-gauge``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, check

RULE = "rate-on-gauge"


@pytest.mark.parametrize("function", ["rate", "irate"])
def test_a_counter_function_of_a_gauge(function):
    finding = assert_fault(
        rule=RULE,
        expr=f'sum({function}(rsolv_billing_active_subscriptions{{plan="pro"}}[5m]))',
        at="rsolv_billing_active_subscriptions",
    )
    assert function in finding.message
    assert finding.evidence["metric"] == "rsolv_billing_active_subscriptions"


def test_the_metric_named_inside_the_braces():
    assert_fault(
        rule=RULE,
        expr='rate({__name__="rsolv_billing_active_subscriptions"}[5m])',
        at='{__name__="rsolv_billing_active_subscriptions"}',
    )


def test_behind_a_variable():
    assert_fault(
        rule=RULE,
        expr="sum by ($by) (rate(rsolv_billing_active_subscriptions[$__rate_interval]))",
        at="rsolv_billing_active_subscriptions",
    )


@pytest.mark.parametrize(
    "expr",
    [
        "rate(rsolv_billing_subscription_created_total[5m])",
        "deriv(rsolv_billing_active_subscriptions[5m])",
        "rate(nobody_knows_me[5m])",
        'rate({__name__=~".+"}[5m])',
        "rate(rsolv_billing_active_subscriptions",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_without_a_catalogue_it_is_skipped_and_counted():
    result = check(rule=RULE, expr="rate(rsolv_billing_active_subscriptions[5m])", known=None)
    assert not result.findings
    assert [(skipped.what, skipped.count) for skipped in result.skipped] == [(RULE, 1)]
