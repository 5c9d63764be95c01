"""``query-syntax``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "query-syntax"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        ("sum(up", "("),
        ("rate(up)", "up"),
        ("sum by (plan) (rate(up[$__rate_interval])) +", ""),
        ("up[5m]", "up[5m]"),
        ('label_replace(up, "to", "$1", "from", "(.*")', '"(.*"'),
        ('count_values("", up)', '""'),
    ],
)
def test_no_promql(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


def test_the_place_is_that_of_the_text_with_its_variables():
    assert_fault(rule=RULE, expr='rate(up{plan="${plan}"}) > $limit', at='up{plan="${plan}"}')


def test_names_of_labels_that_only_a_newer_prometheus_takes():
    expr = 'label_replace(up, "to-from", "$1", "from", "(.*)")'
    assert_fault(rule=RULE, expr=expr, at='"to-from"', target_prometheus=(2, 53))
    assert_clean(rule=RULE, expr=expr)


def test_inside_of_label_values():
    finding = assert_fault(
        rule=RULE,
        variable={"query": {"query": "label_values(up{, plan)", "refId": "A"}},
        at="/templating/list/1/query/query",
    )
    assert finding.expr == "label_values(up{, plan)"


def test_in_an_alert():
    finding = assert_fault(rule=RULE, alert="rate(up) > 0", at="up")
    assert (finding.pointer, finding.panel, finding.dashboard) == (
        "/groups/0/rules/0/expr",
        "ShopIsEmpty",
        "shop",
    )


@pytest.mark.parametrize(
    "given",
    [
        {"expr": "sum by ($by) (rate(up[$__rate_interval])) > ${limit:raw}"},
        {"expr": 'topk($k, up) or $metric{plan=~"$plan"}'},
        {"expr": "$query"},
        {
            "panel": {
                "targets": [{"refId": "A", "datasource": {"type": "loki"}, "expr": '{app="shop"} |= `x`'}]
            }
        },
        {"alert": "up == 0"},
        {"expr": 'label_replace(up, "${to}", "$1", "${from}-name", "(.*)")', "target_prometheus": (2, 53)},
        {"annotation": {"expr": "changes(up[5m]) > 0"}},
    ],
)
def test_clean(given):
    assert_clean(rule=RULE, **given)
