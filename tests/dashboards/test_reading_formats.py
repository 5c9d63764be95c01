"""All formats come out as one model: what a rewriting of the shipped dashboard changes is only where things stand."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from staging_validation.dashboards.envelope import Envelope
from staging_validation.dashboards.reading import read_dashboard
from staging_validation.source_files import SourceFile
from tests.dashboards.formats import to_bare_v2, to_v1, to_v2, to_wrapped

WHERE = frozenset(
    {
        "pointer",
        "spec",
        "raw",
        "envelope",
        "api_version",
        "body",
        "fields",
        "element",
        "layout",
        "elements",
        "section",
    }
)
"""What may differ: places, the wrapping, and what only one format has."""

ONLY_CLASSIC = frozenset({"schema_version"})
RICH = {
    "uid": "rich", "title": "Rich", "schemaVersion": 41, "refresh": "1m", "tags": ["a"], "timezone": "utc",
    "time": {"from": "now-1h", "to": "now"},
    "links": [{"title": "Other", "type": "dashboards", "tags": ["a"], "includeVars": True, "keepTime": True}],
    "annotations": {"list": [
        {"name": "Deploys", "datasource": {"type": "prometheus", "uid": "p"}, "enable": True, "iconColor": "red",
         "expr": "changes(build[5m]) > 0", "titleFormat": "{{version}}"},
    ]},
    "templating": {"list": [
        {"name": "ds", "type": "datasource", "query": "prometheus", "current": {"text": "", "value": "p"}},
        {"name": "plan", "type": "query", "query": "label_values(sales_total, plan)", "refresh": 2, "sort": 3,
         "datasource": {"type": "prometheus", "uid": "$ds"}, "multi": True, "includeAll": True, "allValue": ".+",
         "current": {"text": ["All"], "value": ["$__all"]}, "regex": "/a.*/", "hide": 1, "label": "Plan"},
        {"name": "size", "type": "custom", "query": "5,10", "current": {"text": "5", "value": "5"}},
        {"name": "step", "type": "interval", "query": "1m,5m", "auto": True, "refresh": 2,
         "current": {"text": "1m", "value": "1m"}},
        {"name": "region", "type": "constant", "query": "eu", "current": {"text": "eu", "value": "eu"}, "hide": 2},
        {"name": "free", "type": "textbox", "query": "x", "current": {"text": "y", "value": "y"}},
    ]},
    "panels": [
        {"id": 1, "type": "row", "title": "First", "collapsed": True, "repeat": "plan",
         "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}, "panels": [
             {"id": 2, "type": "stat", "title": "Inside", "gridPos": {"x": 0, "y": 1, "w": 12, "h": 8},
              "datasource": {"type": "prometheus", "uid": "$ds"}, "targets": [{"refId": "A", "expr": "up"}]},
         ]},
        {"id": 3, "type": "row", "title": "Second", "collapsed": False, "gridPos": {"x": 0, "y": 1, "w": 24, "h": 1},
         "panels": []},
        {"id": 4, "type": "gauge", "title": "Below", "description": "d", "repeat": "plan", "interval": "1m",
         "timeFrom": "2h", "timeShift": "1d", "maxDataPoints": 100, "links": [{"title": "Go", "url": "/d/x?$plan"}],
         "gridPos": {"x": 0, "y": 2, "w": 6, "h": 4},
         "datasource": {"type": "datasource", "uid": "-- Mixed --"},
         "fieldConfig": {"defaults": {
             "unit": "percent", "decimals": 1, "min": 0, "max": 100, "noValue": "-", "custom": {"drawStyle": "line"},
             "mappings": [{"type": "value", "options": {}}], "links": [{"title": "D", "url": "/x"}],
             "thresholds": {"mode": "percentage", "steps": [
                 {"color": "red", "value": None}, {"color": "green", "value": 80},
             ]},
         }, "overrides": [{"matcher": {"id": "byName", "options": "a"}, "properties": [{"id": "unit", "value": "s"}]}]},
         "options": {"reduceOptions": {"calcs": ["mean"], "values": True}, "legend": {"showLegend": True}},
         "transformations": [{"id": "joinByField", "options": {"byField": "Time"}, "disabled": True}],
         "targets": [
             {"refId": "A", "expr": "a", "legendFormat": "{{plan}}", "instant": True, "range": False,
              "format": "table", "interval": "30s", "exemplar": True,
              "datasource": {"type": "prometheus", "uid": "$ds"}},
             {"refId": "B", "datasource": {"type": "__expr__", "uid": "__expr__"}, "type": "math",
              "expression": "$A * 100"},
             {"refId": "C", "hide": True, "datasource": {"type": "loki", "uid": "l"}, "expr": '{a="b"}'},
         ]},
        {"id": 5, "type": "stat", "title": "Shared", "libraryPanel": {"uid": "lib", "name": "Lib"},
         "gridPos": {"x": 6, "y": 2, "w": 6, "h": 4}},
    ],
}  # fmt: skip


def read(content: dict[str, Any]):
    reading = read_dashboard(SourceFile("x.json", json.dumps(content)))
    assert reading.problems == ()
    assert reading.dashboard is not None
    return reading.dashboard


def bare(value: Any, *, without: frozenset[str] = WHERE) -> Any:
    """Take the places out of a part of the model."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: bare(getattr(value, field.name), without=without)
            for field in dataclasses.fields(value)
            if field.name not in without
            and not field.name.endswith("_pointer")
            and field.name != "field_config"
        }
    if isinstance(value, (tuple, list)):
        return [bare(item, without=without) for item in value]
    if isinstance(value, dict):
        return {key: bare(item, without=without) for key, item in value.items()}
    return value


