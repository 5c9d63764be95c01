"""``alert-unstable-for``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "alert-unstable-for"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        ("topk(3, rate(unknown_total[5m])) > 5", "topk"),
        ("bottomk(1, unknown_metric) < 5", "bottomk"),
        ("irate(unknown_total[5m]) > 5", "irate"),
    ],
)
def test_series_that_come_and_go(expr, at):
    assert_fault(rule=RULE, alert={"expr": expr, "for": "10m"}, at=at)


@pytest.mark.parametrize(
    ("expr", "wait"),
    [
        ("topk(3, rate(unknown_total[5m])) > 5", "0s"),
        ("sum(topk(3, rate(unknown_total[5m]))) > 5", "10m"),
        ("rate(unknown_total[5m]) > 5", "10m"),
        ("topk(3, unknown_metric) >", "10m"),
    ],
)
def test_clean(expr, wait):
    assert_clean(rule=RULE, alert={"expr": expr, "for": wait})
