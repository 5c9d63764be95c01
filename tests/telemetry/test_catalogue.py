"""The catalogue's file: what it must say, and how it is told where it is wrong."""

from __future__ import annotations

import pytest

from staging_validation.errors import CatalogueError
from staging_validation.source_files import SourceFile
from staging_validation.telemetry import parse_catalogue
from staging_validation.telemetry.model import MetricType, Unit

SMALL = """\
event_prefix: shop.
values:
  plan: {values: [basic, big]}
  result: {values: [success, failed]}
events:
  sold:
    help: Something was sold.
    measurements: {amount: cents}
    labels:
      plan: {values: plan}
      result: {values: result, fallback: success}
metrics:
  - name: shop_sold_total
    type: counter
    help: Sales.
    unit: events
    event: sold
    labels: [plan]
  - name: shop_sold_amount
    type: histogram
    help: Amounts.
    unit: cents
    event: sold
    observes: amount
    when: {result: success}
    labels: [plan]
    buckets: [1, 10]
  - name: shop_open
    type: gauge
    help: Open orders.
    unit: subscriptions
    source: database
    labels: [plan]
    values: {plan: plan}
synthetic:
  events:
    - event: sold
      count: 2
      labels: {plan: basic}
      measurements: {amount: [1, 5]}
  gauges:
    - metric: shop_open
      labels: {plan: basic}
      value: 3
"""


def parse(text: str):
    return parse_catalogue([SourceFile("shop.yaml", text)])


def test_the_shipped_catalogue_has_the_contracts_metrics(catalogue):
    assert len(catalogue.events) == 10
    assert len(catalogue.metrics) == 20
    assert sum(metric.seed for metric in catalogue.metrics.values()) == 16
    types = [metric.type for metric in catalogue.metrics.values()]
    assert [types.count(kind) for kind in MetricType] == [11, 8, 1]
    assert catalogue.event_names["invoice_paid"] == "rsolv.billing.invoice_paid"


def test_the_shipped_fallbacks_are_the_contracts(catalogue):
    fallbacks = {
        (event, label): definition.fallback
        for event, content in catalogue.events.items()
        for label, definition in content.labels.items()
        if definition.fallback != "unknown"
    }
    assert fallbacks == {
        ("subscription_cancelled", "reason"): "customer_request",
        ("payment_processed", "payment_method"): "card",
        ("usage_tracked", "plan"): "trial",
        ("usage_tracked", "resource_type"): "fix",
        ("credits_added", "reason"): "other",
    }


def test_the_shipped_buckets_are_the_contracts(catalogue):
    buckets = {
        metric.name.removeprefix("rsolv_billing_"): list(metric.buckets)
        for metric in catalogue.metrics.values()
        if metric.buckets
    }
    amounts, quantities = [100, 500, 1500, 4900, 10000, 50000], [1, 5, 10, 20, 50, 100]
    assert buckets == {
        "payment_processed_amount_cents": amounts,
        "invoice_paid_amount_cents": amounts,
        "subscription_created_duration_milliseconds": [50, 100, 250, 500, 1000, 2000, 5000],
        "payment_processed_duration_milliseconds": [100, 250, 500, 1000, 2000, 5000, 10000],
        "usage_tracked_quantity": quantities,
        "credits_added_quantity": [5, 10, 60, 120],
        "credits_consumed_quantity": quantities,
        "stripe_webhook_received_duration_milliseconds": [10, 50, 100, 250, 500, 1000, 5000],
    }


def test_everything_a_label_may_hold(catalogue):
    added = catalogue.metrics["rsolv_billing_credits_added_total"]
    assert {"trial_signup", "other", "unknown"} <= set(catalogue.label_values(added, "reason").values)
    assert catalogue.label_values(added, "customer_id").open
    gauge = catalogue.gauge("rsolv_billing_active_subscriptions")
    assert catalogue.label_values(gauge, "plan").values == ("trial", "pay_as_you_go", "pro", "unknown")
    assert gauge.unit is Unit.SUBSCRIPTIONS


