"""What the classic format writes in more than one way, and what is of the wrong kind."""

from __future__ import annotations

import json

import pytest

from staging_validation.dashboards.model import Scope, TargetKind
from staging_validation.dashboards.reading import read_dashboard
from staging_validation.source_files import SourceFile

BASE = {"uid": "a", "title": "A"}


def read(*panels, **fields):
    reading = read_dashboard(SourceFile("a.json", json.dumps({**BASE, "panels": list(panels), **fields})))
    assert reading.dashboard is not None
    return reading.dashboard


def stat(**fields):
    return {"id": 1, "type": "stat", **fields}


@pytest.mark.parametrize(
    ("datasource", "expected"),
    [
        ({"type": "prometheus", "uid": "x"}, "prometheus"),
        ({"uid": "$ds"}, "prometheus"),
        ({"type": "$kind", "uid": "${ds}"}, "prometheus"),
        ("$ds", "prometheus"),
        ("${ds:text}", "prometheus"),
        ("[[ds]]", "prometheus"),
        ("${DS_LOGS}", "loki"),
        ("Production", ""),
        ("-- Mixed --", "datasource"),
        ({"type": "datasource", "uid": "-- Dashboard --"}, "datasource"),
        ({"uid": "-100"}, "__expr__"),
        ("__expr__", "__expr__"),
        ("-- Grafana --", "grafana"),
        (None, ""),
    ],
)
def test_the_type_of_a_data_source_is_followed_through_variables_and_inputs(datasource, expected):
    dashboard = read(
        stat(targets=[{"refId": "A", "expr": "up", "datasource": datasource}]),
        templating={"list": [{"name": "ds", "type": "datasource", "query": "prometheus"}]},
        __inputs=[{"name": "DS_LOGS", "type": "datasource", "pluginId": "loki"}],
    )
    (target,) = dashboard.panels[0].targets
    assert target.datasource_type == expected


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ({"expr": "up"}, TargetKind.PROMQL),
        ({}, TargetKind.PROMQL),
        ({"rawSql": "select 1"}, TargetKind.OTHER),
        ({"datasource": {"type": "loki"}, "expr": "{}"}, TargetKind.OTHER),
        ({"datasource": {"type": "grafana-amazonprometheus-datasource"}, "expr": "up"}, TargetKind.PROMQL),
        ({"datasource": {"uid": "__expr__"}, "type": "math", "expression": "$A"}, TargetKind.EXPRESSION),
    ],
)
def test_the_language_of_a_query(target, kind):
    (panel,) = read(stat(targets=[{"refId": "A", **target}])).panels
    assert panel.targets[0].kind is kind


@pytest.mark.parametrize(
    ("fields", "refs"),
    [
        ({"type": "math", "expression": "$A / ${B} * $A"}, ("A", "B")),
        ({"type": "reduce", "expression": "A", "reducer": "mean"}, ("A",)),
        ({"type": "threshold", "expression": "$A"}, ("A",)),
        ({"type": "resample", "expression": "${A}"}, ("A",)),
        ({"type": "classic_conditions", "conditions": [{"query": {"params": ["C"]}}, {}]}, ("C",)),
        ({"type": "sql", "expression": "select * from A"}, ()),
    ],
)
def test_an_expression_knows_what_it_reads(fields, refs):
    (panel,) = read(stat(targets=[{"refId": "X", "datasource": {"type": "__expr__"}, **fields}])).panels
    expression = panel.targets[0].expression
    assert expression is not None
    assert expression.refs == refs


@pytest.mark.parametrize(
    ("fields", "range_query"),
    [
        ({}, True),
        ({"instant": True}, False),
        ({"instant": True, "range": True}, True),
        ({"instant": True, "range": False}, False),
        ({"instant": False, "range": False}, True),
    ],
)
def test_how_a_query_is_asked(fields, range_query):
    (panel,) = read(stat(targets=[{"refId": "A", "expr": "up", **fields}])).panels
    assert panel.targets[0].range_query is range_query


