"""``panel-type-removed``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "panel-type-removed"


@pytest.mark.parametrize(
    ("kind", "successor"), [("graph", "timeseries"), ("singlestat", "stat"), ("table-old", "table")]
)
def test_a_type_that_grafana_replaces(kind, successor):
    finding = assert_fault(rule=RULE, panel={"type": kind}, at="/panels/0/type")
    assert finding.severity is Severity.WARNING
    assert successor in finding.message


@pytest.mark.parametrize(
    ("grafana", "severity"),
    [((11, 6), Severity.WARNING), ((12, 0), Severity.ERROR), ((13, 0), Severity.ERROR)],
)
def test_a_plugin_made_for_angular(grafana, severity):
    finding = assert_fault(rule=RULE, panel={"type": "natel-plotly-panel"}, target_grafana=grafana)
    assert finding.severity is severity


def test_a_slip_of_the_pen():
    finding = assert_fault(rule=RULE, panel={"type": "timeserie"}, at="/panels/0/type")
    assert finding.severity is Severity.ERROR
    assert '"timeseries"' in finding.remedy


def test_a_plugin_that_is_no_part_of_grafana():
    assert assert_fault(rule=RULE, panel={"type": "acme-wheel-panel"}).severity is Severity.INFO


def test_the_place_in_version_2():
    content = to_v2(dashboard(panel("up", type="graph")))
    finding = assert_fault(rule=RULE, dashboard=content)
    assert finding.pointer.endswith("/spec/vizConfig/group")


@pytest.mark.parametrize("kind", ["timeseries", "stat", "state-timeline", "text", "canvas"])
def test_clean(kind):
    assert_clean(rule=RULE, panel={"type": kind})


def test_an_old_grafana_has_the_old_types():
    assert_clean(rule=RULE, panel={"type": "graph"}, target_grafana=(10, 4))


def test_a_reference_to_a_library_panel_says_nothing_of_the_type():
    assert_clean(rule=RULE, panel={"type": "library-panel-ref", "libraryPanel": {"uid": "a", "name": "A"}})
