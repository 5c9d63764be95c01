"""The dashboard that the project ships, against the platform contract and the metric catalogue."""

from __future__ import annotations

import json
import re

import promql_parser
import pytest

from staging_validation.clients.source_files import read_source_files
from staging_validation.dashboards import expand_target
from staging_validation.project import include_dir
from staging_validation.telemetry import parse_catalogue

PANELS = {
    1: ("Subscription Creation Rate", "timeseries"),
    2: ("Payment Success Rate", "gauge"),
    3: ("Revenue by Plan", "piechart"),
    4: ("Payment Processing Duration (p95)", "timeseries"),
    5: ("Usage Tracking by Plan", "timeseries"),
    6: ("Customer Conversion Funnel", "bargauge"),
    7: ("Failed Payments by Reason", "table"),
    8: ("Subscription Cancellation Rate", "stat"),
    9: ("Active Subscriptions by Plan", "timeseries"),
    10: ("Credit System Overview", "stat"),
}


@pytest.fixture(scope="module")
def content(shipped_file):
    return json.loads(shipped_file.text)


@pytest.fixture(scope="module")
def panels(content):
    return {panel["id"]: panel for panel in content["panels"]}


def test_the_frame(content):
    assert (content["title"], content["uid"]) == ("Billing System Metrics", "billing-metrics")
    assert (content["refresh"], content["time"]) == ("30s", {"from": "now-24h", "to": "now"})
    assert content["tags"] == ["billing", "stripe", "revenue", "rfc-068"]
    assert content["graphTooltip"] == 2
    assert 39 <= content["schemaVersion"] <= 42
    assert [entry["name"] for entry in content["templating"]["list"]] == ["datasource", "plan", "customer_id"]
    deployments = content["annotations"]["list"][1]
    assert (deployments["name"], deployments["target"]["tags"]) == ("Deployments", ["deployment"])


def test_ten_panels_two_a_row_each_described(panels):
    assert {number: (panel["title"], panel["type"]) for number, panel in panels.items()} == PANELS
    for number, panel in panels.items():
        place = {"h": 8, "w": 12, "x": 12 * ((number - 1) % 2), "y": 8 * ((number - 1) // 2)}
        assert panel["gridPos"] == place
        assert panel["description"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}


def test_units_limits_and_thresholds(panels):
    defaults = {number: panel["fieldConfig"]["defaults"] for number, panel in panels.items()}
    assert [defaults[number]["unit"] for number in (2, 3, 4, 8)] == [
        "percent",
        "currencyUSD",
        "ms",
        "percent",
    ]
    steps = {
        number: [(step["color"], step["value"]) for step in defaults[number]["thresholds"]["steps"]]
        for number in (2, 8)
    }
    assert steps == {
        2: [("red", None), ("yellow", 90), ("green", 95)],
        8: [("green", None), ("yellow", 5), ("red", 10)],
    }
    assert (defaults[2]["min"], defaults[2]["max"]) == (0, 100)


def test_legends_and_displays(panels):
    calcs = {number: panels[number]["options"]["legend"]["calcs"] for number in (1, 4)}
    assert calcs == {1: ["mean", "lastNotNull"], 4: ["mean", "lastNotNull", "max"]}
    assert (panels[3]["options"]["pieType"], panels[3]["options"]["displayLabels"]) == (
        "donut",
        ["name", "percent"],
    )
    funnel = panels[6]["options"]
    assert (funnel["displayMode"], funnel["orientation"]) == ("gradient", "horizontal")
    assert panels[7]["options"]["sortBy"] == [{"desc": True, "displayName": "Failures"}]


def test_colours(panels):
    def colours(number):
        return {
            override["matcher"]["options"]: override["properties"][0]["value"]["fixedColor"]
            for override in panels[number]["fieldConfig"]["overrides"]
        }

    plans = {"trial": "blue", "pay_as_you_go": "yellow", "pro": "green"}
    assert [colours(number) for number in (3, 5, 9)] == [plans] * 3
    assert colours(10) == {"Added": "green", "Consumed": "orange"}


def test_every_selector_uses_the_variables_that_its_metric_has(shipped):
    catalogue = parse_catalogue(read_source_files(include_dir("telemetry"), ".yaml"))
    for panel in shipped.panels:
        for target in panel.targets:
            for name, matchers in re.findall(r"(rsolv_\w+)\{([^}]*)\}", target.expr):
                metric = (
                    catalogue.metrics.get(name) or catalogue.metrics[re.sub("_(bucket|sum|count)$", "", name)]
                )
                assert ("customer_id" in metric.labels) == ('customer_id=~"$customer_id"' in matchers), (
                    target.expr
                )
                if "plan" in metric.labels and panel.id not in (6, 10):
                    assert 'plan=~"$plan"' in matchers, target.expr
                assert set(re.findall(r"(\w+)=", matchers)) <= set(metric.labels)


def test_every_query_is_promql(shipped):
    for panel in shipped.panels:
        for target in panel.targets:
            promql_parser.parse(expand_target(target, panel, shipped))


def test_legends_use_only_labels_that_the_query_keeps(panels):
    for panel in panels.values():
        for target in panel["targets"]:
            kept = re.findall(r"\w+", re.match(r"(?:\w+ )?.*?by \(([^)]*)\)|", target["expr"])[1] or "")
            used = re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", ""))
            assert set(used) <= set(kept), target
