"""``recording-rule-name``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, findings

RULE = "recording-rule-name"


@pytest.mark.parametrize("name", ["requests", "job:requests", "requests_rate5m"])
def test_another_name(name):
    finding = assert_fault(rule=RULE, record={"record": name}, at="/groups/0/rules/0/record")
    assert name in finding.message


@pytest.mark.parametrize("name", ["job:requests:rate5m", ":requests:sum", "job_plan:requests:rate5m:max"])
def test_clean(name):
    assert_clean(rule=RULE, record={"record": name})


def test_it_is_off_by_default():
    assert RULE not in {finding.rule for finding in findings(record={"record": "requests"})}
