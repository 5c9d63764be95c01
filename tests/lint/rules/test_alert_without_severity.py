"""``alert-without-severity``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "alert-without-severity"


@pytest.mark.parametrize(
    ("labels", "at"),
    [
        ({}, "/groups/0/rules/0/labels"),
        ({"team": "billing"}, "/groups/0/rules/0/labels"),
        ({"severity": ""}, "/groups/0/rules/0/labels/severity"),
    ],
)
def test_no_severity(labels, at):
    assert_fault(rule=RULE, alert={"labels": labels}, at=at)


@pytest.mark.parametrize("labels", [{"severity": "critical"}, {"priority": "P1"}])
def test_clean(labels):
    assert_clean(rule=RULE, alert={"labels": labels})


def test_the_query_may_give_it():
    expr = 'label_replace(up == 0, "severity", "critical", "", "")'
    assert_clean(rule=RULE, alert={"expr": expr, "labels": {}})


def test_the_group_may_give_it():
    group = """
groups:
  - name: shop
    labels: {severity: warning}
    rules:
      - alert: Down
        expr: up == 0
"""
    assert_clean(rule=RULE, rules=group)
