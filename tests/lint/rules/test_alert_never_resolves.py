"""``alert-never-resolves``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "alert-never-resolves"


@pytest.mark.parametrize(
    ("expr", "at", "said"),
    [
        ("increase(rsolv_billing_invoice_failed_total[1h]) >= 0", ">= 0", "at all times"),
        ("up <= 1", "<= 1", "at all times"),
        ("up == 0 or vector(1)", "or vector(1)", "always fires"),
        ("up == 0 or (sum(up) or vector(0))", "or vector(0)", "always fires"),
        ("up == 0 or time() * vector(1)", "or time() * vector(1)", "always fires"),
        ("unknown_metric == 0 or sum(up)", "sum(up)", "no condition"),
        ("sum(unknown_metric) > bool 5", "> bool 5", "bool"),
        ("unknown_metric @ 1609746000 > 5", "@ 1609746000", "fixed time"),
    ],
)
def test_a_condition_that_is_always_true(expr, at, said):
    finding = assert_fault(rule=RULE, alert=expr, at=at)
    assert finding.severity.value == "error"
    assert said in finding.message


@pytest.mark.parametrize(
    "expr",
    [
        "increase(rsolv_billing_invoice_failed_total[1h]) > 0",
        "(sum(unknown_metric) or vector(0)) == 0",
        "(sum(unknown_metric) > bool 5) == 1",
        "(sum(unknown_metric) > bool 5) + (sum(other_metric) > bool 5) > 1",
        "unknown_metric >= 0",
        "absent(up)",
        "vector(1)",
        "up == 0 or absent(up)",
        "unknown_metric @ end() > 5",
        "unknown_metric > unknown_metric @ 1609746000",
        "increase(rsolv_billing_invoice_failed_total[1h]) >= 0 and unknown_metric > 5",
        "unknown_metric @ 1609746000 > 5 and on () hour() > 8",
        "time() - unknown_metric @ 1609746000 > 5",
        "up",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, alert=expr)