def test_the_shipped_dashboard_is_the_same_in_every_format(shipped_file):
    content = json.loads(shipped_file.text)
    classic = bare(read(content))
    for rewrite, envelope in ((to_wrapped, Envelope.WRAPPED), (to_v1, Envelope.V1)):
        found = read(rewrite(content))
        assert bare(found) == classic
        assert found.envelope is envelope
    classic = bare(read(content), without=WHERE | ONLY_CLASSIC | {"datasource"})
    found = read(to_v2(content))
    assert bare(found, without=WHERE | ONLY_CLASSIC | {"datasource"}) == classic
    assert (found.envelope, found.api_version) == (Envelope.V2, "dashboard.grafana.app/v2")


def test_a_rich_dashboard_is_the_same_in_every_format():
    # Version 2 has no data source of a panel, no numbers of rows, nothing but the reference of a library panel, and
    # its rows hold their panels whether they are open or not.
    differing = WHERE | ONLY_CLASSIC | {"datasource", "sections", "nested", "query_fields"}
    classic = read(RICH)
    found = read(to_v2(RICH))
    ours, theirs = bare(classic, without=differing), bare(found, without=differing)
    assert ours["panels"].pop()["library"] == theirs["panels"].pop()["library"]
    assert theirs == ours
    assert [(row.title, row.collapsed, row.repeat, row.holds) for row in found.sections] == [
        ("First", True, "plan", 1),
        ("Second", False, None, 2),
    ]
    for dashboard in (classic, found):
        sections = {section.pointer: section.title for section in dashboard.sections}
        assert [sections[panel.section] for panel in dashboard.panels] == ["First", "Second", "Second"]
        assert dashboard.repeats_of(dashboard.panels[0]) == {"plan"}


@pytest.mark.parametrize("rewrite", [dict, to_wrapped, to_v1, to_v2, to_bare_v2])
def test_every_pointer_leads_to_its_part(rewrite):
    content = rewrite(RICH)
    dashboard = read(content)
    seen = 0
    waiting: list[Any] = [dashboard]
    while waiting:
        part = waiting.pop()
        if isinstance(part, (tuple, list)):
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
        elif dataclasses.is_dataclass(part):
            for field in dataclasses.fields(part):
                value = getattr(part, field.name)
                if field.name in ("pointer", "spec", "fields"):
                    resolve(content, value)
                    seen += 1
                elif field.name != "raw":
                    waiting.append(value)
    assert seen > 40
    panel = next(panel for panel in dashboard.panels if panel.id == 4)
    (first, *_) = panel.targets
    assert resolve(content, first.expr_pointer) == "a"
    assert resolve(content, first.ref_id_pointer) == "A"
    assert resolve(content, f"{first.fields}/legendFormat") == "{{plan}}"
    assert resolve(content, panel.unit_pointer) == "percent"
    assert resolve(content, f"{panel.field_config}/defaults/max") == 100
    assert resolve(content, f"{panel.spec}/title") == "Below"
    assert resolve(content, f"{panel.options_pointer}/reduceOptions/calcs/0") == "mean"
    assert resolve(content, panel.transformations[0].options_pointer) == {"byField": "Time"}
    assert resolve(content, panel.targets[1].expression.text_pointer) == "$A * 100"
    assert resolve(content, dashboard.annotations[0].expr_pointer).startswith("changes(")
    assert resolve(content, dashboard.variables["plan"].query_pointer).startswith("label_values(")
    assert resolve(content, f"{dashboard.body}/title") == "Rich"
    assert resolve(content, f"{dashboard.time_pointer}/from") == "now-1h"
    assert resolve(content, dashboard.refresh_pointer) == "1m"
    if dashboard.uid:
        assert resolve(content, dashboard.uid_pointer) == "rich"


def resolve(content: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        content = content[int(key)] if isinstance(content, list) else content[key]
    return content
