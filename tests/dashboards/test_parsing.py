"""Files to the model; what is wrong is named with its line or its place."""

from __future__ import annotations

import json
import re

import pytest

from staging_validation.dashboards import parse_dashboard
from staging_validation.errors import ConfigurationError
from staging_validation.source_files import SourceFile


def parse(text: str):
    return parse_dashboard(SourceFile("shop.json", text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n  "uid": "a",\n  "title" "b"\n}', r"shop.json:3:11: invalid JSON: expecting ':' delimiter"),
        ("", r"shop.json:1:1: invalid JSON: expecting value"),
        ("\ufeff{}", r"shop.json:1:1: the file begins with a byte order mark"),
        ('{"a": 1,\n "b": NaN}', r"shop.json:2:7: invalid JSON: NaN is no JSON number"),
        ('{"a": -Infinity}', r"shop.json:1:7: invalid JSON: -Infinity is no JSON number"),
        ('{"a": {"b": 1, "b": 2}}', r"shop.json: the key 'b' stands twice in one object"),
        ("[]", r"shop.json#/ must be an object"),
        ('{"title": "a"}', r"shop.json#/uid is missing"),
        ('{"uid": "a", "title": ""}', r"shop.json#/title is missing"),
        ('{"uid": 1, "title": "a"}', r"shop.json#/uid must be of type str"),
        ('{"uid": "a", "title": "a", "panels": {}}', r"shop.json#/panels must be a list"),
        ('{"uid": "a", "title": "a", "panels": [1]}', r"shop.json#/panels/0 must be an object"),
        (
            '{"uid": "a", "title": "a", "panels": [{"type": "stat", "title": "b"}]}',
            r"shop.json#/panels/0/id is missing",
        ),
        ('{"dashboard": {}}', r"shop.json holds the wrapper of the HTTP API.*Remedy: keep only"),
        ('{"apiVersion": "v1", "spec": {}}', r"shop.json holds a Kubernetes-style resource"),
        ('{"elements": {}, "layout": {}}', r"shop.json holds a dashboard of schema v2"),
    ],
)
def test_a_fault_is_named_with_its_place(text, message):
    with pytest.raises(ConfigurationError) as caught:
        parse(text)
    assert re.search(message, str(caught.value)), str(caught.value)


def test_panels_inside_a_row_are_found(build, make_panel, make_target):
    inner = make_panel(make_target("up"), id=2)
    row = {"id": 9, "title": "Row", "type": "row", "collapsed": True, "panels": [inner]}
    dashboard = build(row, make_panel(make_target("up"), id=3))
    assert [(panel.id, panel.pointer) for panel in dashboard.panels] == [
        (2, "/panels/0/panels/0"),
        (3, "/panels/1"),
    ]


def test_a_target_takes_its_panels_datasource(build, make_panel):
    targets = [
        {"refId": "A", "expr": "up"},
        {"refId": "B", "datasource": {"type": "loki", "uid": "x"}},
        {"refId": "C", "datasource": "name"},
    ]
    (panel,) = build(make_panel(*targets, datasource={"type": "prometheus"})).panels
    assert [target.datasource_type for target in panel.targets] == ["prometheus", "loki", "prometheus"]


def test_variables_of_every_kind(build):
    variables = [
        {"name": "plan", "type": "query", "multi": True, "includeAll": True, "allValue": ".+",
         "current": {"value": ["$__all"]}, "options": [{"value": "$__all"}, {"value": "pro"}]},
        {"name": "size", "type": "custom", "query": "Small : s, Big : b, c"},
        {"name": "fixed", "type": "constant", "query": "eu"},
        {"name": "step", "type": "interval", "query": "1m,5m", "current": {"value": "5m"}},
        {"name": "bare", "type": "query", "query": {"query": "label_values(x)"}, "current": {}},
    ]  # fmt: skip
    found = build(variables=variables).variables
    assert found["plan"].current == ("$__all",)
    assert found["plan"].options == ("pro",)
    assert found["size"].options == ("s", "b", "c")
    assert found["fixed"].current == ("eu",)
    assert (found["step"].current, found["step"].options) == (("5m",), ("1m", "5m"))
    assert (found["bare"].current, found["bare"].options) == ((), ())


def test_the_time_range_has_grafanas_default(build):
    assert build().time_from == "now-6h"
    assert build(time={"from": "now-1h", "to": "now-5m"}).time_to == "now-5m"


def test_only_the_bare_shape_is_read(shipped_file):
    wrapped = json.dumps({"dashboard": json.loads(shipped_file.text)})
    with pytest.raises(ConfigurationError, match="the wrapper"):
        parse(wrapped)
