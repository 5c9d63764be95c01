"""Where the money is reconciled: after all workflows, whatever became of them, and only behind the guard."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.sdk import TriggerRule

from staging_validation.airflow.operators.money import ReconcileMoneyOperator
from staging_validation.results import Kind

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["staging_billing", "staging_nightly"])
def dag(request):
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(PROJECT / "dags"), bundle_name="dags-folder").dags[request.param]


def test_it_comes_after_the_workflows_and_before_the_report(dag):
    money = dag.get_task("billing.reconcile_money")
    assert money.upstream_task_ids == {"billing.list_workflows", "billing.run_workflow"}
    assert money.downstream_task_ids == {"billing.clean_up"}
    assert "report" in money.get_flat_relative_ids(upstream=False)
    assert "env_guard" in money.get_flat_relative_ids(upstream=True)


def test_a_failed_workflow_does_not_stop_it_and_a_refusal_does(dag):
    assert dag.get_task("billing.reconcile_money").trigger_rule is TriggerRule.ALL_DONE_MIN_ONE_SUCCESS


def test_it_changes_nothing_and_reports_as_money(dag):
    money = dag.get_task("billing.reconcile_money")
    assert isinstance(money, ReconcileMoneyOperator)
    assert money.destructive is False
    assert money.kind is Kind.MONEY
    assert money.subject == "the money of this run's customers"
