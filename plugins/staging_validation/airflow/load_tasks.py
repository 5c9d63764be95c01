"""The load as a task group."""

from __future__ import annotations

from airflow.sdk import TaskGroup

from staging_validation.airflow.operators.load import (
    CheckLoadTargetOperator,
    CheckRateLimitsOperator,
    CleanUpLoadOperator,
    RunLoadOperator,
)


def load() -> TaskGroup:
    """Look whom the load would hit, put it on, check the rate limits; then remove what that made, also after a failure.

    The two in the middle do not depend on each other's outcome; the DAG runs one task at a time, so that neither
    disturbs what the other one measures.

    Returns:
        The group; the removal stands outside it, because it comes after everything in it.
    """
    with TaskGroup("load", tooltip="Sign-ups, webhooks and rate limits under load") as group:
        target = CheckLoadTargetOperator(task_id="check_target")
        run = RunLoadOperator(task_id="run_load")
        limits = CheckRateLimitsOperator(task_id="check_rate_limits")
        target >> [run, limits]
    clean_up = CleanUpLoadOperator(task_id="clean_up_load")
    [run, limits] >> clean_up.as_teardown(setups=target)
    return group
