# ruff: noqa: E501 - a line is a row of the table, to be read as one
"""Whole DAGs: what the policy does not load, and what Airflow runs when a lie is told before, or in the middle of, a run."""

from __future__ import annotations

import itertools
import textwrap

import pytest

REFUSED, ERRORED = "refused", "errored"
HEAD = """
from datetime import datetime, timezone
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG
from staging_validation.airflow.operators.billing import RunWorkflowOperator
from staging_validation.airflow.operators.guard import EnvironmentGuardOperator
from staging_validation.airflow.operators.reset import ResetStagingOperator
from staging_validation.airflow.operators.telemetry import (
    DeleteTelemetryOperator, EmitTelemetryOperator, PrepareTelemetryOperator,
)

class Sly(ResetStagingOperator):
    destructive = False

def delete():
    from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
    StagingPostgresHook().run("DELETE FROM customers")

def nothing():
    return None

with DAG("NAME", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), schedule=None, params={"max_customers": 9}):
"""
GUARD = "EnvironmentGuardOperator(task_id='env_guard', retries=0)"
RESET = "ResetStagingOperator(task_id='reset_staging')"
# fmt: off
NOT_LOADED = [
    ("L01", "a reset without the guard", RESET, "its roots are reset_staging"),
    ("L02", "an emission without the guard", "EmitTelemetryOperator(task_id='emit')", "its roots are emit"),
    ("L03", "a sweep of the Pushgateway without the guard", "PrepareTelemetryOperator(task_id='prepare')", "its roots are prepare"),
    ("L04", "a deletion of telemetry without the guard", "DeleteTelemetryOperator(task_id='delete')", "its roots are delete"),
    ("L05", "a mapped workflow without the guard", "RunWorkflowOperator.partial(task_id='run').expand(workflow=['w01_signup'])", "its roots are run"),
    ("L06", "a reset beside the guard", f"{GUARD}; {RESET}", "its roots are env_guard, reset_staging"),
    ("L07", "a second root beside the guard", f"{GUARD} >> {RESET}; EmptyOperator(task_id='other')", "its roots are env_guard, other"),
    ("L08", "a reset before the guard", f"{RESET} >> {GUARD}", "its roots are reset_staging"),
    ("L09", "a guard by another name", f"EnvironmentGuardOperator(task_id='guard', retries=0) >> {RESET}", "its roots are guard"),
    ("L10", "another task under the guard's name", f"EmptyOperator(task_id='env_guard') >> {RESET}", "is a EmptyOperator"),
    ("L11", "a Python task under the guard's name that forges its record", f"PythonOperator(task_id='env_guard', python_callable=dict) >> {RESET}", "is a PythonOperator"),
    ("L12", "a guard that is retried until it passes", f"EnvironmentGuardOperator(task_id='env_guard', retries=3) >> {RESET}", "retried 3 times"),
    ("L13", "a reset that runs whatever the guard says", f"{GUARD} >> ResetStagingOperator(task_id='reset_staging', trigger_rule='all_done')", "trigger rule all_done"),
    ("L14", "a reset that runs when the guard fails", f"{GUARD} >> ResetStagingOperator(task_id='reset_staging', trigger_rule='one_failed')", "trigger rule one_failed"),
    ("L15", "a mapped workflow that runs whatever the guard says", f"{GUARD} >> RunWorkflowOperator.partial(task_id='run', trigger_rule='always').expand(workflow=['w01_signup'])", "trigger rule always"),
]
RUNS = [
    ("N01", "a Python task that uses our hook, in a DAG without a guard", "PythonOperator(task_id='own', python_callable=delete)"),
    ("N02", "a reset of a class of its own that says it changes nothing, without a guard", "Sly(task_id='reset_staging')"),
    ("N03", "the same, with a Python task under the guard's name that forges an empty record", "PythonOperator(task_id='env_guard', python_callable=dict) >> Sly(task_id='reset_staging')"),
]
LIES = [
    ("N04", REFUSED, "the nightly DAG, where ENVIRONMENT says production", "staging_nightly", lambda w: w.environ("ENVIRONMENT", "production")),
    ("N05", REFUSED, "the DAG of the reset, with a live Stripe key", "staging_reset", lambda w: w.connection("stripe_default", password="sk_" + "live_" + "x" * 24)),
    ("N06", REFUSED, "the DAG of the reset, on an unmarked database", "staging_reset", lambda w: w.sql("DELETE FROM staging_validation.marker")),
    ("N07", REFUSED, "the DAG of the telemetry, on a database marked production", "staging_telemetry", lambda w: w.sql("UPDATE staging_validation.marker SET environment = 'production'")),
    ("N08", ERRORED, "the DAG of the billing workflows, with the database down", "staging_billing", lambda w: w.connection("staging_postgres", port=w.dead_port)),
    ("N09", ERRORED, "the DAG of the reset, with a parameter that looks like a bypass", "staging_reset", None),
]
# fmt: on


