"""Results as metrics on the real Pushgateway and Prometheus, and the alerts on them with their times shortened."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest
import yaml

from campaigns.telemetry_monitoring import private_monitoring
from staging_validation.clients.http import HttpService
from staging_validation.clients.polling import wait_for
from staging_validation.clients.result_metrics import push_results
from staging_validation.notifications.metrics import results_registry
from staging_validation.project import include_dir
from staging_validation.results import CheckResult, Kind, Outcome, RunResults

DAG_ID = "staging_nightly"
STALE_AFTER_SECONDS = 8


def shortened_rules() -> dict[str, object]:
    """The shipped rules: stale after seconds in place of 26 hours, nothing pending."""
    text = include_dir("alerts", "validation.yaml").read_text()
    assert text.count("> 93600") == 1
    rules = yaml.safe_load(text.replace("> 93600", f"> {STALE_AFTER_SECONDS}"))
    for group in rules["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule["for"] = "0s"
    return rules


@pytest.fixture(scope="module")
def monitoring(tmp_path_factory):
    file = tmp_path_factory.mktemp("rules") / "validation.yaml"
    file.write_text(yaml.safe_dump(shortened_rules()))
    with pytest.MonkeyPatch.context() as patch:
        from campaigns import telemetry_monitoring

        plain = telemetry_monitoring.prometheus_config
        patch.setattr(
            telemetry_monitoring,
            "prometheus_config",
            lambda *addresses: {**plain(*addresses), "rule_files": [str(file)]},
        )
        with private_monitoring() as place:
            yield place


def finished(outcome: Outcome, at: float) -> RunResults:
    moment = datetime.fromtimestamp(at, tz=timezone.utc)
    result = CheckResult(id="reset.x", kind=Kind.RESET, subject="x", outcome=outcome)
    return RunResults.gather("r", [result], started_at=moment - timedelta(seconds=60), finished_at=moment)


def push(monitoring, outcome: Outcome, at: float) -> None:
    push_results(
        HttpService("Pushgateway", monitoring.gateway_url), DAG_ID, results_registry(finished(outcome, at))
    )


def firing(monitoring) -> set[tuple[str, str]]:
    alerts = HttpService("Prometheus", monitoring.prometheus_url).json("GET", "/api/v1/alerts")["data"][
        "alerts"
    ]
    return {
        (alert["labels"]["alertname"], alert["labels"].get("outcome", ""))
        for alert in alerts
        if alert["state"] == "firing"
    }


def wait_until(monitoring, expected: set[tuple[str, str]]) -> None:
    wait_for(
        f"Prometheus to fire {expected or 'nothing'}",
        lambda: True if firing(monitoring) == expected else None,
        timeout_seconds=30.0,
        interval_seconds=0.2,
        seen=lambda: firing(monitoring),
    )


STALE = ("StagingValidationStale", "")


def test_stale_and_failed_fire_on_the_real_prometheus_and_resolve(monitoring):
    wait_until(monitoring, {STALE})  # no run has ever finished
    push(monitoring, Outcome.PASSED, time.time() + 4)  # time enough to be seen before it is over
    wait_until(monitoring, set())
    wait_until(monitoring, {STALE})  # the time is over
    push(monitoring, Outcome.FAILED, time.time() + 3600)
    wait_until(monitoring, {("StagingValidationFailed", "failed")})
    push(monitoring, Outcome.REFUSED, time.time() + 3600)
    wait_until(monitoring, {("StagingValidationFailed", "refused")})
    push(monitoring, Outcome.PASSED, time.time() + 3600)
    wait_until(monitoring, set())
    labels = {
        sample.labels["dag"] for sample in monitoring.prometheus.query("staging_validation_run_outcome")
    }
    assert labels == {DAG_ID}


def test_a_run_pushes_its_results_and_a_clean_one_says_nothing_of_it(run_dag, stack):
    night = run_dag("staging_reset")
    assert (night.state, night.outcome) == ("success", "passed")
    assert [result for result in night.results if result["kind"] == "notification"] == []
    gateway = HttpService("Pushgateway", stack.connections()["pushgateway_default"].base_url)
    exposed = gateway.request("GET", "/metrics").text
    samples = [line for line in exposed.splitlines() if 'dag="staging_reset"' in line]
    (outcome,) = [
        line
        for line in samples
        if line.startswith("staging_validation_run_outcome") and 'outcome="passed"' in line
    ]
    assert outcome.endswith(" 1")
    counted = sum(
        float(line.rpartition(" ")[2]) for line in samples if line.startswith("staging_validation_results")
    )
    assert counted == len(night.results)


def test_a_dead_pushgateway_is_shown_and_changes_no_outcome(run_dag, monkeypatch, dead_port, database):
    monkeypatch.setenv("AIRFLOW_CONN_PUSHGATEWAY_DEFAULT", f"http://127.0.0.1:{dead_port}")
    night = run_dag("staging_reset")
    assert (night.state, night.outcome) == ("success", "passed")
    (shown,) = [result for result in night.results if result["kind"] == "notification"]
    assert (shown["id"], shown["outcome"], shown["severity"]) == ("notification.metrics", "failed", "warning")
    assert "cannot be reached" in shown["actual"]
    assert "Pushgateway" in (night.folder / "index.html").read_text()


def test_nothing_is_pushed_where_the_guard_refuses(run_dag, monkeypatch, stack):
    gateway = HttpService("Pushgateway", stack.connections()["pushgateway_default"].base_url)
    before = gateway.json("GET", "/api/v1/metrics")
    monkeypatch.setenv("ENVIRONMENT", "production")
    night = run_dag("staging_reset")
    assert night.outcome == "refused"
    assert night.result("notification.metrics")["outcome"] == "skipped"
    assert gateway.json("GET", "/api/v1/metrics") == before
