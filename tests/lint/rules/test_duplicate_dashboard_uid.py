"""``duplicate-dashboard-uid``."""

from __future__ import annotations

import pytest

from tests.dashboards.formats import to_v2, to_wrapped
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "duplicate-dashboard-uid"

SHOP = dashboard(panel("up"))
OTHER = dashboard(panel("up"), title="Returns")


@pytest.mark.parametrize(
    ("other", "at"),
    [(OTHER, "/uid"), (to_wrapped(OTHER), "/dashboard/uid"), (to_v2(OTHER), "/metadata/name")],
)
def test_two_files_with_one_uid(other, at):
    finding = assert_fault(rule=RULE, files={"a.json": SHOP, "b/c.json": other}, at=at)
    assert finding.file == "b/c.json"
    assert finding.evidence["other_file"] == "a.json"


@pytest.mark.parametrize(
    "files",
    [
        {"a.json": SHOP},
        {"a.json": SHOP, "b.json": {**OTHER, "uid": "returns"}},
        {"a.json": {**SHOP, "uid": ""}, "b.json": {**OTHER, "uid": ""}},
        {"a.json": SHOP, "b.json": "{"},
    ],
)
def test_clean(files):
    assert_clean(rule=RULE, files=files)
