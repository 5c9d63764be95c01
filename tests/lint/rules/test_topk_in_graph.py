"""``topk-in-graph``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, panel, target

RULE = "topk-in-graph"


@pytest.mark.parametrize("operator", ["topk", "bottomk"])
def test_over_time(operator):
    assert_fault(rule=RULE, expr=f"{operator}(5, sum by (job) (rate(up[5m])))", at=operator)


def test_inside_of_more():
    assert_fault(rule=RULE, expr="sum(topk by (job) ($k, up)) > 0", at="topk")


@pytest.mark.parametrize(
    "expr",
    [
        "sum by (job) (rate(up[5m]))",
        "up and topk(5, rate(up[5m] @ end()))",
        "limitk(5, up)",
        "topk(5, up",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_a_table_or_an_instant_query():
    assert_clean(rule=RULE, panel=panel("topk(5, up)", type="table"))
    once = target("topk(5, up)", instant=True, range=False)
    assert_clean(rule=RULE, panel={"targets": [once]})
    assert_clean(rule=RULE, panel={"targets": [target("topk(5, up)", hide=True), target("up", refId="B")]})
