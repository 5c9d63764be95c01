"""``panel-overlap``."""

from __future__ import annotations

import pytest

from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, findings, panel

RULE = "panel-overlap"


def at(x, y, w=12, h=8):
    return {"x": x, "y": y, "w": w, "h": h}


def content(*grids):
    panels = [panel("up", id=number, gridPos=grid) for number, grid in enumerate(grids, start=1)]
    return {**dashboard(), "panels": panels}


@pytest.mark.parametrize("grid", [at(0, 0), at(11, 7), at(6, 4, 1, 1)])
def test_on_top_of_another(grid):
    finding = assert_fault(rule=RULE, dashboard=content(at(0, 0), grid), at="/panels/1/gridPos")
    assert (finding.panel_id, finding.evidence["other_pointer"]) == (2, "/panels/0")


def test_three_in_one_place_are_two_findings():
    found = findings(rule=RULE, dashboard=content(at(0, 0), at(0, 0), at(0, 0)))
    assert [finding.panel_id for finding in found] == [2, 3]


def test_in_version_2():
    written = to_v2(content(at(0, 0), at(4, 0)))
    assert_fault(rule=RULE, dashboard=written, at="/spec/layout/spec/items/1/spec")


def row(y, *panels, collapsed):
    return {
        "type": "row",
        "title": "Row",
        "gridPos": at(0, y, 24, 1),
        "collapsed": collapsed,
        "panels": list(panels),
    }


@pytest.mark.parametrize(
    "written",
    [
        content(at(0, 0), at(12, 0), at(0, 8, 24, 1)),
        content(at(0, 0), {"x": 0, "y": 0}, None),
        content(at(0, 0), at(0, 0, 25)),
        {
            **dashboard(),
            "panels": [
                row(0, panel("up", id=1, gridPos=at(0, 1)), collapsed=True),
                row(1, panel("up", id=2, gridPos=at(0, 1)), collapsed=True),
                panel("up", id=3, gridPos=at(0, 2)),
            ],
        },
    ],
    ids=["side by side", "no place", "too wide: panel-grid says so", "closed rows"],
)
def test_clean(written):
    assert_clean(rule=RULE, dashboard=written)
