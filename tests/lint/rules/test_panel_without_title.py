"""``panel-without-title``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "panel-without-title"


@pytest.mark.parametrize("title", ["", "  ", "Panel Title", "New panel"])
def test_no_title_or_grafanas(title):
    assert_fault(rule=RULE, panel={"title": title}, at="/panels/0/title")


@pytest.mark.parametrize("fields", [{"title": "Sales"}, {"title": "", "type": "text"}, {"title": "$plan"}])
def test_clean(fields):
    assert_clean(rule=RULE, panel=fields)


def test_a_library_panel_has_its_title_elsewhere():
    assert_clean(rule=RULE, panel={"title": "", "libraryPanel": {"uid": "a", "name": "A"}})
