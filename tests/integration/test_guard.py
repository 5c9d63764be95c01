"""The guard in a real DAG: nothing runs and nothing is written when it says no or cannot tell."""

from __future__ import annotations

import json

import pytest

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.postgres import PostgresServer

pytestmark = pytest.mark.timeout(240)

_CONTENT = """
SELECT md5(coalesce(string_agg(customer::text || key::text, '|' ORDER BY customer.id, key.id), ''))
FROM customers AS customer JOIN api_keys AS key ON key.customer_id = customer.id
WHERE customer.email NOT LIKE 'w%'
"""
"""The known customers with their API keys, which every reset makes anew. Workflows' customers, whose webhooks may
still be on their way, are left out."""


def snapshot(database):
    return database.execute(_CONTENT).fetchone()


def only_guard_and_report_ran(night):
    ran = {task for task, state in night.tasks.items() if state not in ("upstream_failed", "None")}
    return ran == {"env_guard", "report"}


def test_production_is_refused_and_nothing_is_touched(run_dag, monkeypatch, database):
    run_dag("staging_reset")
    before = snapshot(database)
    monkeypatch.setenv("ENVIRONMENT", "production")
    night = run_dag("staging_nightly")
    assert (night.state, night.outcome) == ("failed", "refused")
    assert night.result("guard.declared.environment")["outcome"] == "refused"
    assert only_guard_and_report_ran(night)
    assert snapshot(database) == before


def test_the_guard_takes_less_than_a_second_on_a_healthy_stack(run_dag):
    night = run_dag("staging_reset")
    assert 0 < night.result("guard.verdict")["duration_seconds"] < 1


def test_an_unmarked_database_is_refused(run_dag, database):
    row = database.execute("SELECT environment FROM staging_validation.marker").fetchone()
    assert row == ("staging",)
    database.execute("ALTER TABLE staging_validation.marker RENAME TO marker_hidden")
    try:
        night = run_dag("staging_reset")
    finally:
        database.execute("ALTER TABLE staging_validation.marker_hidden RENAME TO marker")
    assert night.outcome == "refused"
    assert "carries no marker" in night.result("guard.marker")["evidence"]["because"]
    assert only_guard_and_report_ran(night)


def test_a_live_stripe_key_is_refused_and_never_sent(run_dag, monkeypatch, staging, httpserver):
    live = "sk_" + "live_" + "x" * 24
    connection = {"conn_type": "generic", "host": httpserver.url_for("/").rstrip("/"), "password": live}
    monkeypatch.setenv("AIRFLOW_CONN_STRIPE_DEFAULT", json.dumps(connection))
    night = run_dag("staging_billing")
    assert night.outcome == "refused"
    assert httpserver.log == []
    assert live not in (night.folder / "results.json").read_text()
    assert live not in (night.folder / "index.html").read_text()


def test_a_stopped_database_is_errored(run_dag, monkeypatch, tmp_path_factory, tmp_path):
    import os

    server = PostgresServer(
        tmp_path_factory.mktemp("stopped"),
        cache_dir=default_cache_dir(dict(os.environ)),
        databases=("staging",),
    )
    server.start()
    server.stop()
    stopped = {
        "conn_type": "postgres",
        "host": server.host,
        "port": server.port,
        "schema": "staging",
        "login": server.user,
        "password": server.password,
    }
    monkeypatch.setenv("AIRFLOW_CONN_STAGING_POSTGRES", json.dumps(stopped))
    night = run_dag("staging_nightly")
    assert (night.state, night.outcome) == ("failed", "errored")
    marker = night.result("guard.marker")
    assert marker["outcome"] == "errored"
    assert "PostgreSQL" in marker["evidence"]["because"]
    assert only_guard_and_report_ran(night)


def test_a_missing_connection_is_errored_with_its_name(run_dag, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_STRIPE_DEFAULT")
    night = run_dag("staging_reset")
    (errored,) = night.of("errored")
    assert "stripe_default does not exist" in errored["actual"]
    assert "AIRFLOW_CONN_STRIPE_DEFAULT" in errored["remedy"]


def test_a_param_that_the_dag_does_not_know_is_errored(run_dag):
    night = run_dag("staging_reset", max_custmers=5)
    (errored,) = night.of("errored")
    assert "max_custmers" in errored["actual"]
    assert "max_customers" in errored["remedy"]
    assert only_guard_and_report_ran(night)
