"""``datasource-reference``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel, variable

RULE = "datasource-reference"

PANEL = "/panels/0/datasource"
TARGET = "/panels/0/targets/0/datasource"
FIXED = {"type": "prometheus", "uid": "P0815"}
CHOSEN = {"type": "prometheus", "uid": "${datasource}"}
MIXED = {"type": "datasource", "uid": "-- Mixed --"}


def content(panels, own=CHOSEN, *, choice=True, **fields):
    written = dashboard(panel({"datasource": own}, datasource=panels, **fields))
    if not choice:
        written["templating"]["list"] = []
    return written


@pytest.mark.parametrize(
    ("written", "at", "severity"),
    [
        (content(FIXED), PANEL, Severity.WARNING),
        (content(CHOSEN, FIXED), TARGET, Severity.WARNING),
        (content(FIXED, FIXED), PANEL, Severity.WARNING),
        (content("Prometheus", None), PANEL, Severity.WARNING),
        (content({"type": "prometheus", "uid": "${source}"}, None), PANEL, Severity.ERROR),
        (content("$source", None), PANEL, Severity.ERROR),
        (content({"type": "loki", "uid": "${datasource}"}, None), PANEL, Severity.ERROR),
        (content(MIXED, None), TARGET, Severity.ERROR),
        (content(None, None), PANEL, Severity.INFO),
        (content({"type": "prometheus"}, None), PANEL, Severity.INFO),
        (content("default", None), PANEL, Severity.INFO),
        (content(FIXED, {"type": "prometheus", "uid": "P4711"}, choice=False), TARGET, Severity.WARNING),
    ],
)
def test_it_holds_in_no_other_grafana(written, at, severity):
    assert assert_fault(rule=RULE, dashboard=written, at=at).severity is severity


def test_of_a_variable_and_an_annotation():
    assert_fault(rule=RULE, variable=variable(datasource=FIXED), at="/templating/list/1/datasource")
    assert_fault(rule=RULE, annotation={"datasource": FIXED}, at="/annotations/list/0/datasource")


@pytest.mark.parametrize("datasource", [FIXED, {"type": "prometheus"}])
def test_in_version_2(datasource):
    query = "/spec/elements/panel-1/spec/data/spec/queries/0/spec/query"
    assert_fault(rule=RULE, dashboard=to_v2(content(datasource, datasource)), at=f"{query}/datasource")


@pytest.mark.parametrize(
    "written",
    [
        content(CHOSEN),
        content(CHOSEN, None),
        content(None, CHOSEN),
        content("$datasource", None),
        content(FIXED, FIXED, choice=False),
        content({"type": "loki", "uid": "L1"}, {"type": "loki", "uid": "L1"}),
        content(MIXED, CHOSEN),
        content({"type": "datasource", "uid": "-- Dashboard --"}, None),
        content("-- Grafana --", None),
        content("${DS_SHOP}", None)
        | {"__inputs": [{"name": "DS_SHOP", "type": "datasource", "pluginId": "prometheus"}]},
        dashboard(panel("up", {"datasource": {"type": "__expr__", "uid": "__expr__"}, "type": "math"})),
        dashboard({"id": 1, "type": "text", "title": "Notes", "gridPos": {"x": 0, "y": 0, "w": 1, "h": 1}}),
        to_v2(content(CHOSEN)),
    ],
)
def test_clean(written):
    assert_clean(rule=RULE, dashboard=written)
