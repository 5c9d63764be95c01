"""``sort-in-graph``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, panel, target

RULE = "sort-in-graph"
ACTIVE = "rsolv_billing_active_subscriptions"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f"sort_desc(sum by (plan) ({ACTIVE}))", "sort_desc"),
        ("sort(up)", "sort"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f"topk(5, {ACTIVE})",
        "rsolv_billing_active_subscriptions",
        f"sum by (plan) ({ACTIVE})",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_a_table_of_one_time_is_sorted():
    assert_clean(rule=RULE, panel=panel(target("sort(up)", range=False, instant=True), type="table"))


def test_asked_both_ways_the_table_is_sorted():
    assert_clean(rule=RULE, panel=panel(target("sort(up)", range=True, instant=True), type="table"))
