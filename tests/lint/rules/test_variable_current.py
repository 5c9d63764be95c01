"""``variable-current``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault, variable

RULE = "variable-current"

PLACE = "/templating/list/1/current"


def listed(value, kind="custom", query="north,south", **fields):
    current = {"text": value, "value": value}
    return {"name": "region", "type": kind, "query": query, "options": [], "current": current, **fields}


@pytest.mark.parametrize(
    "given",
    [
        listed("east"),
        listed(["north", "east"], multi=True),
        listed("2h", kind="interval", query="5m,1h"),
        listed("$__all"),
        variable(current={"text": "All", "value": "$__all"}),
    ],
)
def test_a_value_that_is_not_offered(given):
    assert assert_fault(rule=RULE, variable=given, at=PLACE).severity is Severity.WARNING


def test_variables_that_need_each_other_are_one_finding():
    one = variable("a", 'label_values(up{job="$b"}, instance)')
    other = variable("b", 'label_values(up{instance="$a"}, job)')
    finding = assert_fault(rule=RULE, variable=[one, other], at="/templating/list/1/query/query")
    assert (finding.severity, finding.evidence["cycle"]) == (Severity.ERROR, ["a", "b"])


def test_a_variable_that_needs_itself():
    given = variable("a", 'label_values(up{job="$a"}, job)')
    assert assert_fault(rule=RULE, variable=given).severity is Severity.WARNING


@pytest.mark.parametrize(
    "given",
    [
        listed("south"),
        listed("n", query="North : n, South : s"),
        listed("n", query='[{"text": "North", "value": "n"}]'),
        listed("$__all", includeAll=True),
        listed("$__auto_interval_region", kind="interval", query="5m,1h", auto=True),
        listed(""),
        variable(current={"text": "gone", "value": "gone"}),
        listed("anything", kind="textbox", query="something"),
        [variable("a"), variable("b", 'label_values(up{job="$a"}, instance)')],
    ],
)
def test_clean(given):
    assert_clean(rule=RULE, variable=given)