_numbers = itertools.count(1)


@pytest.fixture
def load(tmp_path):
    """Write a DAG file and let Airflow load it: the DAG, or why it was not loaded."""

    def load(lines: str):
        from airflow.dag_processing.dagbag import DagBag

        name = f"hostile_{next(_numbers)}"
        folder = tmp_path / "dags"
        folder.mkdir()
        body = textwrap.indent(lines.replace("; ", "\n"), "    ")
        (folder / f"{name}.py").write_text(f"{HEAD.replace('NAME', name)}{body}\n")
        bag = DagBag(str(folder), bundle_name="dags-folder")
        return bag, bag.dags.get(name), " ".join(bag.import_errors.values())

    return load


@pytest.fixture
def run(load, airflow_db):
    """Load a DAG and run it with Airflow's own ``dag.test``: the states of the run and of its tasks."""

    def run(lines: str):
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.dag_processing.dagbag import sync_bag_to_db

        DagBundlesManager().sync_bundles_to_db()
        bag, dag, error = load(lines)
        assert error == ""
        sync_bag_to_db(bag, "dags-folder", None)
        ended = dag.test()
        return str(ended.state), {task.task_id: str(task.state) for task in ended.get_task_instances()}

    return run


@pytest.mark.parametrize(
    ("lines", "reason"), [entry[2:] for entry in NOT_LOADED], ids=[entry[0] for entry in NOT_LOADED]
)
def test_a_dag_that_could_run_without_the_guard_does_not_load(lines, reason, load):
    _, dag, error = load(lines)
    assert dag is None
    assert reason in error


def test_the_same_dag_with_the_guard_first_loads(load):
    _, dag, error = load(f"{GUARD} >> {RESET}")
    assert error == ""
    assert dag.roots[0].task_id == "env_guard"


@pytest.mark.parametrize("lines", [entry[2] for entry in RUNS], ids=[entry[0] for entry in RUNS])
def test_what_the_policy_cannot_see_the_hooks_refuse(lines, run, world, watch):
    world.results_here()
    end = watch()
    state, _ = run(lines)
    assert state == "failed"
    seen = end()
    assert (seen.statements, seen.requests, seen.changed) == ([], [], False)


def test_a_lie_told_between_the_guard_and_the_reset_stops_the_reset(run, world, monkeypatch):
    """N10: the guard passes, then somebody marks the database anew, and the reset of the same run refuses."""
    from airflow.providers.standard.operators.python import PythonOperator

    def remark(self, context):
        world.sql("UPDATE staging_validation.marker SET marked_by = 'mallory'")

    monkeypatch.setattr(PythonOperator, "execute", remark)
    world.results_here()
    since = world.cluster.log_size()
    _, states = run(f"{GUARD} >> PythonOperator(task_id='remark', python_callable=nothing) >> {RESET}")
    assert states == {"env_guard": "success", "remark": "success", "reset_staging": "failed"}
    assert world.cluster.writes(since) == []


@pytest.mark.parametrize(
    ("outcome", "dag_id", "tell"),
    [(entry[1], *entry[3:]) for entry in LIES],
    ids=[entry[0] for entry in LIES],
)
def test_a_dag_of_the_project_stops_at_its_guard(outcome, dag_id, tell, airflow_db, world, watch, project):
    from airflow.dag_processing.dagbag import DagBag

    world.results_here()
    dag = DagBag(str(project / "dags"), bundle_name="dags-folder").dags[dag_id]
    if tell:
        tell(world)
    end = watch()
    run = dag.test(run_conf=None if tell else {"skip_guard": True})
    ran = {
        task.task_id
        for task in run.get_task_instances()
        if str(task.state) not in ("upstream_failed", "None")
    }
    assert ran == {"env_guard", "report"}
    assert world.reported(dag_id)["outcome"] == outcome
    seen = end()
    assert (seen.statements, seen.requests, seen.changed) == ([], [], False)
    assert not any("_live_" in sent for sent in seen.keys)
