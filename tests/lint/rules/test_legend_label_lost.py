"""``legend-label-lost``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, dashboard, panel, target, variable

RULE = "legend-label-lost"
PAID = "rsolv_billing_payment_processed_total"
LEGEND = "/panels/0/targets/0/legendFormat"


def shown(expr, legend, **fields):
    return panel("up", targets=[target(expr, legendFormat=legend)], **fields)


@pytest.mark.parametrize(
    ("expr", "legend", "dropper"),
    [
        (f"sum by (status) (rate({PAID}[5m]))", "{{payment_method}}", "by (status)"),
        (f"sum(rate({PAID}[5m]))", "{{ status }}", "sum"),
        (f"rate({PAID}[5m])", "{{__name__}}", "rate"),
        ("max without (plan) (rsolv_billing_active_subscriptions)", "{{plan}} active", "without (plan)"),
    ],
)
def test_a_label_that_the_query_drops(expr, legend, dropper):
    finding = assert_fault(rule=RULE, panel=shown(expr, legend), at=LEGEND)
    assert finding.evidence["dropped_by"] == dropper
    assert finding.span is not None
    assert finding.expr[slice(*finding.span)] == dropper


def test_a_label_that_the_metric_never_had():
    finding = assert_fault(
        rule=RULE, panel=shown("rsolv_billing_active_subscriptions", "{{region}}"), at=LEGEND
    )
    assert finding.evidence["dropped_by"] is None


def test_buckets_that_are_no_more():
    expr = "sum(rate(rsolv_billing_credits_added_quantity_bucket[5m]))"
    buckets = target(expr, legendFormat="{{le}}", format="heatmap")
    assert_fault(rule=RULE, panel={"type": "heatmap", "targets": [buckets]}, at=LEGEND)


def test_whoever_may_type_can_type_an_alternation():
    typed = {"name": "plan", "type": "textbox", "query": "pro", "current": {"text": "pro", "value": "pro"}}
    expr = 'sum by (plan) (rsolv_billing_active_subscriptions{plan=~"$plan"})'
    assert_fault(rule=RULE, dashboard=dashboard(shown(expr, "Active"), variables=[typed]), at=LEGEND)


def test_several_series_with_one_name():
    finding = assert_fault(
        rule=RULE, panel=shown(f"sum by (status) (rate({PAID}[5m]))", "Payments"), at=LEGEND
    )
    assert "{{status}}" in finding.remedy


def test_nothing_is_aggregated():
    assert_fault(rule=RULE, panel=shown("rsolv_billing_active_subscriptions", "Active"), at=LEGEND)


def test_two_queries_with_one_name():
    targets = [
        target(f'sum(rate({PAID}{{status="success"}}[5m]))', legendFormat="Payments"),
        target(f'sum(rate({PAID}{{status="failed"}}[5m]))', refId="B", legendFormat="Payments"),
    ]
    finding = assert_fault(rule=RULE, panel={"targets": targets}, at="/panels/0/targets/1/legendFormat")
    assert finding.ref_id == "B"


@pytest.mark.parametrize(
    "fields",
    [
        shown(f"sum by (status) (rate({PAID}[5m]))", "{{status}}"),
        shown(f"sum(rate({PAID}[5m]))", "Payments"),
        shown(f"sum(rate({PAID}[5m]))", "__auto"),
        shown(f'sum by (status) (rate({PAID}{{status="failed"}}[5m]))', "Failed"),
        shown("nobody_knows", "{{anything}}"),
        shown("nobody_knows", "Anything"),
        shown("sum by ($by) (nobody_knows)", "{{anything}}"),
        shown(f"topk(1, sum by (status) ({PAID}))", "Most frequent"),
        shown(
            "sum by (le) (rate(rsolv_billing_credits_added_quantity_bucket[5m]))", "{{le}}", type="heatmap"
        ),
        shown(f"sum by (status) ({PAID})", "Payments", type="table"),
        shown(f"sum by (status) (rate({PAID}[5m])", "{{plan}}"),
        panel("up", targets=[target("sum(up)", format="table", legendFormat="{{job}}")]),
        panel("up", targets=[target("sum(up)", hide=True, legendFormat="{{job}}"), target("up", refId="B")]),
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, panel=fields)


@pytest.mark.parametrize(("multi", "operator", "found"), [(False, "=~", 0), (False, "=", 0), (True, "=~", 1)])
def test_a_variable_of_one_value_leaves_one_series(multi, operator, found):
    variables = [variable("plan", multi=multi), variable("region", multi=True)]
    expr = f'sum by (plan) (rsolv_billing_active_subscriptions{{plan{operator}"$plan", job=~"$region"}})'
    content = dashboard(shown(expr, "Active"), variables=variables)
    if found:
        assert_fault(rule=RULE, dashboard=content, at=LEGEND)
    else:
        assert_clean(rule=RULE, dashboard=content)
