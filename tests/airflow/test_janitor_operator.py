"""Where workflows are cleaned up: after the money, whatever became of the workflows, and only behind the guard."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.exceptions import AirflowClusterPolicyViolation
from airflow.sdk import DAG, TriggerRule

from staging_validation.airflow.operators.guard import EnvironmentGuardOperator
from staging_validation.airflow.operators.janitor import SweepRunLeftoversOperator
from staging_validation.airflow.policy import dag_policy
from staging_validation.results import Kind

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["staging_billing", "staging_nightly"])
def dag(request):
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(PROJECT / "dags"), bundle_name="dags-folder").dags[request.param]


def test_it_comes_after_the_money_and_before_the_report(dag):
    clean_up = dag.get_task("billing.clean_up")
    assert clean_up.upstream_task_ids == {
        "billing.prepare",
        "billing.reconcile_money",
        "billing.verify_seeded",
    }
    assert "billing.run_workflow" in clean_up.get_flat_relative_ids(upstream=True)
    assert clean_up.downstream_task_ids == {"report"}


def test_it_is_a_teardown_so_that_a_failed_workflow_does_not_stop_it_and_a_refusal_does(dag):
    clean_up = dag.get_task("billing.clean_up")
    assert clean_up.is_teardown
    assert clean_up.trigger_rule is TriggerRule.ALL_DONE_SETUP_SUCCESS
    (setup,) = [task for task in clean_up.upstream_list if task.is_setup]
    assert setup.task_id == "billing.prepare"
    assert "env_guard" in setup.get_flat_relative_ids(upstream=True)
    assert "billing.run_workflow" in setup.get_flat_relative_ids(upstream=False)
    assert (setup.stage, clean_up.stage) == ("before", "after")
    dag_policy(dag)


def test_it_changes_staging_and_reports_as_workflow(dag):
    clean_up = dag.get_task("billing.clean_up")
    assert isinstance(clean_up, SweepRunLeftoversOperator)
    assert (clean_up.destructive, clean_up.kind) == (True, Kind.WORKFLOW)
    assert clean_up.subject == "what workflows left in Stripe"


@pytest.mark.parametrize("rule", ["all_done", "all_done_min_one_success", "one_failed"])
def test_a_rule_that_would_let_it_run_after_a_refusal_does_not_load(rule):
    with DAG("mine", schedule=None) as dag:
        guard = EnvironmentGuardOperator(task_id="env_guard", retries=0)
        guard >> SweepRunLeftoversOperator(task_id="clean_up", stage="after", trigger_rule=rule)
    with pytest.raises(AirflowClusterPolicyViolation, match=f"trigger rule {rule} of clean_up"):
        dag_policy(dag)


@pytest.fixture(scope="module")
def airflow_db() -> None:
    """Airflow's own database."""
    from airflow.utils.db import initdb

    initdb()


SHAPE = """
from datetime import datetime, timezone
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, TriggerRule
from airflow.sdk.exceptions import AirflowFailException

def end(well, workflow=None):
    if not well:
        raise AirflowFailException("it failed")
    return [{"well": WORKFLOW}]

with DAG("NAME", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)):
    def task(name, well=True, **kwargs):
        return PythonOperator(task_id=name, python_callable=end, op_kwargs={"well": well}, **kwargs)

    prepare, files = task("prepare"), task("files")
    runs = PythonOperator.partial(task_id="run", python_callable=end).expand(op_kwargs=files.output)
    money = task("money", trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
    task("guard", GUARD) >> prepare >> files
    [files, runs] >> money >> task("clean_up").as_teardown(setups=prepare)
"""


@pytest.mark.parametrize(
    ("guard", "workflow", "ran"),
    [(True, True, "success"), (True, False, "success"), (False, True, "upstream_failed")],
    ids=["all well", "a workflow failed", "the guard refused"],
)
def test_airflow_runs_such_a_teardown_after_a_failed_workflow_and_not_after_a_refusal(
    guard, workflow, ran, airflow_db, tmp_path
):
    """The shape of the group, without the services: what Airflow makes of it."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    name = f"shape_{guard}_{workflow}".lower()
    text = SHAPE.replace("NAME", name).replace("WORKFLOW", str(workflow)).replace("GUARD", str(guard))
    (tmp_path / f"{name}.py").write_text(text)
    DagBundlesManager().sync_bundles_to_db()
    bag = DagBag(str(tmp_path), bundle_name="dags-folder")
    sync_bag_to_db(bag, "dags-folder", None)
    states = {task.task_id: str(task.state) for task in bag.dags[name].test().get_task_instances()}
    assert states["clean_up"] == ran
    assert states["guard"] == ("success" if guard else "failed")
