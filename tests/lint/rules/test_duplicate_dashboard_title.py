"""``duplicate-dashboard-title``."""

from __future__ import annotations

import pytest

from tests.dashboards.formats import to_v1
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "duplicate-dashboard-title"

SHOP = dashboard(panel("up"))
OTHER = dashboard(panel("up"), uid="other")


@pytest.mark.parametrize(("other", "at"), [(OTHER, "/title"), (to_v1(OTHER), "/spec/title")])
def test_two_files_of_a_folder_with_one_title(other, at):
    finding = assert_fault(rule=RULE, files={"x/a.json": SHOP, "x/b.json": other}, at=at)
    assert finding.file == "x/b.json"
    assert "x/a.json" in finding.message


@pytest.mark.parametrize(
    "files",
    [
        {"x/a.json": SHOP, "y/b.json": OTHER},
        {"a.json": SHOP, "b.json": {**OTHER, "title": "Shop, returns"}},
        {"a.json": SHOP, "b.json": SHOP},
        {"a.json": {**SHOP, "title": ""}, "b.json": {**OTHER, "title": ""}},
    ],
    ids=["other folder", "other title", "same uid", "no title"],
)
def test_clean(files):
    assert_clean(rule=RULE, files=files)
