"""``alert-without-annotations``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "alert-without-annotations"


@pytest.mark.parametrize(
    ("annotations", "missing", "at"),
    [
        ({}, "summary, description", "/groups/0/rules/0/annotations"),
        ({"summary": "Down"}, "description", "/groups/0/rules/0/annotations"),
        ({"description": "It is down: start it."}, "summary", "/groups/0/rules/0/annotations"),
        ({"summary": " ", "description": "Start it."}, "summary", "/groups/0/rules/0/annotations/summary"),
    ],
)
def test_something_is_missing(annotations, missing, at):
    finding = assert_fault(rule=RULE, alert={"annotations": annotations}, at=at)
    assert finding.evidence["missing"] == missing


@pytest.mark.parametrize(
    "annotations",
    [
        {"summary": "Down", "description": "Start it."},
        {"message": "It is down: start it."},
        {"title": "Down", "description": "Start it.", "runbook_url": "https://example.org"},
    ],
)
def test_clean(annotations):
    assert_clean(rule=RULE, alert={"annotations": annotations})
