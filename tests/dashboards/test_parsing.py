"""Files to the model; what is wrong is named with its line or its place."""

from __future__ import annotations

import json
import re

import pytest

from staging_validation.dashboards import parse_dashboard
from staging_validation.errors import ConfigurationError
from staging_validation.source_files import SourceFile
from tests.dashboards.formats import to_bare_v2, to_v1, to_v2, to_wrapped


def parse(text: str):
    return parse_dashboard(SourceFile("shop.json", text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{\n  "uid": "a",\n  "title" "b"\n}',
            r"^shop.json:3:11: Invalid JSON: expecting ':' delimiter\. Remedy: correct the file",
        ),
        ("[]", r"^shop.json:1:1: The file holds a list, not a dashboard\."),
        ('{"title": "a"}', r"^shop.json:1:1: the dashboard's uid is missing \(/uid\)"),
        ('{"uid": "a", "title": ""}', r"^shop.json:1:14: the dashboard's title is missing \(/title\)"),
        ('{"uid": 1, "title": "a"}', r"^shop.json:1:2: `/uid` must be a text, not 1\."),
        (
            '{"uid": "a", "title": "a",\n "panels": {}}',
            r"^shop.json:2:2: `/panels` must be a list, not an object",
        ),
        (
            '{"uid": "a", "title": "a", "panels": [1]}',
            r"^shop.json:1:39: `/panels/0` must be an object, not 1",
        ),
        (
            '{"uid": "a", "title": "a", "panels": [{"type": "stat", "title": "b"}]}',
            r"the id of the panel 'b' is missing \(/panels/0/id\)",
        ),
        (
            '{"uid": "a", "title": "a", "panels": [{"type": "stat", "id": 1, "targets": [{}]}]}',
            r"the refId of a query of the panel '' is missing \(/panels/0/targets/0/refId\)",
        ),
        (
            '{"apiVersion": "v1", "spec": {}}',
            r"^shop.json:1:2: The file holds a resource of v1, not a dashboard",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(text, message):
    with pytest.raises(ConfigurationError) as caught:
        parse(text)
    assert re.search(message, str(caught.value)), str(caught.value)


@pytest.mark.parametrize("rewrite", [to_wrapped, to_v1, to_v2])
def test_every_format_is_read(shipped_file, shipped, rewrite):
    found = parse(json.dumps(rewrite(json.loads(shipped_file.text))))
    assert (found.uid, found.title) == (shipped.uid, shipped.title)
    assert [panel.id for panel in found.panels] == [panel.id for panel in shipped.panels]


def test_a_bare_dashboard_of_version_2_has_no_uid(shipped_file):
    with pytest.raises(ConfigurationError, match=r"the dashboard's uid is missing"):
        parse(json.dumps(to_bare_v2(json.loads(shipped_file.text))))


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
