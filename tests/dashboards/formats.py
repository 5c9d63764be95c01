"""Rewrites a classic dashboard in Grafana's other formats, so that every reader can be held against the same model."""

from __future__ import annotations

import copy
from typing import Any

Json = dict[str, Any]

_REFRESH = ("never", "onDashboardLoad", "onTimeRangeChanged")
_HIDE = ("dontHide", "hideLabel", "hideVariable", "inControlsMenu")
_SORT = (
    "disabled", "alphabeticalAsc", "alphabeticalDesc", "numericalAsc", "numericalDesc",
    "alphabeticalCaseInsensitiveAsc", "alphabeticalCaseInsensitiveDesc", "naturalAsc", "naturalDesc",
)  # fmt: skip
_VARIABLE_KINDS = {
    "query": "QueryVariable",
    "textbox": "TextVariable",
    "constant": "ConstantVariable",
    "datasource": "DatasourceVariable",
    "interval": "IntervalVariable",
    "custom": "CustomVariable",
}


def to_wrapped(classic: Json) -> Json:
    """As ``GET /api/dashboards/uid/…`` answers."""
    return {"meta": {"provisioned": False}, "dashboard": copy.deepcopy(classic)}


def to_v1(classic: Json) -> Json:
    """As a resource of version 1: the uid moves to the metadata."""
    spec = copy.deepcopy(classic)
    return _resource("v1beta1", spec.pop("uid", ""), spec)


def to_v2(classic: Json) -> Json:
    """As a resource of version 2. Rows become rows of the layout; the panels in front of the first row too."""
    classic = copy.deepcopy(classic)
    time, tip = classic.get("time", {}), ("Off", "Crosshair", "Tooltip")
    panels = [panel for entry in classic.get("panels", []) for panel in (entry, *entry.get("panels", []))]
    spec: Json = {
        "title": classic.get("title", ""),
        "description": classic.get("description", ""),
        "tags": classic.get("tags", []),
        "cursorSync": tip[classic.get("graphTooltip", 0)],
        "editable": classic.get("editable", True),
        "preload": False,
        "links": [_link(link) for link in classic.get("links", [])],
        "timeSettings": {
            "from": time.get("from", "now-6h"),
            "to": time.get("to", "now"),
            "autoRefresh": classic.get("refresh") or "",
            "timezone": classic.get("timezone", ""),
            "hideTimepicker": False,
            "fiscalYearStartMonth": 0,
        },
        "variables": [_variable(entry) for entry in classic.get("templating", {}).get("list", [])],
        "annotations": [_annotation(entry) for entry in classic.get("annotations", {}).get("list", [])],
        "elements": {_name(panel): _element(panel) for panel in panels if panel["type"] != "row"},
        "layout": _layout(classic.get("panels", [])),
    }
    return _resource("v2", classic.get("uid", ""), spec)


def to_bare_v2(classic: Json) -> Json:
    """As the content of ``spec`` alone."""
    spec: Json = to_v2(classic)["spec"]
    return spec


def _resource(version: str, uid: str, spec: Json) -> Json:
    return {
        "apiVersion": f"dashboard.grafana.app/{version}",
        "kind": "Dashboard",
        "metadata": {"name": uid},
        "spec": spec,
    }


def _name(panel: Json) -> str:
    return f"panel-{panel['id']}"


def _element(panel: Json) -> Json:
    if "libraryPanel" in panel:
        spec = {"id": panel["id"], "title": panel.get("title", ""), "libraryPanel": panel["libraryPanel"]}
        return {"kind": "LibraryPanel", "spec": spec}
    options = {
        name: panel[name] for name in ("interval", "timeFrom", "timeShift", "maxDataPoints") if name in panel
    }
    queries = [_query(target, panel.get("datasource")) for target in panel.get("targets", [])]
    transformations = [
        {
            "kind": "Transformation",
            "group": step["id"],
            "spec": {name: step[name] for name in ("options", "disabled") if name in step},
        }
        for step in panel.get("transformations", [])
    ]
    look = {
        "options": panel.get("options", {}),
        "fieldConfig": panel.get("fieldConfig", {"defaults": {}, "overrides": []}),
    }
    data = {"queries": queries, "transformations": transformations, "queryOptions": options}
    return {
        "kind": "Panel",
        "spec": {
            "id": panel["id"],
            "title": panel.get("title", ""),
            "description": panel.get("description", ""),
            "links": panel.get("links", []),
            "data": {"kind": "QueryGroup", "spec": data},
            "vizConfig": {"kind": "VizConfig", "group": panel["type"], "version": "", "spec": look},
        },
    }


