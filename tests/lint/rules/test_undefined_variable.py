"""``undefined-variable``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel, variable

RULE = "undefined-variable"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        ('up{job="$job"}', "$job"),
        ('up{job=~"${job:regex}"}', "${job:regex}"),
        ("sum by ([[label]]) (up)", "[[label]]"),
        ("rate(up[$__rate_intervall])", "$__rate_intervall"),
        ("up{job='$job'} + up{job='$job'}", "$job"),
        ("$query", "$query"),
    ],
)
def test_in_a_query(expr, at):
    finding = assert_fault(rule=RULE, expr=expr, at=at)
    assert finding.severity is Severity.ERROR


def test_a_close_name_is_proposed():
    assert "$__rate_interval" in assert_fault(rule=RULE, expr="rate(up[$__rate_intervall])").remedy


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"panel": panel("up", title="Sales of ${region}")}, "/panels/0/title"),
        ({"panel": panel("up", title="Sales of $region")}, "/panels/0/title"),
        ({"panel": panel("up", interval="$step")}, "/panels/0/interval"),
        ({"panel": panel({"legendFormat": "{{job}} $region"})}, "/panels/0/targets/0/legendFormat"),
    ],
)
def test_in_a_text(given, at):
    assert assert_fault(rule=RULE, at=at, **given).severity is Severity.WARNING


def test_in_the_title_of_a_row():
    row = {"id": 9, "type": "row", "title": "$region", "panels": []}
    assert_fault(rule=RULE, dashboard=dashboard(row), at="/panels/0/title")


def test_in_the_query_of_a_variable():
    assert_fault(rule=RULE, variable=variable(query='label_values(up{job="$job"}, instance)'), at="$job")
    assert_fault(rule=RULE, variable=variable(query="metrics($prefix)"), at="/templating/list/1/query/query")


def test_in_an_annotation():
    assert_fault(rule=RULE, annotation={"expr": 'up{job="$job"} == 0'}, at="$job")


def test_a_variable_of_another_row_does_not_hold():
    written = to_v2(
        dashboard({"id": 9, "type": "row", "title": "Row", "panels": []}, panel('up{job="$job"}'))
    )
    assert_fault(rule=RULE, dashboard=written, at="$job")
    job = {"kind": "TextVariable", "spec": {"name": "job", "query": "shop", "current": {"value": "shop"}}}
    written["spec"]["layout"]["spec"]["rows"][0]["spec"]["variables"] = [job]
    assert_clean(rule=RULE, dashboard=written)


UNPLACED = to_v2(dashboard(panel('up{job="$job"}')))
UNPLACED["spec"]["layout"]["spec"]["items"].clear()


@pytest.mark.parametrize(
    "given",
    [
        {"dashboard": UNPLACED},
        {"dashboard": dashboard(panel('up{plan="$plan"}', title="Of ${plan}"), variables=[variable()])},
        {"expr": "sum(increase(up[$__range])) * $__range_s # $comment"},
        {"expr": 'label_replace(up, "a", "$1", "b", "(.*)")'},
        {"panel": panel("up", title="Revenue in $USD, or $k, or $5")},
        {"panel": panel("up", description="Needs $HOME and ${shell}.")},
        {
            "panel": {
                "targets": [{"refId": "A", "datasource": {"type": "mysql"}, "rawSql": "$__timeFilter(t) $x"}]
            }
        },
        {"dashboard": {"model": panel('up{plan="$plan"}'), "name": "Sales", "kind": 1}},
        {"alert": 'up{job="$job"} == 0'},
    ],
)
def test_clean(given):
    assert_clean(rule=RULE, **given)
