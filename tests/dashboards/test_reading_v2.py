"""Version 2: layouts inside each other, variables of rows and tabs, elements that are not placed, older previews."""

from __future__ import annotations

import copy
import json

from staging_validation.dashboards import expand_statically
from staging_validation.dashboards.model import Scope
from staging_validation.dashboards.reading import read_dashboard
from staging_validation.source_files import SourceFile


def element(number, expr="up", group="prometheus", **query):
    data = {"kind": "DataQuery", "group": group, "version": "v0", "spec": {"expr": expr}, **query}
    panel_query = {"kind": "PanelQuery", "spec": {"refId": "A", "hidden": False, "query": data}}
    return {"kind": "Panel", "spec": {
        "id": number, "title": f"P{number}",
        "data": {"kind": "QueryGroup", "spec": {"queries": [panel_query], "transformations": [], "queryOptions": {}}},
        "vizConfig": {"kind": "VizConfig", "group": "stat", "version": "", "spec": {
            "options": {}, "fieldConfig": {"defaults": {}, "overrides": []},
        }},
    }}  # fmt: skip


def grid(*names):
    return {"kind": "GridLayout", "spec": {"items": [
        {"kind": "GridLayoutItem", "spec": {
            "x": 0, "y": 0, "width": 12, "height": 8, "element": {"kind": "ElementReference", "name": name},
        }} for name in names
    ]}}  # fmt: skip


def auto(*names, **spec):
    return {"kind": "AutoGridLayout", "spec": {"columnWidthMode": "standard", "rowHeightMode": "standard", "items": [
        {"kind": "AutoGridLayoutItem", "spec": {"element": {"kind": "ElementReference", "name": name}, **spec}}
        for name in names
    ]}}  # fmt: skip


def rows(*specs):
    return {
        "kind": "RowsLayout",
        "spec": {"rows": [{"kind": "RowsLayoutRow", "spec": spec} for spec in specs]},
    }


def tabs(*specs):
    return {
        "kind": "TabsLayout",
        "spec": {"tabs": [{"kind": "TabsLayoutTab", "spec": spec} for spec in specs]},
    }


def constant(name, value):
    return {"kind": "ConstantVariable", "spec": {
        "name": name, "query": value, "current": {"text": value, "value": value}, "hide": "dontHide",
        "skipUrlSync": False,
    }}  # fmt: skip


def read(elements, layout, *, version="v2", problems=0, **spec):
    content = {
        "apiVersion": f"dashboard.grafana.app/{version}", "kind": "Dashboard", "metadata": {"name": "d"},
        "spec": {"title": "D", "elements": elements, "layout": layout, **spec},
    }  # fmt: skip
    reading = read_dashboard(SourceFile("d.json", json.dumps(content)))
    assert len(reading.problems) == problems, reading.problems
    assert reading.dashboard is not None
    return reading.dashboard


def test_layouts_inside_each_other():
    layout = tabs(
        {"title": "One", "layout": rows(
            {"title": "Top", "collapse": True, "layout": grid("a", "b"), "repeat": {"mode": "variable", "value": "x"}},
            {"title": "Low", "layout": auto("c", repeat={"mode": "variable", "value": "y"})},
        )},
        {"title": "Two", "layout": grid("d")},
    )  # fmt: skip
    dashboard = read({name: element(number) for number, name in enumerate("dcba")}, layout)
    assert [panel.element for panel in dashboard.panels] == ["a", "b", "c", "d"]
    assert [(section.kind, section.title, section.holds) for section in dashboard.sections] == [
        (Scope.TAB, "One", 3),
        (Scope.ROW, "Top", 2),
        (Scope.ROW, "Low", 1),
        (Scope.TAB, "Two", 1),
    ]
    first, _, third, _ = dashboard.panels
    assert [section.title for section in dashboard.sections_of(first.section)] == ["Top", "One"]
    assert dashboard.repeats_of(first) == {"x"}
    assert dashboard.repeats_of(third) == {"y"}
    assert third.grid is None
    assert first.grid is not None
    assert (first.grid.w, first.grid.h) == (12, 8)


def test_the_variables_of_rows_and_tabs_hold_inside_them_alone():
    layout = tabs(
        {"title": "One", "variables": [constant("v", "tab"), constant("t", "only")], "layout": rows(
            {"title": "R", "variables": [constant("v", "row")], "layout": grid("a")},
            {"title": "S", "layout": grid("b")},
        )},
        {"title": "Two", "layout": grid("c")},
    )  # fmt: skip
    elements = {name: element(number, "x > $v + $t") for number, name in enumerate("abc")}
    dashboard = read(elements, layout, variables=[constant("v", "dashboard")])
    seen = [
        {name: variable.query for name, variable in dashboard.variables_of(panel).items()}
        for panel in dashboard.panels
    ]
    assert seen == [{"v": "row", "t": "only"}, {"v": "tab", "t": "only"}, {"v": "dashboard"}]
    assert [(variable.query, variable.scope) for variable in dashboard.all_variables] == [
        ("dashboard", Scope.DASHBOARD),
        ("tab", Scope.TAB),
        ("only", Scope.TAB),
        ("row", Scope.ROW),
    ]
    unknown = [
        [use.name for use in expand_statically("x > $v + $t", dashboard, panel).unknown]
        for panel in dashboard.panels
    ]
    assert unknown == [[], [], ["t"]]


