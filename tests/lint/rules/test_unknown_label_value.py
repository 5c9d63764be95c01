"""``unknown-label-value``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault, findings

RULE = "unknown-label-value"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"
DURATION = "rsolv_billing_payment_processed_duration_milliseconds"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f'sum(rate({PAYMENTS}{{status="failure"}}[5m]))', '"failure"'),
        (f'{ACTIVE}{{plan=~"pro|premium"}}', "premium"),
        (f'{ACTIVE}{{plan!="premium"}}', '"premium"'),
        (f'{ACTIVE}{{plan=~"prem.+"}}', '"prem.+"'),
        (f'rate({DURATION}_bucket{{le="300"}}[5m])', '"300"'),
        (f'{ACTIVE}{{plan=~"(pro|premium)"}}', "premium"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f'{PAYMENTS}{{status="failed"}}',
        f'{PAYMENTS}{{status="unknown"}}',
        f'{PAYMENTS}{{customer_id="somebody"}}',
        f'{ACTIVE}{{plan=~"$plan"}}',
        f'{ACTIVE}{{plan=~"p.+"}}',
        f'{ACTIVE}{{plan=~"pro|trial|"}}',
        f'{DURATION}_bucket{{le="100.0"}}',
        f'{DURATION}_bucket{{le="+Inf"}}',
        f'{ACTIVE}{{plan!~"prem.+"}}',
        'nobody{plan="premium"}',
        f'{ACTIVE}{{plan!=""}}',
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_how_much_it_weighs():
    none, some = '{plan=~"premium"}', '{plan=~"pro|premium"}'
    assert assert_fault(rule=RULE, expr=f"{ACTIVE}{none}").severity is Severity.ERROR
    assert assert_fault(rule=RULE, expr=f"{ACTIVE}{some}").severity is Severity.WARNING


def test_what_was_meant_is_named():
    finding = assert_fault(rule=RULE, expr=f'{ACTIVE}{{plan="payasyougo"}}')
    assert finding.remedy == 'write "pay_as_you_go"'


def test_each_wrong_alternative():
    assert len(findings(rule=RULE, expr=f'{ACTIVE}{{plan=~"gold|premium"}}')) == 2