def test_unknown_names_are_refused(catalogue):
    with pytest.raises(CatalogueError, match="has no event 'nope'; it has credits_added"):
        catalogue.event("nope")
    with pytest.raises(CatalogueError, match="has no gauge"):
        catalogue.gauge("rsolv_billing_invoice_paid_total")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("help: Sales.", "help: Sales.\n    colour: red", r"shop.yaml:16: metrics.0.colour: extra inputs"),
        ("type: counter", "type: count", r"shop.yaml:14: metrics.0.type: input should be"),
        ("unit: events", "unit: pounds", r"shop.yaml:16: metrics.0.unit"),
        ("    unit: events\n", "", r"shop.yaml:13: metrics.0.unit: field required"),
        ("shop_sold_total", "shop_sold", r"shop.yaml:13: metrics.0: shop_sold is a counter, so"),
        ("shop_sold_amount", "shop_sold_count", "has a name that a client library derives"),
        ("shop_sold_amount", "shop_sold_total", "must end in _total|shop_sold_total"),
        ("    event: sold\n    observes", "    observes", "must name the event that feeds it"),
        ("    source: database\n", "", "must name a source if and only if"),
        ("    observes: amount\n", "", "must observe a measurement if and only if"),
        ("    buckets: [1, 10]\n", "", "must have buckets if and only if"),
        (
            "[1, 10]",
            "[10, 1]",
            r"shop.yaml:27: metrics.1.buckets: shop_sold_amount has buckets that do not ascend",
        ),
        ("labels: [plan]\n    buckets", "labels: [plan, plan]\n    buckets", "names a label twice"),
        (
            "labels: [plan]\n    buckets",
            "labels: [le]\n    buckets",
            "uses a label that Prometheus or the run",
        ),
        (
            "    values: {plan: plan}\n",
            "",
            "must name the value sets of shop_open's labels, and of no others",
        ),
        (
            "help: Sales.",
            "help: Sales.\n    values: {plan: plan}",
            "names value sets, which only a gauge may",
        ),
        ("help: Open orders.", "help: Open.\n    when: {plan: big}", "has a condition, which a gauge cannot"),
        ("[basic, big]", "[basic, big, big]", r"shop.yaml:3: values.plan.values: names a value twice"),
        ("[basic, big]", "[basic, '']", r"shop.yaml:3: values.plan.values.1: string should have at least 1"),
        ("[1, 10]", "[1, .inf]", r"metrics.1.buckets.1: input should be a finite number"),
        ("[1, 10]", "[-1, 10]", r"metrics.1.buckets.0: input should be greater than or equal to 0"),
        ("[1, 10]", "['1', 10]", r"metrics.1.buckets.0: input should be a valid number"),
        ("    values: {plan: plan}\n", "    values: {plan: plans}\n", "there is no value set 'plans'"),
        (
            "plan: {values: plan}",
            "plan: {values: plans}",
            r"shop.yaml:10: events.sold.labels.plan.values: there is",
        ),
        (
            "event: sold\n    labels",
            "event: bought\n    labels",
            "metrics.0.event: there is no event 'bought'",
        ),
        (
            "labels: [plan]\n  - name: shop_sold_am",
            "labels: [size]\n  - name: shop_sold_am",
            "has no label 'size'",
        ),
        (
            "when: {result: success}",
            "when: {result: maybe}",
            "'maybe' is not among the label's values: success",
        ),
        ("when: {result: success}", "when: {size: big}", "metrics.1.when.size: the event has no such label"),
        ("observes: amount", "observes: weight", "has no measurement 'weight'"),
        ("unit: cents\n    event", "unit: fixes\n    event", "is fixes, but amount is measured in cents"),
        ("- event: sold", "- event: bought", "synthetic.events.0.event: there is no event"),
        (
            "{plan: basic}\n      m",
            "{plan: huge}\n      m",
            "synthetic.events.0.labels.plan: 'huge' is not among",
        ),
        (
            "{amount: [1, 5]}",
            "{weight: [1, 5]}",
            "synthetic.events.0.measurements.weight: the event sold has no",
        ),
        ("[1, 5]", "[5, 1]", r"shop.yaml:40: synthetic.events.0.measurements.amount: \[5, 1\] is no range"),
        ("count: 2", "count: -2", r"shop.yaml:38: synthetic.events.0.count.0: input should be greater than"),
        ("count: 2", "count: 1.5", "synthetic.events.0.count.0: input should be a valid integer"),
        ("count: 2", "count: true", "synthetic.events.0.count.0: input should be a valid integer"),
        ("count: 2", "count: 1000000000000001", "synthetic.events.0.count.0: input should be less than"),
        ("metric: shop_open", "metric: shop_sold_total", "there is no gauge 'shop_sold_total'"),
        ("{plan: basic}\n      v", "{}\n      v", "synthetic.gauges.0.labels: must be exactly plan"),
        ("{plan: basic}\n      v", "{plan: huge}\n      v", "'huge' is not among the label's values"),
        ("value: 3", "value: [3, 2]", r"synthetic.gauges.0.value: \[3, 2\] is no range"),
        ("event_prefix: shop.\n", "", "shop.yaml:1: the file: a file that defines events must name their"),
        (
            "event_prefix: shop.",
            "event_prefix: shop.\nevent_prefix: mall.",
            r"shop.yaml:2: event_prefix stands twice",
        ),
        ("event_prefix: shop.", "event_prefix: [", "shop.yaml:.*no valid YAML"),
    ],
)
def test_a_fault_is_named_with_file_and_line(before, after, message):
    assert before in SMALL
    with pytest.raises(CatalogueError, match=message):
        parse(SMALL.replace(before, after, 1))


