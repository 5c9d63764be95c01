"""``row-panels-misplaced``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "row-panels-misplaced"


def row(y=0, *inside, collapsed=False):
    return {
        "id": 90 + y,
        "type": "row",
        "title": "Row",
        "collapsed": collapsed,
        "gridPos": {"x": 0, "y": y, "w": 24, "h": 1},
        "panels": list(inside),
    }


def below(y, number=1):
    return panel("up", id=number, gridPos={"x": 0, "y": y, "w": 12, "h": 8})


def content(*panels):
    return {**dashboard(), "panels": list(panels)}


def test_an_open_row_holds_panels():
    finding = assert_fault(rule=RULE, dashboard=content(row(0, below(1))), at="/panels/0/panels")
    assert finding.severity is Severity.ERROR


def test_the_panels_of_a_closed_row_stand_behind_it():
    written = content(row(0, collapsed=True), below(1), row(9), below(10, 2))
    finding = assert_fault(rule=RULE, dashboard=written, at="/panels/0/collapsed")
    assert (finding.severity, finding.evidence["panels"]) == (Severity.WARNING, 1)


@pytest.mark.parametrize(
    "written",
    [
        content(row(0), below(1)),
        content(row(0, below(1), collapsed=True), row(1), below(2, 2)),
        content(row(0, below(1), collapsed=True), below(2, 2)),
        content(below(0), row(8, collapsed=True)),
        content(row(0, collapsed=True), row(1), below(2)),
        to_v2(content(row(0), below(1))),
    ],
)
def test_clean(written):
    assert_clean(rule=RULE, dashboard=written)
