"""``range-query-for-single-value``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, panel, target

RULE = "range-query-for-single-value"


@pytest.mark.parametrize("kind", ["piechart", "bargauge", "stat", "gauge", "table"])
def test_a_total_at_every_step(kind):
    finding = assert_fault(rule=RULE, panel=panel("sum(increase(up[$__range]))", type=kind), at="$__range")
    assert finding.pointer == "/panels/0/targets/0/range"


def test_both_kinds_of_query_at_once():
    both = target("sum(increase(up[$__range]))", instant=True, range=True)
    finding = assert_fault(rule=RULE, panel={"type": "stat", "targets": [both]}, at="$__range")
    assert finding.pointer == "/panels/0/targets/0/instant"


@pytest.mark.parametrize("kind", ["table", "bargauge"])
def test_the_top_ones_at_every_step(kind):
    assert_fault(rule=RULE, panel=panel("topk(3, up)", type=kind), at="topk")


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "stat", "targets": [target("sum(increase(up[$__range]))", instant=True, range=False)]},
        panel("sum(rate(up[$__rate_interval]))", type="stat"),
        panel("sum(increase(up[$__range]))", type="timeseries"),
        {"type": "table", "targets": [target("topk(3, up)", instant=True, range=False, format="table")]},
        panel("up offset $__range", type="stat"),
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, panel=fields)
