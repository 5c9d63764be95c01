"""The jobs as task groups, shared by the nightly DAG and the DAGs of each job."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk import TaskGroup, TriggerRule

from staging_validation.airflow.operators.billing import ListWorkflowsOperator, RunWorkflowOperator
from staging_validation.airflow.operators.dashboards import (
    EvaluateDashboardOperator,
    LintOperator,
    ListDashboardsOperator,
)
from staging_validation.airflow.operators.janitor import SweepRunLeftoversOperator
from staging_validation.airflow.operators.money import ReconcileMoneyOperator
from staging_validation.airflow.operators.reset import (
    MakeStripeObjectsOperator,
    ResetStagingOperator,
    SweepStripeObjectsOperator,
    VerifyResetOperator,
    VerifySeededOperator,
)
from staging_validation.airflow.operators.telemetry import (
    DeleteTelemetryOperator,
    EmitTelemetryOperator,
    PrepareTelemetryOperator,
    VerifyTelemetryOperator,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

POOL = "staging_validation"
"""The pool of the workflows of all DAGs: Stripe allows a test account 25 requests a second, whoever sends them."""

WORKFLOW_TIMEOUT = timedelta(minutes=30)
"""The billing year advances a clock fifteen times, and Stripe itself takes up to half a minute for each."""


def reset() -> TaskGroup:
    """Make the Stripe objects, put the staging data back, read it again after the commit; then sweep Stripe.

    Returns:
        The group that ends with the second reading; the sweep stands outside it, because nothing waits for it.
    """
    with TaskGroup("reset", tooltip="Puts staging's data back to the known test customers") as group:
        objects = MakeStripeObjectsOperator(task_id="make_stripe_objects")
        verify = VerifyResetOperator(task_id="verify_reset")
        objects >> ResetStagingOperator(task_id="reset_staging") >> verify
    verify >> SweepStripeObjectsOperator(task_id="sweep_stripe_objects")
    return group


def telemetry(*, shown_by: Sequence[TaskGroup] = ()) -> TaskGroup:
    """Emit known telemetry and verify it; delete it when everything that shows it is done, also after a failure.

    Args:
        shown_by: Groups that need the emitted series: they run between verification and deletion.

    Returns:
        The group that emits; the deletion stands outside it, because it comes after the groups of ``shown_by``.
    """
    with TaskGroup("telemetry", tooltip="Emits billing telemetry with known values and verifies it") as group:
        prepare = PrepareTelemetryOperator(task_id="prepare")
        emit = EmitTelemetryOperator(task_id="emit")
        verify = VerifyTelemetryOperator(task_id="verify")
        prepare >> emit >> verify
    delete = DeleteTelemetryOperator(task_id="delete_telemetry")
    for shown in shown_by:
        verify >> shown >> delete
    verify >> delete.as_teardown(setups=prepare)
    return group


def dashboards() -> TaskGroup:
    """Validate dashboards and rule files without a query, and evaluate every dashboard live, one task each.

    Returns:
        The group that evaluates; the checks without a query stand outside it, because they need no telemetry.
    """
    with TaskGroup("static_checks", tooltip="Checks dashboards and rules without running a query"):
        files = ListDashboardsOperator(task_id="list_dashboards")
        LintOperator(task_id="lint")
    with TaskGroup("dashboards", tooltip="Evaluates every panel of every dashboard") as group:
        EvaluateDashboardOperator.partial(
            task_id="evaluate_dashboard", map_index_template="{{ task.dashboard }}"
        ).expand(dashboard=files.output)
    return group


def billing() -> TaskGroup:
    """Run every billing workflow, one task each; then reconcile the money and clean up, also when a workflow failed.

    A workflow that fails does not stop the others. When no workflow could begin, the money is not looked at. Beside it
    the ten test customers are read once more: no workflow may have changed them. What the workflows left in Stripe goes
    last: the money is read from the invoices on their test clocks.
    """
    with TaskGroup(
        "billing", tooltip="Drives the billing workflows end to end, and reconciles the money"
    ) as group:
        prepare = SweepRunLeftoversOperator(task_id="prepare", stage="before")
        files = ListWorkflowsOperator(task_id="list_workflows")
        workflows = RunWorkflowOperator.partial(
            task_id="run_workflow",
            map_index_template="{{ task.workflow }}",
            pool=POOL,
            execution_timeout=WORKFLOW_TIMEOUT,
        ).expand(workflow=files.output)
        money = ReconcileMoneyOperator(
            task_id="reconcile_money", trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS
        )
        seeded = VerifySeededOperator(
            task_id="verify_seeded", trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS
        )
        clean_up = SweepRunLeftoversOperator(task_id="clean_up", stage="after")
        prepare >> files
        [files, workflows] >> money
        [files, workflows] >> seeded
        # A teardown runs whatever became of the workflows, and not at all when the guard refused.
        [money, seeded] >> clean_up.as_teardown(setups=prepare)
    return group
