"""``grouping-label-absent``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from staging_validation.lint.knowledge import from_exposition
from tests.lint.support import assert_clean, assert_fault

RULE = "grouping-label-absent"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"
CREATED = "rsolv_billing_subscription_created_total"
DURATION = "rsolv_billing_payment_processed_duration_milliseconds"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"sum by (plan) (rate({PAYMENTS}[5m]))", "plan"),
        (f"sum by (status, plaan) (rate({CREATED}[5m]))", "plaan"),
        (f"max by (plan) (sum by (status) (rate({CREATED}[5m])))", "plan"),
        (f"sum without (tier) ({ACTIVE})", "tier"),
        ("sum by (pod) (sum by (job) (rate(nobody_knows[5m])))", "pod"),
        (f"sum by (le) (rate({DURATION}_count[5m]))", "le"),
        (f"sum by (tier) (sum by (tier) ({ACTIVE}))", "tier"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"sum by (plan) ({ACTIVE})",
        f"sum by (job, instance, validation_run) ({ACTIVE})",
        "sum by (pod) (rate(nobody_knows[5m]))",
        f"sum by ($by) ({ACTIVE})",
        f"sum by (le) (rate({DURATION}_bucket[5m]))",
        f"sum without (customer_id) (rate({CREATED}[5m]))",
        f'sum by (tier) (label_replace({ACTIVE}, "tier", "$1", "plan", "(.*)"))',
        f"sum by (plan) ({ACTIVE} or vector(0))",
        "sum by (anything) (up)",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_who_took_it_away_is_named():
    finding = assert_fault(rule=RULE, expr=f"max by (plan) (sum by (status) (rate({CREATED}[5m])))")
    assert "`by (status)` took it away" in finding.message
    assert finding.severity is Severity.ERROR


def test_without_an_absent_label_nothing_changes():
    finding = assert_fault(rule=RULE, expr=f"sum without (tier) (rate({CREATED}[5m]))")
    assert finding.severity is Severity.WARNING


def test_the_bound_that_a_quantile_is_missing_is_found_by_another_rule():
    assert_clean(rule=RULE, expr=f"histogram_quantile(0.9, sum by (le) (rate({CREATED}[5m])))")


def test_a_scrape_may_add_labels_to_a_learned_metric():
    learned = from_exposition('a_total{code="1"} 5\nb_total{kind="1"} 5\n')
    assert_clean(rule=RULE, expr="sum by (team) (rate(a_total[5m]))", known=learned)
    assert_fault(rule=RULE, expr="sum by (kind) (rate(a_total[5m]))", at="kind", known=learned)
