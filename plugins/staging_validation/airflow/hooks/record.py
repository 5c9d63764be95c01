"""What this run's guard saw, for the steps that come after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import get_current_context
from pydantic import ValidationError

from staging_validation.environment import Sighting
from staging_validation.errors import GuardRefusedError

if TYPE_CHECKING:
    from airflow.sdk import Context

GUARD_TASK = "env_guard"
"""The guard's task in every DAG."""

_REMEDY = f"run it in a DAG whose first task is the guard ({GUARD_TASK}); staging_dag() puts it there"


def guard_record() -> Sighting:
    """Return what the guard of the running task's own DAG run saw.

    Raises:
        GuardRefusedError: No task is running, or no guard passed in its run.
    """
    record = _context()["ti"].xcom_pull(task_ids=GUARD_TASK)
    if record is None:
        raise GuardRefusedError(
            f"No guard has passed in this run: {GUARD_TASK} left no record.", remedy=_REMEDY
        )
    try:
        return Sighting.model_validate(record)
    except ValidationError as error:
        raise GuardRefusedError(
            f"The record of {GUARD_TASK} is none of the guard's ({error.error_count()} fields are wrong).",
            remedy=_REMEDY,
        ) from error


def _context() -> Context:
    try:
        return get_current_context()
    except RuntimeError as error:
        raise GuardRefusedError(
            "Nothing of staging is handed out outside of a running task, where no guard can have passed.",
            remedy=_REMEDY,
        ) from error
