"""What recording rules make is known as well as what they are made of."""

from __future__ import annotations

import pytest

from staging_validation.alerts.reading import read_rules
from staging_validation.lint.recorded import with_recorded
from staging_validation.promql.intervals import Interval
from staging_validation.source_files import SourceFile
from tests.lint.support import assert_clean, assert_fault, catalogue

PAID = "rsolv_billing_invoice_paid_total"


def recorded(*rules, groups=""):
    """Return what is known of the metrics that rules record, each given as ``name = query``."""
    entries = "".join(
        f"\n      - record: {name}\n        expr: '{expr}'"
        for name, _, expr in (rule.partition(" = ") for rule in rules)
    )
    text = f"groups:\n  - name: shop{groups}\n    rules:{entries}\n"
    return with_recorded(catalogue(), [read_rules(SourceFile("rules.yaml", text))])


def metric(known, name):
    found = known.of_series(name)
    assert found is not None
    return found[0]


def test_labels_values_and_unit():
    known = recorded(f'plan:paid:increase1h = sum by (plan) (increase({PAID}{{plan=~"pro|trial"}}[1h]))')
    one = metric(known, "plan:paid:increase1h")
    assert set(one.labels) == {"plan"}
    assert one.labels["plan"].values == {"pro", "trial"}
    assert one.possible_labels("") == {"plan"}
    assert one.unit == "events"
    assert one.interval == Interval(0)


def test_it_is_known_but_no_member():
    known = recorded("shop:up:sum = sum(up)")
    assert "shop:up:sum" not in known
    assert len(known) == len(catalogue())


def test_one_is_made_of_another_whatever_their_order():
    known = recorded(
        "shop:paid:sum = sum(plan:paid:increase1h)",
        f"plan:paid:increase1h = sum by (plan) (increase({PAID}[1h]))",
    )
    assert metric(known, "shop:paid:sum").possible_labels("") == frozenset()
    assert metric(known, "shop:paid:sum").unit == "events"


def test_two_rules_record_one_metric():
    known = recorded(
        f"shop:paid:any = sum by (plan) (rate({PAID}[5m]))",
        f"shop:paid:any = sum by (customer_id) (rate({PAID}[5m]))",
    )
    one = metric(known, "shop:paid:any")
    assert one.guaranteed_labels("") == frozenset()
    assert one.possible_labels("") == {"plan", "customer_id"}


def test_the_labels_of_the_group():
    known = recorded("shop:up:sum = sum(up)", groups="\n    labels: {team: billing}")
    assert metric(known, "shop:up:sum").labels["team"].values == {"billing"}


@pytest.mark.parametrize(
    "rules", [["a:a:a = a:a:a + 1"], ["a:a:a = sum("], ["a:a:a = b:b:b", "b:b:b = a:a:a"]]
)
def test_of_what_cannot_be_worked_out_nothing_is_said(rules):
    one = metric(recorded(*rules), "a:a:a")
    assert one.possible_labels("") is None
    assert one.unit is None


def test_what_is_known_otherwise_holds():
    assert metric(recorded(f"{PAID} = sum(up)"), PAID) is catalogue()[PAID]


RULES = """
groups:
  - name: shop
    rules:
      - record: customer_id:failed:ratio
        expr: >-
          sum by (customer_id) (rate(rsolv_billing_payment_processed_total{{status="failed"}}[5m]))
          / sum by (customer_id) (rate(rsolv_billing_payment_processed_total[5m]))
      - alert: PaymentsFail
        expr: customer_id:failed:ratio > {number}
        for: 5m
        labels: {{severity: warning}}
        annotations:
          summary: "{text}"
          description: Look.
"""


def test_rules_about_alerts_know_it():
    good = RULES.format(
        number=0.5, text="{{ $value | humanizePercentage }} of {{ $labels.customer_id }} fail"
    )
    for rule in (
        "alert-never-fires",
        "alert-template-label",
        "alert-template-unit",
        "recording-rule-misnamed",
    ):
        assert_clean(rule=rule, rules=good)
    assert_fault(rule="alert-never-fires", rules=RULES.format(number=50, text="-"), at="> 50")
    assert_fault(rule="alert-template-label", rules=RULES.format(number=0.5, text="{{ $labels.plan }} fails"))
    assert_fault(rule="alert-template-unit", rules=RULES.format(number=0.5, text="{{ $value }}% fail"))


@pytest.mark.parametrize("kind", ["alert", "record"])
def test_rules_about_queries_look_at_those_of_rule_files(kind):
    gauge = "rsolv_billing_active_subscriptions"
    assert_fault(rule="rate-on-gauge", **{kind: f"rate({gauge}[5m]) > 5"}, at=gauge)
    assert_fault(rule="query-syntax", **{kind: f"rate({gauge}) > 5"}, at=gauge)