def test_a_panel_belongs_to_the_open_row_above_it_on_the_screen():
    def at(y, **fields):
        return {"type": "stat", "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}, **fields}

    dashboard = read(
        at(5, id=5),
        at(0, id=1),
        at(1, id=2, type="row", title="Open", collapsed=False),
        at(2, id=3),
        at(3, id=4, type="row", title="Closed", collapsed=True, panels=[stat(id=6)]),
    )
    titles = {section.pointer: section.title for section in dashboard.sections}
    assert {panel.id: titles.get(panel.section, "") for panel in dashboard.panels} == {
        1: "", 3: "Open", 6: "Closed", 5: "",
    }  # fmt: skip
    assert [panel.nested for panel in dashboard.panels if panel.id == 6] == [True]
    assert [(section.kind, section.holds, section.id) for section in dashboard.sections] == [
        (Scope.ROW, 0, 2),
        (Scope.ROW, 1, 4),
    ]


def test_rows_of_grafana_4():
    rows = [
        {"title": "Old", "collapse": True, "repeat": "x", "panels": [{"id": 7, "type": "graph", "span": 6}]}
    ]
    dashboard = read(rows=rows)
    (panel,), (row,) = dashboard.panels, dashboard.sections
    assert (panel.pointer, panel.section, panel.grid) == ("/rows/0/panels/0", "/rows/0", None)
    assert (row.title, row.collapsed, row.repeat, row.holds) == ("Old", True, "x", 1)


def test_the_units_of_old_panel_types():
    graph, single = read(
        {"id": 1, "type": "graph", "yaxes": [{"format": "s"}, {"format": "short"}]},
        {"id": 2, "type": "singlestat", "format": "percent"},
    ).panels
    assert (graph.unit, graph.unit_pointer) == ("s", "/panels/0/yaxes/0/format")
    assert (single.unit, single.unit_pointer) == ("percent", "/panels/1/format")


@pytest.mark.parametrize(
    ("entry", "query", "pointer"),
    [
        ({"query": "label_values(a)"}, "label_values(a)", "/templating/list/0/query"),
        (
            {"query": {"query": "label_values(a)", "refId": "x"}},
            "label_values(a)",
            "/templating/list/0/query/query",
        ),
        ({"query": {"qryType": 1}}, "", "/templating/list/0/query/query"),
        ({"query": None}, "", "/templating/list/0/query"),
    ],
)
def test_the_query_of_a_variable_is_a_text_or_an_object(entry, query, pointer):
    (variable,) = read(templating={"list": [{"name": "v", "type": "query", **entry}]}).all_variables
    assert (variable.query, variable.query_pointer) == (query, pointer)


def test_numbers_of_the_classic_format_become_words():
    entries = [
        {"name": "a", "type": "query", "refresh": 2, "sort": 4, "hide": 2},
        {"name": "b", "type": "query", "refresh": True, "sort": 99, "hide": None},
    ]
    first, second = read(templating={"list": entries}).all_variables
    assert (first.refresh, first.sort, first.hide) == ("onTimeRangeChanged", "numericalDesc", "hideVariable")
    assert (second.refresh, second.sort, second.hide) == ("onDashboardLoad", "disabled", "dontHide")


def test_two_variables_of_one_name_are_both_kept():
    entries = [{"name": "a", "type": "custom", "query": "1"}, {"name": "a", "type": "custom", "query": "2"}]
    dashboard = read(templating={"list": entries})
    assert [variable.query for variable in dashboard.all_variables] == ["1", "2"]
    assert dashboard.variables["a"].query == "2"


@pytest.mark.parametrize(
    ("entry", "expr", "pointer"),
    [
        ({"expr": "up", "datasource": "$ds"}, "up", "/annotations/list/0/expr"),
        (
            {"target": {"expr": "up"}, "datasource": {"type": "prometheus"}},
            "up",
            "/annotations/list/0/target/expr",
        ),
        ({"datasource": {"type": "loki"}, "expr": "{}"}, "", "/annotations/list/0/expr"),
        (
            {"builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"}},
            "",
            "/annotations/list/0/expr",
        ),
        ({"datasource": "-- Grafana --", "target": {"tags": []}}, "", "/annotations/list/0/expr"),
    ],
)
def test_annotations(entry, expr, pointer):
    dashboard = read(
        templating={"list": [{"name": "ds", "type": "datasource", "query": "prometheus"}]},
        annotations={"list": [{"name": "n", **entry}]},
    )
    (annotation,) = dashboard.annotations
    assert (annotation.expr, annotation.expr_pointer) == (expr, pointer)
    assert (annotation.kind is TargetKind.PROMQL) is bool(expr)


def test_a_value_of_the_wrong_kind_hides_nothing_else():
    text = json.dumps(
        {
            "uid": ["a"], "title": "A", "tags": "x", "refresh": 5, "time": [], "links": {}, "schemaVersion": 1.5,
            "panels": [
                7,
                {"id": "1", "type": "stat", "title": 5, "gridPos": [], "fieldConfig": {"defaults": []}, "options": 1},
                {"id": 2, "type": "stat", "title": "fine", "targets": {"refId": "A"}, "transformations": [3]},
                {"id": 3, "type": "stat", "targets": [None, {"refId": "B", "expr": "up", "hide": "x"}]},
            ],
            "templating": {"list": ["v", {"name": "w", "type": "custom", "query": "1,2", "options": 3}]},
            "annotations": {"list": 5},
        },
        indent=1,
    )  # fmt: skip
    reading = read_dashboard(SourceFile("a.json", text))
    dashboard = reading.dashboard
    assert dashboard is not None
    assert [(panel.id, panel.title, len(panel.targets)) for panel in dashboard.panels] == [
        (0, "", 0),
        (1, "", 0),
        (2, "fine", 0),
        (3, "", 2),
    ]
    assert dashboard.panels[3].targets[1].expr == "up"
    assert dashboard.variables["w"].options == ("1", "2")
    pointers = {problem.pointer for problem in reading.problems}
    assert {
        "/uid",
        "/tags",
        "/time",
        "/links",
        "/schemaVersion",
        "/panels/0",
        "/panels/1/id",
        "/panels/2/targets",
    } <= (pointers)
    lines = text.split("\n")
    for problem in reading.problems:
        key = problem.pointer.rpartition("/")[2]
        assert key.isdigit() or f'"{key}"' in lines[problem.line - 1]


def test_a_library_panel_is_a_dashboard_of_one_panel():
    model = {"type": "stat", "title": "S", "targets": [{"refId": "A", "expr": "up"}]}
    reading = read_dashboard(
        SourceFile("a.json", json.dumps({"name": "Lib", "uid": "l", "kind": 1, "model": model}))
    )
    assert reading.dashboard is not None
    (panel,) = reading.dashboard.panels
    assert (reading.dashboard.title, panel.pointer, panel.targets[0].expr) == ("Lib", "/model", "up")
