"""One emission through a real Pushgateway and a real Prometheus, and the shipped dashboard on what it left."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
import requests
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily

from staging_validation.clients.emission import emit_run, sweep_groups, verify_run
from staging_validation.clients.polling import wait_for
from staging_validation.clients.source_files import read_source_file
from staging_validation.dashboards import evaluate_dashboard, parse_dashboard
from staging_validation.errors import CheckFailedError, ServiceAnswerError
from staging_validation.project import include_dir
from staging_validation.results import Outcome
from staging_validation.telemetry import plan_run
from staging_validation.telemetry.plan import baseline_registry


@pytest.fixture(scope="module")
def dashboard():
    file = include_dir("dashboards", "billing-metrics.json")
    return parse_dashboard(read_source_file(file, relative_to=include_dir().parent))


@pytest.fixture(scope="module")
def plan(catalogue):
    return plan_run("live", catalogue)


@pytest.fixture(scope="module")
def journey(monitoring, catalogue, plan, dashboard):
    """What the dashboard shows before anything is emitted, at the baseline, and after the emission."""
    empty = evaluate_dashboard(dashboard, monitoring.prometheus.query)
    monitoring.gateway.push("quiet", baseline_registry(plan, catalogue))
    wait_for(
        "the quiet run's series",
        lambda: (
            monitoring.prometheus.query('count_over_time(push_time_seconds{validation_run="quiet"}[5m]) > 1')
            or None
        ),
        timeout_seconds=30,
    )
    quiet = evaluate_dashboard(dashboard, monitoring.prometheus.query)
    monitoring.gateway.delete("quiet")
    emission = emit_run(plan, catalogue, gateway=monitoring.gateway, prometheus=monitoring.prometheus)
    shown = evaluate_dashboard(dashboard, monitoring.prometheus.query)
    return {"empty": empty, "quiet": quiet, "emission": emission, "shown": shown}


def test_the_emission_is_seen_and_every_series_is_exact(journey, monitoring, catalogue, plan):
    assert {result.outcome for result in journey["emission"]} == {Outcome.PASSED}
    assert len(journey["emission"]) == 5
    assert journey["emission"][0].evidence["scrape_interval_seconds"] == 1.0
    for result in journey["emission"][1:]:
        assert result.evidence["push_to_visible_seconds"] < 5
    results = verify_run(plan, catalogue, prometheus=monitoring.prometheus)
    assert {result.subject for result in results} == set(catalogue.metrics)
    assert {result.outcome for result in results} == {Outcome.PASSED}


def test_every_panel_shows_the_emission(journey):
    assert [(r.id, r.actual) for r in journey["shown"] if r.outcome is not Outcome.PASSED] == []
    assert len(journey["shown"]) == 14


@pytest.mark.parametrize("moment", ["empty", "quiet"])
def test_a_quiet_system_shows_no_data_or_zero(journey, moment):
    for result in journey[moment]:
        if result.outcome is Outcome.PASSED:
            assert all(entry["value"] == 0 for entry in result.evidence.get("values", [])), result
        else:
            assert result.actual == "no data", result
    passed = {result.id for result in journey[moment] if result.outcome is Outcome.PASSED}
    assert ("dashboard.billing-metrics.panel_6_a" in passed) is (moment == "quiet")


def test_a_wrong_expectation_is_caught(journey, monitoring, catalogue, plan):
    tampered = replace(plan, events=plan.events[1:])
    failed = [
        r
        for r in verify_run(tampered, catalogue, prometheus=monitoring.prometheus)
        if r.outcome is Outcome.FAILED
    ]
    assert failed
    assert {result.subject for result in failed} == {m.name for m in catalogue.fed_by(plan.events[0].event)}


def test_a_run_that_was_never_emitted_is_missing(journey, monitoring, catalogue):
    results = verify_run(plan_run("never", catalogue), catalogue, prometheus=monitoring.prometheus)
    assert {result.outcome for result in results} == {Outcome.FAILED}
    assert all(result.actual["missing"] for result in results)


def test_the_synthetic_traffic_stays_below_the_alert_thresholds(journey, monitoring):
    def value(expr):
        (sample,) = monitoring.prometheus.query(expr)
        return sample.value

    run = 'validation_run="live"'
    payments, webhooks = (
        "rsolv_billing_payment_processed_total",
        "rsolv_billing_stripe_webhook_received_total",
    )
    assert value(f'sum({payments}{{status="failed",{run}}}) / sum({payments}{{{run}}})') < 0.10
    assert value(f"sum(rsolv_billing_stripe_webhook_failed_total{{{run}}}) / sum({webhooks}{{{run}}})") < 0.10
    buckets = f"rsolv_billing_stripe_webhook_received_duration_milliseconds_bucket{{{run}}}"
    assert value(f"histogram_quantile(0.95, sum by (le) ({buckets}))") < 1000
    grants = "rsolv_billing_credits_added_quantity_bucket"
    assert value(f'sum({grants}{{le="+Inf",{run}}}) - sum({grants}{{le=~"120(.0)?",{run}}})') == 0
    created = f'rsolv_billing_subscription_created_total{{status="success",{run}}}'
    assert value(f"sum(rsolv_billing_subscription_cancelled_total{{{run}}}) / sum({created})") < 0.05


def test_a_refused_push_leaves_no_group(monitoring):
    class WithTimestamp:
        def collect(self):
            family = GaugeMetricFamily("late", "A sample with a timestamp.")
            family.add_metric([], 1.0, timestamp=1.0)
            yield family

    registry = CollectorRegistry()
    registry.register(WithTimestamp())
    with pytest.raises(ServiceAnswerError, match=r"Pushgateway: .* answered 400: .*must not have timestamps"):
        monitoring.gateway.push("refused", registry)
    assert "refused" not in [group.validation_run for group in monitoring.gateway.groups()]


def test_stale_groups_are_swept_and_the_run_in_hand_is_kept(journey, monitoring, catalogue, plan):
    monitoring.gateway.push("left-behind", baseline_registry(plan, catalogue))
    now = datetime.now(timezone.utc)
    assert sweep_groups(monitoring.gateway, older_than=now - timedelta(hours=1), keep="live") == []
    assert sweep_groups(monitoring.gateway, older_than=now + timedelta(hours=1), keep="live") == [
        "left-behind"
    ]
    assert [group.validation_run for group in monitoring.gateway.groups()] == ["live"]
    monitoring.gateway.delete("left-behind")


def test_a_group_that_only_a_refused_push_made_is_swept_too(monitoring):
    url = f"{monitoring.gateway.address}/metrics/job/staging_validation/validation_run/only-refused"
    assert requests.put(url, data="late 1 1000\n", timeout=10).status_code == 400
    assert "only-refused" in [group.validation_run for group in monitoring.gateway.groups()]
    later = datetime.now(timezone.utc) + timedelta(hours=1)
    assert "only-refused" in sweep_groups(monitoring.gateway, older_than=later, keep="live")
    assert "only-refused" not in [group.validation_run for group in monitoring.gateway.groups()]


def test_prometheus_tells_its_targets_its_clock_and_its_readiness(journey, monitoring):
    assert monitoring.prometheus.ready()
    (target,) = [t for t in monitoring.prometheus.targets() if t.pool == "pushgateway"]
    assert target.url == f"{monitoring.gateway.address}/metrics"
    assert target.interval_seconds == 1.0
    offsets = monitoring.prometheus.clock_offsets()
    assert set(offsets) == {"Prometheus (Date)", "Prometheus (time())"}
    assert all(abs(offset) < 2 for offset in offsets.values())
    assert abs(monitoring.gateway.clock_offset()) < 2
    assert monitoring.gateway.started_at() < datetime.now(timezone.utc).timestamp()


def test_prometheus_answers_vectors_scalars_and_refuses_the_rest(monitoring):
    assert [sample.value for sample in monitoring.prometheus.query("1 + 1", at=1_700_000_000.5)] == [2.0]
    assert math.isnan(monitoring.prometheus.query("vector(0) / 0")[0].value)
    assert monitoring.prometheus.query("absent(nothing)")[0].labels == {}
    with pytest.raises(CheckFailedError, match=r"rejects the query 'rate\(x': .*unclosed left parenthesis"):
        monitoring.prometheus.query("rate(x")
    with pytest.raises(CheckFailedError, match="gives a matrix"):
        monitoring.prometheus.query("up[1m]")
