"""What Airflow calls when a run ends badly or does not end: the second line behind the report task.

Airflow runs :func:`tell_unreported` in a process of the DAG processor, seconds after a run has failed, and
:func:`tell_late` in the triggerer. Both are named in every DAG file's parse, so nothing heavy is imported up here.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException

from staging_validation.airflow.run import ValidationRun
from staging_validation.run_id import validation_run_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from staging_validation.results import CheckResult

REPORT_TASK = "report"
"""The report's task in every DAG."""

_log = logging.getLogger(__name__)


def tell_unreported(context: Mapping[str, Any]) -> None:
    """Tell of a failed run whose report task has not: it died, or the run timed out.

    The memory of what was told is keyed by run and channel, so nobody is told twice.

    Args:
        context: What Airflow knows of the run: ``dag`` and ``run_id`` always; ``ti`` and ``dag_run`` where the run had
            a task instance; ``reason``.
    """
    from staging_validation.airflow.gathering import gather
    from staging_validation.airflow.notifications import SECOND_LINE_PATIENCE, tell_outcome, told_everywhere

    dag = context["dag"]
    run = _run(dag.dag_id, str(context["run_id"]))
    if told_everywhere(run):
        return
    states = _states(context, run)
    state = str(states.get(REPORT_TASK, "unknown"))
    _log.warning("The report task of %s ended as %s and has told nobody.", run.name, state)
    results = gather(
        run,
        dag.task_dict,
        states,
        started_at=getattr(context.get("dag_run"), "start_date", None),
        further=[_no_report(state, str(context.get("reason") or "unknown"))],
    )
    tell_outcome(
        run,
        results,
        note="The report task did not come to telling this; here is what the other tasks left behind.",
        patience=SECOND_LINE_PATIENCE,
    )


async def tell_late(context: Mapping[str, Any]) -> None:
    """Tell that a run has not ended by its deadline.

    It runs in the triggerer, in a thread beside its event loop. A deadline's callback in a worker would be simpler, but
    Airflow 3.3 gives it a token with which it may read neither connections nor variables from Airflow's database.

    Args:
        context: What Airflow gives to a deadline's callback: ``dag_run`` and ``deadline``, both as plain mappings.
    """
    await asyncio.to_thread(_tell_late, context)


def _tell_late(context: Mapping[str, Any]) -> None:
    from staging_validation.airflow.notifications import tell_lateness

    dag_run = context["dag_run"]
    deadline = (context.get("deadline") or {}).get("deadline_time")
    tell_lateness(
        _run(dag_run["dag_id"], dag_run["dag_run_id"]),
        started_at=_moment(dag_run.get("start_date")),
        note=f"It should have ended by {deadline}; Airflow calls it {dag_run.get('state') or 'unknown'}.",
    )


def _run(dag_id: str, run_id: str) -> ValidationRun:
    return ValidationRun(dag_id, run_id, validation_run_id(dag_id, run_id))


def _states(context: Mapping[str, Any], run: ValidationRun) -> Mapping[str, Any]:
    """Return the states of the run's tasks, none where Airflow does not tell them.

    It names no task instance of a run that never had one; and ``dag.test()`` calls a callback outside of the process
    that could be asked, which shows as a name that is not defined.
    """
    instance = context.get("ti")
    if instance is None:
        return {}
    try:
        found = instance.get_task_states(dag_id=run.dag_id, run_ids=[run.run_id])
    except (NameError, AirflowException) as error:
        _log.warning("The states of the tasks of %s are not known: %s", run.name, error)
        return {}
    return dict(found.get(run.run_id, {}))


def _no_report(state: str, reason: str) -> CheckResult:
    from staging_validation.results import CheckResult, Kind, Outcome

    return CheckResult(
        id="notification.report",
        kind=Kind.NOTIFICATION,
        subject=f"task {REPORT_TASK}",
        outcome=Outcome.ERRORED,
        expected="a report",
        actual=f"the report task ended as {state}, the run as failed ({reason})",
        evidence={"state": state, "reason": reason},
        remedy=f"read the log of the task {REPORT_TASK}, and look for a worker that was killed",
    )


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return None
