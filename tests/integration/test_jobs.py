"""Each DAG against the real parts: green when all is well, and visibly not when one thing is broken."""

from __future__ import annotations

import json
import os

import pytest

from staging_validation.airflow.operators.reset import VerifyResetOperator
from staging_validation.airflow.operators.telemetry import DeleteTelemetryOperator, VerifyTelemetryOperator

pytestmark = pytest.mark.timeout(240)


def test_the_reset_seeds_ten_customers_and_reads_them_again(run_dag, database):
    night = run_dag("staging_reset")
    assert (night.state, night.outcome) == ("success", "passed")
    assert database.execute("SELECT count(*) FROM customers").fetchone() == (10,)
    verified = [result for result in night.results if result["id"].startswith("reset.after_commit.")]
    assert len(verified) == 11, "ten customers, and that there is no other"
    assert night.result("reset.stripe.settled")["outcome"] == "passed", "no event may come after the seeding"


def test_a_second_reset_gives_the_same_content(run_dag, database, tmp_path):
    run_dag("staging_reset")
    database.execute("UPDATE customers SET credit_balance = 1, name = 'Mallory' WHERE email LIKE 'pro@%'")
    (tmp_path / "results").rename(tmp_path / "first")
    assert run_dag("staging_reset").outcome == "passed"


def test_a_balance_changed_after_the_reset_is_named(run_dag, database, monkeypatch):
    def tamper(self, context):
        database.execute("UPDATE customers SET credit_balance = 59 WHERE email = 'pro@test.example.com'")

    monkeypatch.setattr(VerifyResetOperator, "pre_execute", tamper)
    night = run_dag("staging_reset")
    # The staging is every test's, and a workflow looks at the seeded customers.
    database.execute("UPDATE customers SET credit_balance = 60 WHERE email = 'pro@test.example.com'")
    assert (night.state, night.outcome) == ("failed", "failed")
    (failed,) = night.of("failed")
    assert failed["id"] == "reset.after_commit.pro_active"
    assert "pro@test.example.com" in failed["subject"]
    assert failed["expected"] == {"credit_balance": 60}
    assert failed["actual"] == {"credit_balance": 59}


def test_telemetry_is_visible_and_equal_to_the_truth_and_then_deleted(run_dag, stack):
    night = run_dag("staging_telemetry")
    assert (night.state, night.outcome) == ("success", "passed")
    assert night.result("telemetry.deleted")["outcome"] == "passed"


def test_every_panel_of_the_dashboard_has_data(run_dag):
    night = run_dag("staging_dashboards")
    assert (night.state, night.outcome) == ("success", "passed")
    panels = {
        result["id"].split(".")[2].rsplit("_", 1)[0]
        for result in night.results
        if result["id"].startswith("dashboard.billing-metrics.panel_")
    }
    assert len(panels) == 10


def test_only_the_chosen_workflow_runs(run_dag):
    night = run_dag("staging_billing", workflows=["w01_signup"])
    assert night.outcome == "passed"
    assert [task for task in night.tasks if task.startswith("billing.run_workflow")] == [
        "billing.run_workflow__0"
    ]


def test_a_workflow_that_does_not_exist_is_said_so(run_dag):
    night = run_dag("staging_billing", workflows=["w99_teleport"])
    assert night.outcome == "errored"
    (errored,) = night.of("errored")
    assert "w99_teleport" in errored["actual"]
    assert "w01_signup" in errored["remedy"]


def test_a_prometheus_that_dies_in_the_night_is_errored_and_named(run_dag, monkeypatch, dead_port):
    variable = "AIRFLOW_CONN_PROMETHEUS_DEFAULT"
    alive = os.environ[variable]
    dead = json.dumps({"conn_type": "http", "host": "127.0.0.1", "port": dead_port})

    def die(self, context):
        monkeypatch.setenv(variable, dead)

    def rise(self, context):
        monkeypatch.setenv(variable, alive)

    monkeypatch.setattr(VerifyTelemetryOperator, "pre_execute", die)
    monkeypatch.setattr(DeleteTelemetryOperator, "pre_execute", rise)
    night = run_dag("staging_dashboards")
    assert (night.state, night.outcome) == ("failed", "errored")
    (errored,) = night.of("errored")
    assert errored["id"] == "telemetry.verify"
    assert errored["actual"].startswith("Prometheus: ")
    evaluated = {
        state for task, state in night.tasks.items() if task.startswith("dashboards.evaluate_dashboard")
    }
    assert evaluated == {"upstream_failed"}
    assert night.result("alert.billing.lint")["outcome"] == "passed", (
        "what needs no Prometheus is checked all the same"
    )
    assert night.tasks["delete_telemetry"] == "success", "the group must not stay on the gateway"


@pytest.mark.parametrize(
    ("conn_id", "source", "name"),
    [
        ("PROMETHEUS_DEFAULT", "guard.prometheus.labels", "Prometheus: "),
        ("STAGING_API", "guard.billing_api.health", "Billing API: "),
    ],
)
def test_a_service_that_is_dead_from_the_start_is_errored_and_named(
    run_dag, monkeypatch, dead_port, conn_id, source, name
):
    dead = {"conn_type": "http", "host": "127.0.0.1", "port": dead_port}
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id}", json.dumps(dead))
    night = run_dag("staging_dashboards")
    assert (night.state, night.outcome) == ("failed", "errored")
    assert night.result(source)["outcome"] == "errored"
    assert night.result(source)["evidence"]["because"].startswith(name)
    assert night.tasks["telemetry.prepare"] == "upstream_failed"
