"""``pushed-job-label``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "pushed-job-label"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f'{ACTIVE}{{job="billing"}}', 'job="billing"'),
        (f'rate({PAYMENTS}{{instance=~"app.+"}}[5m])', 'instance=~"app.+"'),
        (f"sum by (instance) (rate({PAYMENTS}[5m]))", "instance"),
        (f'{ACTIVE}{{job=~"$job"}}', 'job=~"$job"'),
        (f"{ACTIVE} * on (instance) group_left () {ACTIVE}", "instance"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f'{ACTIVE}{{plan="pro"}}',
        'up{job="billing"}',
        "sum by (instance) (up)",
        f'{ACTIVE}{{instance=""}}',
        f'{ACTIVE}{{job!="billing"}}',
        'nobody{instance="a"}',
        f"sum by (job) ({ACTIVE})",
        f"sum without (instance) ({ACTIVE})",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)