def _query(target: Json, panels: Any) -> Json:
    fields = {key: value for key, value in target.items() if key not in ("refId", "datasource", "hide")}
    query = _data_query(target.get("datasource") or panels or {}, fields)
    return {
        "kind": "PanelQuery",
        "spec": {"refId": target["refId"], "hidden": target.get("hide", False), "query": query},
    }


def _data_query(datasource: Json, fields: Json) -> Json:
    query: Json = {"kind": "DataQuery", "group": datasource.get("type", ""), "version": "v0", "spec": fields}
    if datasource.get("uid"):
        query["datasource"] = {"name": datasource["uid"]}
    return query


def _layout(panels: list[Json]) -> Json:
    if not any(panel["type"] == "row" for panel in panels):
        return _grid(panels)
    rows: list[tuple[Json, list[Json]]] = [({"title": ""}, [])]
    for panel in panels:
        if panel["type"] == "row":
            rows.append((panel, list(panel.get("panels", []))))
        else:
            rows[-1][1].append(panel)
    return {"kind": "RowsLayout", "spec": {"rows": [_row(row, inside) for row, inside in rows if inside]}}


def _row(row: Json, panels: list[Json]) -> Json:
    spec: Json = {
        "title": row.get("title", ""),
        "collapse": row.get("collapsed", False),
        "layout": _grid(panels),
    }
    if row.get("repeat"):
        spec["repeat"] = {"mode": "variable", "value": row["repeat"]}
    return {"kind": "RowsLayoutRow", "spec": spec}


def _grid(panels: list[Json]) -> Json:
    return {"kind": "GridLayout", "spec": {"items": [_item(panel) for panel in panels]}}


def _item(panel: Json) -> Json:
    grid = panel.get("gridPos", {"x": 0, "y": 0, "w": 12, "h": 8})
    spec: Json = {
        "x": grid["x"], "y": grid["y"], "width": grid["w"], "height": grid["h"],
        "element": {"kind": "ElementReference", "name": _name(panel)},
    }  # fmt: skip
    if panel.get("repeat"):
        spec["repeat"] = {"mode": "variable", "value": panel["repeat"]}
    return {"kind": "GridLayoutItem", "spec": spec}


def _variable(entry: Json) -> Json:
    kind = entry["type"]
    same = (
        "name", "label", "description", "current", "options", "multi", "includeAll", "allValue", "regex",
        "skipUrlSync", "definition", "auto", "allowCustomValue",
    )  # fmt: skip
    spec: Json = {key: entry[key] for key in same if key in entry and entry[key] is not None}
    spec["hide"] = _HIDE[entry.get("hide", 0)]
    if not spec.get("current"):
        spec["current"] = {"text": "", "value": ""}
    if kind in ("textbox", "constant"):
        spec.pop("options", None)
    if kind == "query":
        query = entry.get("query", "")
        fields = query if isinstance(query, dict) else {"__legacyStringValue": query}
        spec["query"] = _data_query(entry.get("datasource") or {}, fields)
        spec["sort"] = _SORT[entry.get("sort", 0)]
    else:
        spec["pluginId" if kind == "datasource" else "query"] = entry.get("query", "")
    if kind in ("query", "datasource", "interval"):
        spec["refresh"] = _REFRESH[entry.get("refresh", 0)]
    if kind in ("interval", "custom"):
        spec.pop("regex", None)
    return {"kind": _VARIABLE_KINDS[kind], "spec": spec}


def _annotation(entry: Json) -> Json:
    fields = entry.get("target") or ({"expr": entry["expr"]} if "expr" in entry else {})
    spec: Json = {
        "name": entry["name"],
        "enable": entry.get("enable", True),
        "hide": entry.get("hide", False),
        "iconColor": entry.get("iconColor", ""),
        "query": _data_query(entry.get("datasource") or {}, fields),
    }
    if entry.get("builtIn"):
        spec["builtIn"] = True
    old = {key: entry[key] for key in ("titleFormat", "textFormat", "tagKeys") if key in entry}
    return {"kind": "AnnotationQuery", "spec": spec | ({"legacyOptions": old} if old else {})}


def _link(link: Json) -> Json:
    return {"icon": "", "tooltip": "", "tags": [], **link}
