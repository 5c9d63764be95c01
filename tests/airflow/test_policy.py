"""A DAG that changes staging without the guard never loads; one that does not is left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest
from airflow.exceptions import AirflowClusterPolicyViolation
from airflow.sdk import DAG, BaseOperator

from staging_validation.airflow.dag_factory import staging_dag
from staging_validation.airflow.operators.billing import RunWorkflowOperator
from staging_validation.airflow.operators.guard import EnvironmentGuardOperator
from staging_validation.airflow.operators.janitor import SweepRunLeftoversOperator
from staging_validation.airflow.operators.load import (
    CheckLoadTargetOperator,
    CheckRateLimitsOperator,
    CleanUpLoadOperator,
    RunLoadOperator,
)
from staging_validation.airflow.operators.reset import ResetStagingOperator, VerifyResetOperator
from staging_validation.airflow.operators.telemetry import (
    DeleteTelemetryOperator,
    EmitTelemetryOperator,
    PrepareTelemetryOperator,
)
from staging_validation.airflow.policy import dag_policy


class Nothing(BaseOperator):
    """An operator of somebody else."""

    def execute(self, context):
        """Do nothing."""


@pytest.fixture
def dag():
    with DAG("mine", schedule=None) as dag:
        yield dag


DESTRUCTIVE = [
    lambda: ResetStagingOperator(task_id="change"),
    lambda: PrepareTelemetryOperator(task_id="change"),
    lambda: EmitTelemetryOperator(task_id="change"),
    lambda: DeleteTelemetryOperator(task_id="change"),
    lambda: RunWorkflowOperator(task_id="change", workflow="w01_signup"),
    lambda: SweepRunLeftoversOperator(task_id="change", stage="before"),
    lambda: CheckLoadTargetOperator(task_id="change"),
    lambda: RunLoadOperator(task_id="change"),
    lambda: CheckRateLimitsOperator(task_id="change"),
    lambda: CleanUpLoadOperator(task_id="change"),
    lambda: RunWorkflowOperator.partial(task_id="change").expand(workflow=["w01_signup"]),
]


def refused(dag):
    with pytest.raises(AirflowClusterPolicyViolation) as raised:
        dag_policy(dag)
    return str(raised.value)


@pytest.mark.parametrize("make", DESTRUCTIVE)
def test_no_guard_at_all(dag, make):
    make()
    told = refused(dag)
    assert "DAG mine changes staging (change), but its roots are change" in told
    assert "staging_dag()" in told


@pytest.mark.parametrize("make", DESTRUCTIVE)
def test_a_guard_before_it(dag, make):
    EnvironmentGuardOperator(task_id="env_guard") >> make()
    dag_policy(dag)


def test_a_guard_beside_it(dag):
    EnvironmentGuardOperator(task_id="env_guard")
    ResetStagingOperator(task_id="change")
    assert "its roots are change, env_guard" in refused(dag)


def test_a_guard_after_it(dag):
    ResetStagingOperator(task_id="change") >> EnvironmentGuardOperator(task_id="env_guard")
    assert "its roots are change" in refused(dag)


def test_a_guard_in_name_only(dag):
    Nothing(task_id="env_guard") >> ResetStagingOperator(task_id="change")
    assert "its env_guard is a Nothing and no EnvironmentGuardOperator" in refused(dag)


def test_a_guard_of_another_name(dag):
    EnvironmentGuardOperator(task_id="guard") >> ResetStagingOperator(task_id="change")
    assert "its roots are guard" in refused(dag)


def test_a_guard_that_is_retried(dag):
    EnvironmentGuardOperator(task_id="env_guard", retries=2) >> ResetStagingOperator(task_id="change")
    assert "its env_guard is retried 2 times" in refused(dag)


@pytest.mark.parametrize(
    "rule", ["all_done", "always", "one_failed", "all_failed", "one_done", "none_skipped"]
)
def test_a_trigger_rule_that_ignores_the_guard(dag, rule):
    guard = EnvironmentGuardOperator(task_id="env_guard")
    guard >> ResetStagingOperator(task_id="change", trigger_rule=rule)
    assert f"the trigger rule {rule} of change lets it run after the guard has failed" in refused(dag)


@pytest.mark.parametrize("rule", ["all_success", "none_failed", "none_failed_min_one_success"])
def test_a_trigger_rule_that_heeds_the_guard(dag, rule):
    guard = EnvironmentGuardOperator(task_id="env_guard")
    guard >> ResetStagingOperator(task_id="change", trigger_rule=rule)
    dag_policy(dag)


def test_a_dag_that_changes_nothing_is_left_alone(dag):
    Nothing(task_id="one")
    VerifyResetOperator(task_id="look")
    dag_policy(dag)


def test_what_the_factory_makes_is_fine():
    with staging_dag("made", title="Made", doc_md="Made.", tags=(), params={}) as dag:
        ResetStagingOperator(task_id="change")
    dag_policy(dag)


_LOAD = """
    import json
    from airflow.dag_processing.dagbag import DagBag
    bag = DagBag({folder!r}, bundle_name="dags-folder")
    print(json.dumps([sorted(bag.dags), list(bag.import_errors.values())]))
"""
_DAG_FILE = """
from airflow.sdk import DAG
from staging_validation.airflow.operators.load import (
    CheckLoadTargetOperator,
    CheckRateLimitsOperator,
    CleanUpLoadOperator,
    RunLoadOperator,
)
from staging_validation.airflow.operators.reset import ResetStagingOperator
with DAG("unguarded", schedule=None):
    ResetStagingOperator(task_id="change")
with DAG("harmless", schedule=None):
    pass
"""


def test_airflow_itself_asks_the_policy(tmp_path):
    """In a process of its own: Airflow reads its policies once, when it starts."""
    (tmp_path / "dropped_in.py").write_text(_DAG_FILE)
    code = textwrap.dedent(_LOAD).format(folder=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stderr
    loaded, errors = json.loads(done.stdout.splitlines()[-1])
    assert loaded == ["harmless"]
    assert "DAG unguarded changes staging (change)" in str(errors)
