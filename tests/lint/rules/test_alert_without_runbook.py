"""``alert-without-runbook``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, findings

RULE = "alert-without-runbook"


@pytest.mark.parametrize("annotations", [{"summary": "Down"}, {"summary": "Down", "runbook_url": ""}])
def test_no_link(annotations):
    assert_fault(rule=RULE, alert={"annotations": annotations}, at="/groups/0/rules/0/annotations")


@pytest.mark.parametrize(
    "annotations",
    [
        {"runbook_url": "docs/runbooks/down.md"},
        {"dashboard": "/d/shop"},
        {"description": "See https://example.org/down"},
    ],
)
def test_clean(annotations):
    assert_clean(rule=RULE, alert={"annotations": annotations})


def test_it_is_off_by_default():
    found = findings(alert={"annotations": {"summary": "Down", "description": "Start it."}})
    assert RULE not in {finding.rule for finding in found}
