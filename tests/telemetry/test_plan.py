"""The plan of a run: always the same for one id, other numbers for another, and nothing left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from staging_validation.results import Outcome
from staging_validation.source_files import SourceFile
from staging_validation.telemetry import compare_samples, expected_samples, parse_catalogue, plan_run
from staging_validation.telemetry.comparison import family
from staging_validation.telemetry.page import catalogue_page
from staging_validation.telemetry.panel_values import histogram_quantile
from staging_validation.telemetry.plan import baseline_registry, registry_samples
from staging_validation.telemetry.traffic import complete_traffic

RUNS = ["nightly-2026-11-24", "a", "run-1", "x" * 63]


@pytest.fixture(params=RUNS)
def plan(request, catalogue):
    return plan_run(request.param, catalogue)


def test_a_run_can_be_planned_again(catalogue, plan):
    assert plan_run(plan.run_id, catalogue) == plan


def test_two_runs_differ(catalogue):
    totals = {
        tuple(sample.value for sample in expected_samples(plan_run(run, catalogue), catalogue))
        for run in RUNS
    }
    assert len(totals) == len(RUNS)


def test_every_event_plan_and_result_is_there(catalogue, plan):
    assert {event.event for event in plan.events} == set(catalogue.events)
    carried = {(name, value) for event in plan.events for name, value in event.labels.items()}
    assert {value for name, value in carried if name == "plan"} == {"trial", "pay_as_you_go", "pro"}
    assert {value for name, value in carried if name == "status"} == {"success", "failed"}
    assert {value for name, value in carried if name == "failure_code"} == set(
        catalogue.values["failure_code"].values
    )
    assert {value for name, value in carried if name == "customer_id"} == set(
        catalogue.values["customer"].values
    )


def test_every_metric_has_series_and_every_histogram_all_buckets(catalogue, plan):
    samples = expected_samples(plan, catalogue)
    for metric in catalogue.metrics.values():
        if not metric.buckets:
            assert any(sample.name == metric.name for sample in samples)
            continue
        counts = [sample for sample in samples if sample.name == f"{metric.name}_count"]
        buckets = [sample for sample in samples if sample.name == f"{metric.name}_bucket"]
        assert len(buckets) == len(counts) * (len(metric.buckets) + 1) > 0


def test_the_baseline_has_the_same_series_at_zero(catalogue, plan):
    baseline = registry_samples(baseline_registry(plan, catalogue))
    assert {sample.series for sample in baseline} == {
        sample.series for sample in expected_samples(plan, catalogue)
    }
    assert {sample.value for sample in baseline} == {0.0}


@pytest.fixture(scope="module")
def two_hundred_nights(catalogue):
    return [plan_run(f"nightly-{number}", catalogue) for number in range(200)]


def test_a_clean_night_stays_below_every_alert_threshold(catalogue, two_hundred_nights):
    for plan in two_hundred_nights:
        count = Counter((event.event, event.labels.get("status")) for event in plan.events)
        for event in ("payment_processed", "stripe_webhook_received"):
            failed, succeeded = count[event, "failed"], count[event, "success"]
            assert 0 < failed <= 0.10 * (failed + succeeded), plan.run_id
        assert count["payment_processed", "success"] + count["payment_processed", "failed"] >= 10
        cancelled, created = count["subscription_cancelled", None], count["subscription_created", "success"]
        assert 0 < cancelled <= 0.10 * created, plan.run_id
        assert max(measured(plan, "credits_added", "quantity")) <= 120, plan.run_id
        assert webhook_p95(plan, catalogue) <= 1000, plan.run_id


def test_every_night_has_each_event_each_plan_and_both_results(catalogue, two_hundred_nights):
    assert len(catalogue.events) == 10
    for plan in two_hundred_nights:
        assert {event.event for event in plan.events} == set(catalogue.events)
        carried = {(name, value) for event in plan.events for name, value in event.labels.items()}
        assert {("plan", name) for name in ("trial", "pay_as_you_go", "pro")} < carried
        assert {("status", "success"), ("status", "failed")} < carried


def measured(plan, event, measurement):
    return [planned.measurements[measurement] for planned in plan.events if planned.event == event]


def webhook_p95(plan, catalogue):
    buckets = Counter()
    for sample in expected_samples(plan, catalogue):
        if sample.name == "rsolv_billing_stripe_webhook_received_duration_milliseconds_bucket":
            buckets[float(sample.labels["le"])] += sample.value
    return histogram_quantile(0.95, buckets)


@pytest.mark.parametrize("left_out", ["nothing", "the rows that meet a condition", "everything"])
def test_no_metric_goes_unchecked_whatever_the_rows_reach(catalogue, left_out):
    kept = {
        "nothing": catalogue.synthetic_events,
        "the rows that meet a condition": tuple(
            row for row in catalogue.synthetic_events if "failure_reason" not in row.labels
        ),
        "everything": (),
    }[left_out]
    gauges = () if left_out == "everything" else catalogue.synthetic_gauges
    reduced = replace(catalogue, synthetic_events=kept, synthetic_gauges=gauges)
    samples = expected_samples(plan_run("run-1", reduced), reduced)
    assert {family(sample) for sample in samples} == set(catalogue.metrics)


def test_rows_are_added_only_where_they_are_needed(catalogue):
    traffic = complete_traffic(catalogue)
    assert traffic.events == catalogue.synthetic_events
    assert traffic.gauges == catalogue.synthetic_gauges
    failed = [row for row in catalogue.synthetic_events if "failure_reason" not in row.labels]
    added = complete_traffic(replace(catalogue, synthetic_events=tuple(failed))).events[len(failed) :]
    assert [row.model_dump(exclude={"count"}) for row in added] == [
        {
            "event": "stripe_webhook_received",
            "labels": {
                "event_type": "invoice.payment_succeeded",
                "status": "failed",
                "failure_reason": "missing_signature",
            },
            "measurements": {},
        }
    ]


@pytest.mark.parametrize("count", ["0", "[0, 3]"])
def test_a_row_that_may_not_be_emitted_reaches_nothing(catalogue_file, count):
    text = catalogue_file.text.replace(
        "invoice_failed\n      count: [3, 5]", f"invoice_failed\n      count: {count}"
    )
    text = text.replace("invoice_failed\n      count: 2", f"invoice_failed\n      count: {count}")
    text = text.replace("invoice_failed\n      count: 1", f"invoice_failed\n      count: {count}")
    catalogue = parse_catalogue([SourceFile("billing.yaml", text)])
    (added,) = complete_traffic(catalogue).events[len(catalogue.synthetic_events) :]
    assert (added.event, added.labels["failure_code"]) == ("invoice_failed", "card_declined")


NEW_METRICS = {
    "a histogram of an event": """\
  - name: rsolv_billing_invoice_paid_duration_milliseconds
    type: histogram
    help: How long the payment of an invoice took.
    unit: milliseconds
    event: invoice_paid
    observes: duration
    labels: [plan]
    buckets: [100, 250, 500, 1000]