def test_every_problem_is_named():
    broken = SMALL.replace("help: Sales.", "help: ''").replace("help: Open orders.", "help: ''")
    with pytest.raises(
        CatalogueError, match=r"The metric catalogue has 2 problems:\nshop.yaml:15: .*\nshop.yaml:30: "
    ):
        parse(broken)
    contradictory = SMALL.replace("[1, 10]", "[10, 1]").replace(
        "event: sold\n    observes", "event: bought\n    observes"
    )
    with pytest.raises(
        CatalogueError, match=r"has 2 problems:\nshop.yaml:27: .*do not ascend\nshop.yaml:23: .*no event"
    ):
        parse(contradictory)


@pytest.mark.parametrize("files", [[], [SourceFile("a.yaml", "values: {}\nmetrics: []")]])
def test_a_catalogue_without_metrics_is_refused(files):
    with pytest.raises(CatalogueError, match="has no metric"):
        parse_catalogue(files)


def test_an_empty_file_is_refused():
    with pytest.raises(CatalogueError, match=r"shop.yaml:1: the file: input should be a valid dictionary"):
        parse("")


def test_what_two_files_both_define_is_refused():
    again = SMALL.replace("synthetic:", "unused:").split("unused:")[0]
    with pytest.raises(CatalogueError, match=r"b.yaml:3: values.plan: is defined in another file already"):
        parse_catalogue([SourceFile("a.yaml", SMALL), SourceFile("b.yaml", again)])
    metrics_only = "metrics:" + again.split("metrics:")[1]
    with pytest.raises(CatalogueError, match=r"b.yaml:2: metrics.0.name: shop_sold_total is defined already"):
        parse_catalogue([SourceFile("a.yaml", SMALL), SourceFile("b.yaml", metrics_only)])


def test_files_may_use_each_other():
    shared, metrics = SMALL.split("metrics:")
    catalogue = parse_catalogue([SourceFile("a.yaml", shared), SourceFile("b.yaml", "metrics:" + metrics)])
    assert [metric.name for metric in catalogue.fed_by("sold")] == ["shop_sold_total", "shop_sold_amount"]
