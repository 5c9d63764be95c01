"""``panel-grid``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "panel-grid"


@pytest.mark.parametrize(
    ("grid", "at", "severity"),
    [
        ({"x": 13, "y": 0, "w": 12, "h": 8}, "/panels/0/gridPos", Severity.WARNING),
        ({"x": 24, "y": 0, "w": 4, "h": 8}, "/panels/0/gridPos/x", Severity.WARNING),
        ({"x": 0, "y": 0, "w": 25, "h": 8}, "/panels/0/gridPos/w", Severity.WARNING),
        ({"x": 0, "y": 0, "w": 12, "h": 0}, "/panels/0/gridPos/h", Severity.ERROR),
        ({"x": 0, "y": 0, "w": -1, "h": 8}, "/panels/0/gridPos/w", Severity.ERROR),
        ({"x": -1, "y": 0, "w": 12, "h": 8}, "/panels/0/gridPos/x", Severity.WARNING),
        ({"y": 0, "w": 12, "h": 8}, "/panels/0/gridPos/x", Severity.WARNING),
        ({"w": 12, "h": 8}, "/panels/0/gridPos", Severity.WARNING),
        (None, "/panels/0/gridPos", Severity.WARNING),
    ],
)
def test_a_place_that_is_none(grid, at, severity):
    assert assert_fault(rule=RULE, panel=panel("up", gridPos=grid), at=at).severity is severity


def test_in_version_2():
    written = to_v2(dashboard(panel("up")))
    written["spec"]["layout"]["spec"]["items"][0]["spec"]["width"] = 30
    assert_fault(rule=RULE, dashboard=written, at="/spec/layout/spec/items/0/spec/width")


AUTOMATIC = to_v2(dashboard(panel("up")))
AUTOMATIC["spec"]["layout"] = {
    "kind": "AutoGridLayout",
    "spec": {"items": [{"kind": "AutoGridLayoutItem", "spec": {"element": {"name": "panel-1"}}}]},
}


@pytest.mark.parametrize(
    "content",
    [
        dashboard(panel("up", gridPos={"x": 12, "y": 0, "w": 12, "h": 8})),
        dashboard(panel("up", gridPos={"x": 0, "y": 100, "w": 24, "h": 1})),
        dashboard(rows=[{"title": "Row", "panels": [panel("up", gridPos=None)]}]),
        {"model": panel("up", gridPos=None), "name": "Sales", "kind": 1},
        AUTOMATIC,
    ],
)
def test_clean(content):
    assert_clean(rule=RULE, dashboard=content)
