"""Every DAG: loads clean and light, is guarded first and judged last, and explains itself."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
DAG_IDS = {
    "staging_nightly",
    "staging_reset",
    "staging_telemetry",
    "staging_dashboards",
    "staging_billing",
    "staging_load",
}
JOBS = {
    "staging_reset": {"reset"},
    "staging_telemetry": {"telemetry"},
    "staging_dashboards": {"telemetry", "static_checks", "dashboards"},
    "staging_billing": {"billing"},
    "staging_load": {"load"},
    "staging_nightly": {"reset", "telemetry", "static_checks", "dashboards", "billing"},
}


@pytest.fixture
def dagbag():
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(PROJECT / "dags"), bundle_name="dags-folder")


@pytest.fixture(params=sorted(DAG_IDS))
def dag(request, dagbag):
    return dagbag.dags[request.param]


def test_all_dags_load_without_error(dagbag):
    assert dagbag.import_errors == {}
    assert set(dagbag.dags) == DAG_IDS
    assert not any(dagbag.captured_warnings.values())


def test_the_guard_is_the_only_root_and_is_never_retried(dag):
    assert [task.task_id for task in dag.roots] == ["env_guard"]
    assert dag.get_task("env_guard").retries == 0


def test_the_report_is_the_only_leaf_and_runs_whatever_happened(dag):
    assert [task.task_id for task in dag.leaves] == ["report"]
    assert dag.get_task("report").trigger_rule == "all_done"


def test_only_the_nightly_is_scheduled_and_it_never_catches_up(dag):
    assert bool(dag.schedule) == (dag.dag_id == "staging_nightly")
    assert dag.catchup is False
    assert dag.max_active_runs == 1


def test_it_has_its_jobs_and_no_other(dag):
    groups = {task.task_id.split(".")[0] for task in dag.tasks if "." in task.task_id}
    assert groups == JOBS[dag.dag_id]


def test_it_explains_itself(dag):
    assert dag.doc_md
    assert dag.description == dag.doc_md.splitlines()[0]
    assert "staging-validation" in dag.tags
    assert {task.owner for task in dag.tasks} == {"billing-quality"}


def test_every_param_has_a_type_a_default_a_title_and_a_description(dag):
    assert dag.params
    for name in dag.params:
        param = dag.params.get_param(name)
        assert param.schema.get("type"), name
        assert param.value is not None, name
        assert param.schema.get("title"), name
        assert param.description, name


def test_telemetry_is_deleted_after_everything_that_shows_it(dagbag):
    dag = dagbag.dags["staging_nightly"]
    delete = dag.get_task("delete_telemetry")
    assert delete.is_teardown
    upstream = delete.get_flat_relative_ids(upstream=True)
    assert {
        "telemetry.prepare",
        "telemetry.emit",
        "telemetry.verify",
        "dashboards.evaluate_dashboard",
    } <= upstream


def test_billing_waits_for_the_reset_but_not_for_the_telemetry(dagbag):
    run = dagbag.dags["staging_nightly"].get_task("billing.run_workflow")
    upstream = run.get_flat_relative_ids(upstream=True)
    assert "reset.verify_reset" in upstream
    assert not {task for task in upstream if task.startswith("telemetry")}


def test_the_load_runs_alone_and_is_cleaned_up_after_whatever_happened(dagbag):
    dag = dagbag.dags["staging_load"]
    assert dag.max_active_tasks == 1, "another task would disturb what is measured"
    clean_up = dag.get_task("clean_up_load")
    assert clean_up.is_teardown
    assert clean_up.upstream_task_ids == {"load.check_target", "load.run_load", "load.check_rate_limits"}
    for task_id in ("load.run_load", "load.check_rate_limits"):
        assert dag.get_task(task_id).upstream_task_ids == {"load.check_target"}


_PARSE = """
    import json, sys
    touched = []
    WATCHED = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen")
    def audit(event, args):
        if not watching:
            return
        if event in WATCHED:
            touched.append([event, repr(args[:2])])
        if event == "open" and isinstance(args[0], str) and "/include/" in args[0]:
            touched.append([event, args[0]])
    watching = False
    sys.addaudithook(audit)
    import pydantic
    from airflow.sdk import DAG, BaseHook, BaseOperator, Connection, Param, TaskGroup, TriggerRule, Variable
    DAG('warm_up', schedule=None)  # Airflow loads parts of itself with the first DAG
    before = set(sys.modules)
    watching = True
    import runpy
    for path in sys.argv[1:]:
        runpy.run_path(path)
    watching = False
    heavy = ["stripe", "psycopg", "psycopg2", "requests", "prometheus_client", "promql_parser", "aiohttp", "fastapi",
             "sqlalchemy", "airflow.providers.http.hooks.http", "airflow.providers.postgres.hooks.postgres"]
    print(json.dumps({"touched": touched, "heavy": [m for m in heavy if m in set(sys.modules) - before]}))
"""


def test_parsing_does_no_io_and_imports_nothing_heavy():
    files = [str(path) for path in sorted((PROJECT / "dags").glob("*.py"))]
    command = [sys.executable, "-W", "error::DeprecationWarning", "-c", textwrap.dedent(_PARSE), *files]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"touched": [], "heavy": []}


@pytest.mark.parametrize("dag_id", ["staging_nightly", "staging_billing"])
def test_the_workflows_share_the_pool_that_the_settings_make(dagbag, dag_id):
    pools = yaml.safe_load((PROJECT / "airflow_settings.yaml").read_text())["airflow"]["pools"]
    workflows = dagbag.dags[dag_id].get_task("billing.run_workflow")
    assert workflows.partial_kwargs["pool"] == pools[0]["pool_name"]
    assert pools[0]["pool_slot"] == 4
