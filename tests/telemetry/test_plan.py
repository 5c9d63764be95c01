"""The plan of a run: always the same for one id, other numbers for another, and nothing left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from staging_validation.errors import CatalogueError
from staging_validation.telemetry import expected_samples, plan_run
from staging_validation.telemetry.plan import baseline_registry, registry_samples

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


def test_the_plan_stays_below_every_alert_threshold(plan):
    count = Counter((event.event, event.labels.get("status")) for event in plan.events)
    for event in ("payment_processed", "stripe_webhook_received"):
        assert count[event, "failed"] / (count[event, "failed"] + count[event, "success"]) < 0.10
    assert count["subscription_cancelled", None] / count["subscription_created", "success"] < 0.05
    assert count["payment_processed", "success"] >= 10
    grants = [event.measurements["quantity"] for event in plan.events if event.event == "credits_added"]
    assert max(grants) <= 120
    webhooks = [
        event.measurements["duration"] for event in plan.events if event.event == "stripe_webhook_received"
    ]
    assert max(webhooks) < 1000


def test_a_metric_without_traffic_is_refused(catalogue):
    events = tuple(row for row in catalogue.synthetic_events if row.event != "invoice_failed")
    with pytest.raises(
        CatalogueError, match="reaches no series of rsolv_billing_invoice_failed_total: a run"
    ):
        plan_run("run-1", replace(catalogue, synthetic_events=events))
    with pytest.raises(CatalogueError, match="rsolv_billing_active_subscriptions"):
        plan_run("run-1", replace(catalogue, synthetic_gauges=()))
