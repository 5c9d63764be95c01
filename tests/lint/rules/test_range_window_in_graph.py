"""``range-window-in-graph``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, panel, target

RULE = "range-window-in-graph"


@pytest.mark.parametrize("window", ["$__range", "${__range}", "${__range_s}s"])
def test_the_range_as_window(window):
    used = window.removesuffix("s") if window.endswith("}s") else window
    assert_fault(rule=RULE, expr=f"sum(increase(up[{window}]))", at=used)


def test_in_a_subquery():
    assert_fault(rule=RULE, panel=panel("max_over_time(up[$__range:1m])", type="heatmap"), at="$__range")


@pytest.mark.parametrize(
    "expr",
    [
        "rate(up[$__rate_interval])",
        "increase(up[1h])",
        "rate(up[5m] offset $__range)",
        "rate(up[5m]) * $__range_s",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_one_number():
    once = target("increase(up[$__range])", instant=True, range=False)
    assert_clean(rule=RULE, panel={"targets": [once]})
    assert_clean(rule=RULE, panel=panel("increase(up[$__range])", type="stat"))
