"""``rule-group-interval``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "rule-group-interval"


def group(expr, interval="5m", **fields):
    lines = "".join(f"\n        {key}: {value}" for key, value in fields.items())
    return f"""
groups:
  - name: shop
    {f"interval: {interval}" if interval else "limit: 0"}
    rules:
      - alert: Down
        expr: '{expr}'{lines}
"""


def test_a_wait_that_is_too_short():
    rules = group("up == 0", **{"for": "1m"})
    assert_fault(rule=RULE, rules=rules, at="/groups/0/rules/0/for")
    rules = group("up == 0", keep_firing_for="1m")
    assert_fault(rule=RULE, rules=rules, at="/groups/0/rules/0/keep_firing_for")


@pytest.mark.parametrize("function", ["increase", "changes", "max_over_time"])
def test_a_window_that_is_too_short(function):
    finding = assert_fault(rule=RULE, rules=group(f"{function}(unknown_total[2m]) > 5"), at="2m")
    assert "300 s" in finding.message


@pytest.mark.parametrize(
    ("expr", "interval", "wait"),
    [
        ("increase(unknown_total[5m]) > 5", "5m", "5m"),
        ("increase(unknown_total[2m]) > 5", "1m", "1m"),
        ("increase(unknown_total[2m]) > 5", None, "10s"),
        ("last_over_time(unknown_metric[2m]) > 5", "5m", "0s"),
        ("max_over_time(rate(unknown_total[2m])[10m:1m]) > 5", "5m", "5m"),
    ],
)
def test_clean(expr, interval, wait):
    assert_clean(rule=RULE, rules=group(expr, interval, **{"for": wait}))
