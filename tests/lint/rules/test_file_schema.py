"""``file-schema``."""

from __future__ import annotations

from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "file-schema"


def test_a_wrong_type_in_a_dashboard():
    assert_fault(rule=RULE, dashboard=dashboard(panel("up"), panels={}), at="/panels")


def test_an_unknown_key_in_a_rule():
    finding = assert_fault(rule=RULE, alert={"fro": "5m"}, at="/groups/0/rules/0/fro")
    assert "fro" in finding.message


def test_clean():
    assert_clean(rule=RULE, dashboard=dashboard(panel("up")))
    assert_clean(rule=RULE, alert="up == 0")
    assert_clean(rule=RULE, record="sum(up)")