def test_elements_without_a_place_and_places_without_an_element():
    dashboard = read({"a": element(1), "b/c": element(2)}, grid("a", "gone", "a"))
    assert [(panel.element, panel.placed, panel.pointer) for panel in dashboard.panels] == [
        ("a", True, "/spec/elements/a"),
        ("b/c", False, "/spec/elements/b~1c"),
    ]
    assert [item.element for item in dashboard.layout] == ["a", "gone", "a"]
    assert dashboard.layout[1].pointer == "/spec/layout/spec/items/1"
    assert dashboard.elements == {"a": "/spec/elements/a", "b/c": "/spec/elements/b~1c"}


def test_data_sources_by_group_name_and_variable():
    variable = {"kind": "DatasourceVariable", "spec": {"name": "ds", "pluginId": "prometheus"}}
    elements = {
        "a": element(1, datasource={"name": "$ds"}),
        "b": element(2, group="", datasource={"name": "${ds}"}),
        "c": element(3, group="loki"),
        "d": element(4, group=""),
    }
    targets = [panel.targets[0] for panel in read(elements, grid(*elements), variables=[variable]).panels]
    assert [(target.datasource_type, target.datasource_uid) for target in targets] == [
        ("prometheus", "$ds"),
        ("prometheus", "${ds}"),
        ("loki", ""),
        ("", ""),
    ]


def test_switches_and_other_variables_of_version_2():
    variables = [
        {"kind": "SwitchVariable", "spec": {
            "name": "s", "current": "on", "enabledValue": "on", "disabledValue": "off",
        }},
        {"kind": "GroupByVariable", "group": "prometheus", "datasource": {"name": "p"}, "spec": {"name": "g"}},
        {"kind": "AdhocVariable", "group": "prometheus", "spec": {"name": "h"}},
        {"kind": "QueryVariable", "spec": {"name": "q", "query": {
            "kind": "DataQuery", "group": "prometheus", "spec": {"__legacyStringValue": "label_values(a)"},
        }}},
    ]  # fmt: skip
    found = read({}, grid(), variables=variables).variables
    assert (found["s"].type, found["s"].current, found["s"].options) == ("switch", ("on",), ("on", "off"))
    assert (found["g"].type, found["g"].datasource_type) == ("groupby", "prometheus")
    assert (found["h"].type, found["h"].datasource_type) == ("adhoc", "prometheus")
    assert (found["q"].query, found["q"].query_pointer) == (
        "label_values(a)",
        "/spec/variables/3/spec/query/spec/__legacyStringValue",
    )


def test_the_preview_v2alpha1_named_plugins_by_kind():
    panel = copy.deepcopy(element(1))
    spec = panel["spec"]
    spec["vizConfig"] = {"kind": "gauge", "spec": {"pluginVersion": "11", "options": {}, "fieldConfig": {}}}
    spec["data"]["spec"]["queries"][0]["spec"] |= {
        "datasource": {"type": "prometheus", "uid": "p"},
        "query": {"kind": "prometheus", "spec": {"expr": "up"}},
    }
    spec["data"]["spec"]["transformations"] = [
        {"kind": "organize", "spec": {"id": "organize", "options": {"a": 1}}}
    ]
    row = {"kind": "GridLayoutRow", "spec": {"y": 0, "title": "R", "collapsed": True, "elements": [
        grid("a")["spec"]["items"][0],
    ]}}  # fmt: skip
    dashboard = read({"a": panel}, {"kind": "GridLayout", "spec": {"items": [row]}}, version="v2alpha1")
    (found,), (section,) = dashboard.panels, dashboard.sections
    assert (found.type, found.transformations[0].id, found.targets[0].datasource_type) == (
        "gauge",
        "organize",
        "prometheus",
    )
    assert (section.title, section.collapsed, section.holds, found.section) == ("R", True, 1, section.pointer)


def test_a_layout_that_cannot_be_read_leaves_the_panels():
    dashboard = read({"a": element(1)}, {"kind": "Spiral", "spec": 5}, problems=1)
    assert [(panel.id, panel.placed) for panel in dashboard.panels] == [(1, False)]
