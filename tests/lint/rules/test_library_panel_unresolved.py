"""``library-panel-unresolved``."""

from __future__ import annotations

import pytest

from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "library-panel-unresolved"
REFERENCE = {"title": "Errors", "targets": [], "libraryPanel": {"uid": "errors", "name": "All errors"}}


@pytest.mark.parametrize("kind", ["timeseries", "library-panel-ref"])
def test_a_library_panel_that_is_elsewhere(kind):
    finding = assert_fault(rule=RULE, panel={**REFERENCE, "type": kind}, at="/panels/0/libraryPanel")
    assert "All errors" in finding.message


def test_in_version_2():
    finding = assert_fault(rule=RULE, dashboard=to_v2(dashboard({**panel("up"), **REFERENCE})))
    assert finding.pointer.endswith("/spec/libraryPanel")


def test_its_file_is_there():
    library = {"uid": "errors", "name": "All errors", "kind": 1, "model": panel("up")}
    files = {"errors.json": library, "shop.json": dashboard({**panel("up"), **REFERENCE})}
    assert_clean(rule=RULE, files=files)


def test_clean():
    assert_clean(rule=RULE, panel={"title": "Errors"})
    assert_clean(rule=RULE, panel={**REFERENCE, "targets": panel("up")["targets"]})
    assert_clean(rule=RULE, panel=[{"title": "A"}, {"title": "B", "libraryPanel": {}}])
