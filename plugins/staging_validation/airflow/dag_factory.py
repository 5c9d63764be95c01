"""Makes the DAGs: what all of them share, the guard before everything and the report after everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import (  # type: ignore[attr-defined] # the deadlines' names are missing in its stub file
    DAG,
    AsyncCallback,
    DeadlineAlert,
    DeadlineReference,
    Param,
    TriggerRule,
)

from staging_validation.airflow.callbacks import REPORT_TASK, tell_late, tell_unreported
from staging_validation.airflow.hooks.record import GUARD_TASK
from staging_validation.airflow.operators.guard import EnvironmentGuardOperator
from staging_validation.airflow.operators.report import ReportOperator

OWNER = "billing-quality"

LONGEST_RUN = timedelta(hours=1)
"""A run that takes longer is ended by Airflow."""

LATE_AFTER = timedelta(minutes=45)
"""When people are told that a scheduled run has not ended, counted from when Airflow queued it."""

DEFAULT_ARGS: Mapping[str, Any] = {
    "owner": OWNER,
    # Only an errored step comes this far: a failed or refused one is never tried again.
    "retries": 1,
    "retry_delay": timedelta(seconds=5),
    "execution_timeout": timedelta(minutes=10),
}


@contextmanager
def staging_dag(
    dag_id: str,
    *,
    title: str,
    doc_md: str,
    tags: tuple[str, ...],
    params: Mapping[str, Param],
    schedule: str | None = None,
    max_active_tasks: int | None = None,
) -> Iterator[DAG]:
    """Open a DAG; at the end of the ``with`` block the guard becomes its only root and the report its only leaf.

    The report tells people when a run is not green. Where it cannot (it died, or the run timed out), the DAG's callback
    does; and of a scheduled run that has not ended by its deadline, Airflow's deadline alert.

    Args:
        dag_id: The DAG's id.
        title: Its name in the UI.
        doc_md: Its documentation in the UI, in Markdown.
        tags: Tags beside ``staging-validation``.
        params: What the form in the UI asks for.
        schedule: A cron expression in UTC; None for runs by hand only.
        max_active_tasks: How many tasks of a run may run at the same time; as Airflow is configured by default.

    Yields:
        The DAG to put tasks into.
    """
    at_once: dict[str, Any] = {"max_active_tasks": max_active_tasks} if max_active_tasks else {}
    with DAG(
        dag_id=dag_id,
        dag_display_name=title,
        description=doc_md.strip().splitlines()[0],
        doc_md=doc_md,
        tags=["staging-validation", *tags],
        params=dict(params),
        schedule=schedule,
        start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=LONGEST_RUN,
        default_args=dict(DEFAULT_ARGS),
        on_failure_callback=tell_unreported,
        deadline=_deadline() if schedule else None,
        **at_once,
    ) as dag:
        yield dag
        _enclose(dag)


def _deadline() -> DeadlineAlert:
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=LATE_AFTER,
        callback=AsyncCallback(tell_late),
        name="late",
    )


def _enclose(dag: DAG) -> None:
    """Put the guard before all roots and the report after all leaves, whatever a DAG file wired."""
    roots, leaves = list(dag.roots), list(dag.leaves)
    guard = EnvironmentGuardOperator(task_id=GUARD_TASK, retries=0)
    report = ReportOperator(task_id=REPORT_TASK, trigger_rule=TriggerRule.ALL_DONE)
    guard >> roots
    leaves >> report
