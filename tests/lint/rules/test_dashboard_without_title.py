"""``dashboard-without-title``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "dashboard-without-title"


@pytest.mark.parametrize("title", ["", " ", None, "x" * 5001])
def test_no_title_or_one_too_long(title):
    assert_fault(rule=RULE, dashboard=dashboard(panel("up"), title=title), at="/title")


def test_the_title_is_missing():
    content = dashboard(panel("up"))
    del content["title"]
    finding = assert_fault(rule=RULE, dashboard=content, at="/title")
    assert finding.line == 1


def test_inside_of_an_envelope():
    content = {"dashboard": dashboard(panel("up"), title="")}
    assert_fault(rule=RULE, dashboard=content, at="/dashboard/title")


@pytest.mark.parametrize("title", ["Shop", "x" * 5000])
def test_clean(title):
    assert_clean(rule=RULE, dashboard=dashboard(panel("up"), title=title))
