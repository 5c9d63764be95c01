"""``target-not-checked``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault, dashboard, panel, target

RULE = "target-not-checked"


@pytest.mark.parametrize("kind", ["loki", "mysql", "cloudwatch"])
def test_another_data_source(kind):
    other = {"refId": "A", "datasource": {"type": kind, "uid": "x"}, "expr": "{app=~`shop`} |= `error`"}
    finding = assert_fault(rule=RULE, panel={"targets": [other]}, at="/panels/0/targets/0")
    assert finding.severity is Severity.INFO
    assert kind in finding.message


def test_a_variable_that_decides_over_the_structure():
    variables = [
        {"name": "fn", "type": "custom", "query": "sum,avg", "current": {"value": "sum", "text": "sum"}}
    ]
    content = dashboard(panel("$fn(up)"), variables=variables)
    finding = assert_fault(rule=RULE, dashboard=content, at="/panels/0/targets/0/expr")
    assert "structure" in finding.message


@pytest.mark.parametrize(
    "other",
    [
        target("up"),
        {"refId": "A", "datasource": {"type": "datasource", "uid": "-- Dashboard --"}, "panelId": 2},
        {
            "refId": "A",
            "datasource": {"type": "__expr__", "uid": "__expr__"},
            "type": "math",
            "expression": "1",
        },
        target('up{job="$job"}'),
    ],
)
def test_clean(other):
    assert_clean(rule=RULE, panel={"targets": [other]})
