"""``needless-regex``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "needless-regex"
ACTIVE = "rsolv_billing_active_subscriptions"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f'{ACTIVE}{{plan=~"pro"}}', 'plan=~"pro"'),
        (f'{ACTIVE}{{plan!~"pro"}}', 'plan!~"pro"'),
        (f'{ACTIVE}{{plan=~"^p.+$"}}', 'plan=~"^p.+$"'),
        (f'{ACTIVE}{{plan=~".*"}}', 'plan=~".*"'),
        (f'{ACTIVE}{{plan=~"^$plan$"}}', 'plan=~"^$plan$"'),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f'{ACTIVE}{{plan=~"pro|trial"}}',
        f'{ACTIVE}{{plan=~"$plan"}}',
        f'{ACTIVE}{{plan="pro"}}',
        f'{ACTIVE}{{plan=~"p.+"}}',
        f'{ACTIVE}{{plan=~".+"}}',
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_what_to_write_instead():
    assert assert_fault(rule=RULE, expr='up{job=~"a-b"}').remedy == 'write job="a-b"'
    assert assert_fault(rule=RULE, expr='up{job!~"a"}').remedy == 'write job!="a"'
    assert assert_fault(rule=RULE, expr='up{job=~"^a.*"}').remedy == 'write "a.*"'