""",
    "a counter on a condition that no row meets": """\
  - name: rsolv_billing_payment_unknown_total
    type: counter
    help: Payments whose result is not known.
    unit: events
    event: payment_processed
    when: {status: unknown}
    labels: [payment_method]
""",
    "a gauge": """\
  - name: rsolv_billing_open_trials
    type: gauge
    help: Trials by plan.
    unit: subscriptions
    source: database
    labels: [plan]
    values: {plan: plan}
""",
}


@pytest.mark.parametrize("entry", NEW_METRICS.values(), ids=NEW_METRICS)
def test_a_new_metric_is_one_entry_in_a_new_file(catalogue, catalogue_file, entry):
    extended = parse_catalogue([catalogue_file, SourceFile("more.yaml", f"metrics:\n{entry}")])
    (name,) = set(extended.metrics) - set(catalogue.metrics)
    plan = plan_run("run-1", extended)
    expected = expected_samples(plan, extended)
    own = [sample for sample in expected if family(sample) == name]
    assert sum(sample.value for sample in own) > 0
    zeros = [
        s for s in registry_samples(baseline_registry(plan, extended)) if s.series in {o.series for o in own}
    ]
    assert [sample.value for sample in zeros] == [0.0] * len(own)
    results = {result.subject: result for result in compare_samples(expected, own)}
    assert results[name].outcome is Outcome.PASSED
    assert name in catalogue_page(extended)


def test_a_new_metric_leaves_the_numbers_of_the_others_as_they_are(catalogue, catalogue_file):
    entry = NEW_METRICS["a histogram of an event"]
    extended = parse_catalogue([catalogue_file, SourceFile("more.yaml", f"metrics:\n{entry}")])
    before = expected_samples(plan_run("run-1", catalogue), catalogue)
    after = expected_samples(plan_run("run-1", extended), extended)
    assert [sample for sample in after if sample in before] == list(before)


def test_a_new_event_with_its_metric_needs_no_row(catalogue_file):
    extended = parse_catalogue([catalogue_file, SourceFile("refunds.yaml", REFUNDS)])
    planned = [event for event in plan_run("run-1", extended).events if event.event == "refund_issued"]
    assert 2 <= len(planned) <= 5
    assert {tuple(event.labels.items()) for event in planned} == {(("plan", "trial"), ("cause", "error"))}
    assert all(1 <= event.measurements["amount"] <= 10 for event in planned)


REFUNDS = """\
event_prefix: rsolv.billing.
values:
  cause: {values: [error, request]}
events:
  refund_issued:
    help: A payment was given back.
    measurements: {amount: cents}
    labels:
      plan: {values: plan}
      cause: {values: cause}
metrics:
  - name: rsolv_billing_refund_issued_amount_cents
    type: histogram
    help: Amounts given back.
    unit: cents
    event: refund_issued
    observes: amount
    labels: [plan, cause]
    buckets: [100, 1000]
"""
