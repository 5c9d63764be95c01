"""``expression-of-missing-data``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, target

RULE = "expression-of-missing-data"
PAID = "rsolv_billing_payment_processed_total"
SHARE = f'sum(rate({PAID}{{status="failed"}}[5m])) / sum(rate({PAID}[5m]))'
P95 = "histogram_quantile(0.95, sum by (le) (rate(rsolv_billing_payment_processed_duration_milliseconds_bucket[5m])))"


def expression(kind, **fields):
    source = {"type": "__expr__", "uid": "__expr__"}
    return {"refId": "B", "datasource": source, "type": kind, "expression": "A", **fields}


def asked(expr, step):
    return {"targets": [target(expr, hide=True), step]}


@pytest.mark.parametrize(("expr", "piece"), [(SHARE, SHARE), (P95, P95), (f"100 * {P95}", P95)])
def test_a_reduction_of_what_can_be_nan(expr, piece):
    step = expression("reduce", reducer="mean", settings={"mode": ""})
    finding = assert_fault(rule=RULE, panel=asked(expr, step), at=piece)
    assert finding.pointer == "/panels/0/targets/1/settings"
    assert finding.ref_id == "B"
    assert "dropNN" in finding.remedy


def test_mathematics_on_what_can_be_nan():
    step = expression("math", expression="$A * 100")
    finding = assert_fault(rule=RULE, panel=asked(SHARE, step))
    assert finding.pointer == "/panels/0/targets/1/expression"


@pytest.mark.parametrize(
    ("expr", "step"),
    [
        (SHARE, expression("reduce", reducer="mean", settings={"mode": "dropNN"})),
        (SHARE, expression("reduce", reducer="mean", settings={"mode": "replaceNN", "replaceWithValue": 0})),
        (f"{SHARE} > 0", expression("reduce", reducer="mean")),
        (f"sum(rate({PAID}[5m]))", expression("reduce", reducer="mean")),
        (f"sum(rate({PAID}[5m])) / 60", expression("math", expression="$A * 2")),
        (f"sum(rate({PAID}[5m])) / (sum(rate({PAID}[5m])) > 0)", expression("reduce", reducer="last")),
        ("memory_used / memory_total", expression("reduce", reducer="last")),
        (SHARE, expression("threshold")),
        (SHARE, expression("math", expression="is_nan($A)")),
    ],
)
def test_clean(expr, step):
    assert_clean(rule=RULE, panel=asked(expr, step))
