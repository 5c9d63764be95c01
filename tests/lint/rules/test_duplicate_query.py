"""``duplicate-query``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault, panel, target

RULE = "duplicate-query"


@pytest.mark.parametrize("again", ["sum(up)", " sum(up)\n"])
def test_twice_in_a_panel(again):
    finding = assert_fault(rule=RULE, panel=panel("sum(up)", again), at="/panels/0/targets/1/expr")
    assert finding.severity is Severity.WARNING
    assert finding.ref_id == "B"


def test_once_more_behind_others():
    assert_fault(
        rule=RULE, panel=panel("sum(up)", "min(up)", "max(up)", "min(up)"), at="/panels/0/targets/3/expr"
    )


def test_twice_in_a_dashboard():
    panels = [panel("sum(up)", title="Up"), panel("sum(up)", title="Running")]
    finding = assert_fault(rule=RULE, panel=panels, at="/panels/1")
    assert finding.severity is Severity.INFO


def test_one_title_for_two_questions():
    panels = [panel("sum(up)", title="Up"), panel("min(up)", title="up")]
    finding = assert_fault(rule=RULE, panel=panels, at="/panels/1/title")
    assert finding.severity is Severity.INFO


@pytest.mark.parametrize(
    "fields",
    [
        panel("sum(up)", "min(up)"),
        {"targets": [target("up"), target("up", refId="B", hide=True)]},
        {"targets": [target("up"), target("up", refId="B", format="table")]},
        {
            "targets": [
                target("up"),
                target("up", refId="B", datasource={"type": "prometheus", "uid": "other"}),
            ]
        },
        [panel("sum(up)", title="Up"), panel("sum(up)", title="Now", type="stat")],
        [panel("sum(up)", title="Up"), panel("sum(up)", title="Last week", timeShift="7d")],
        [panel("sum(up)", title="Up"), panel("min(up)", title="Up", type="stat")],
        [panel("sum(up)", title=""), panel("min(up)", title="")],
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, panel=fields)
