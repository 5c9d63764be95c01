"""``multi-value-equals``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, dashboard, panel, variable

RULE = "multi-value-equals"

MANY = variable(multi=True)


def content(expr, variables=(MANY,), **fields):
    return dashboard(panel(expr, **fields), variables=variables)


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        ('sum(up{job="x", plan="$plan"})', 'plan="$plan"'),
        ('up{plan!="${plan}"}', 'plan!="${plan}"'),
        ('up{plan="prefix-$plan"}', 'plan="prefix-$plan"'),
        ("sum by ($plan) (up)", "$plan"),
        ("rate(up[$plan])", "$plan"),
        ("$plan{job='x'}", "$plan"),
    ],
)
def test_one_value_is_needed(expr, at):
    assert_fault(rule=RULE, dashboard=content(expr), at=at)


def test_all_is_several_values():
    assert_fault(
        rule=RULE, dashboard=content('up{plan="$plan"}', [variable(includeAll=True)]), at='plan="$plan"'
    )


def test_in_the_query_of_another_variable():
    job = variable("job", 'label_values(up{plan="$plan"}, job)')
    assert_fault(rule=RULE, dashboard=content("up", [MANY, job]), at='plan="$plan"')


@pytest.mark.parametrize(
    ("expr", "variables", "fields"),
    [
        ('up{plan=~"$plan"} - up{plan!~"$plan"}', [MANY], {}),
        ('up{plan="$plan"}', [variable()], {}),
        ('up{plan="$plan"}', [MANY], {"repeat": "plan"}),
        ("sum by (${plan:csv}) (up)", [MANY], {}),
        ("sum by (${plan:raw}) (up)", [MANY], {}),
        ('label_replace(up, "a", "$plan", "b", ".*")', [MANY], {}),
        ('up{plan="$other"}', [MANY], {}),
    ],
)
def test_clean(expr, variables, fields):
    assert_clean(rule=RULE, dashboard=content(expr, variables, **fields))
