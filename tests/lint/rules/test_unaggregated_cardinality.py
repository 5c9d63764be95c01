"""``unaggregated-cardinality``."""

from __future__ import annotations

import pytest

from staging_validation.lint.knowledge import from_exposition
from tests.lint.support import assert_clean, assert_fault, dashboard, panel, target, variable

RULE = "unaggregated-cardinality"
PAID = "rsolv_billing_payment_processed_total"
MANY = from_exposition(
    "# TYPE hits_total counter\n" + "".join(f'hits_total{{path="/{n}",verb="get"}} 1\n' for n in range(60))
)


def test_nothing_is_aggregated():
    expr = f"rate({PAID}[5m])"
    finding = assert_fault(rule=RULE, expr=expr, at=expr)
    assert finding.evidence["label"] == "customer_id"


def test_by_the_label():
    assert_fault(rule=RULE, expr=f"sum by (status, customer_id) (rate({PAID}[5m]))", at="customer_id")


def test_many_values_were_seen():
    finding = assert_fault(rule=RULE, expr="sum without (verb) (rate(hits_total[5m]))", known=MANY)
    assert finding.evidence["values"] == 60


def test_a_variable_of_many_values():
    expr = f'rate({PAID}{{customer_id=~"$customer"}}[5m])'
    for multi in (True, False):
        chosen = variable("customer", f"label_values({PAID}, customer_id)", multi=multi)
        content = dashboard(panel(expr), variables=[chosen])
        if multi:
            assert_fault(rule=RULE, dashboard=content, at=expr)
        else:
            assert_clean(rule=RULE, dashboard=content)


@pytest.mark.parametrize(
    "expr",
    [
        f"sum by (status) (rate({PAID}[5m]))",
        f"sum without (customer_id) (rate({PAID}[5m]))",
        f'rate({PAID}{{customer_id="pro_active"}}[5m])',
        f"topk(5, sum by (customer_id) (rate({PAID}[5m])))",
        "rate(nobody_knows[5m])",
        "rsolv_billing_active_subscriptions",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_a_table_can_be_long():
    rows = target(f"increase({PAID}[1h])", format="table", instant=True, range=False)
    assert_clean(rule=RULE, panel={"type": "table", "targets": [rows]})
    assert_clean(rule=RULE, expr='rate(hits_total{path="/1"}[5m])', known=MANY)
