"""``duplicate-panel-id``."""

from __future__ import annotations

import pytest

from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "duplicate-panel-id"


def row(number, *inside, **fields):
    return {
        "id": number,
        "type": "row",
        "title": "Row",
        "collapsed": bool(inside),
        "panels": list(inside),
        **fields,
    }


def content(*panels, **fields):
    return {**dashboard(**fields), "panels": list(panels)}


@pytest.mark.parametrize(
    ("panels", "at"),
    [
        ((panel("up"), panel("up")), "/panels/1/id"),
        ((panel("up"), row(2, panel("up"))), "/panels/1/panels/0/id"),
        ((row(1), panel("up")), "/panels/1/id"),
        ((row(2), row(2)), "/panels/1/id"),
    ],
    ids=["panels", "inside of a row", "a row and a panel", "rows"],
)
def test_the_same_id_twice(panels, at):
    assert_fault(rule=RULE, dashboard=content(*panels), at=at)


def test_in_version_2():
    written = to_v2(content(panel("up"), panel("up", id=2)))
    written["spec"]["elements"]["panel-2"]["spec"]["id"] = 1
    finding = assert_fault(rule=RULE, dashboard=written, at="/spec/elements/panel-2/spec/id")
    assert finding.panel_id == 1


@pytest.mark.parametrize(
    "panels",
    [
        (panel("up"), panel("up", id=2)),
        (panel("up"), row(2, panel("up", id=3)), row(4)),
        (panel("up", id=None), panel("up", id=None)),
    ],
)
def test_clean(panels):
    assert_clean(rule=RULE, dashboard=content(*panels))
