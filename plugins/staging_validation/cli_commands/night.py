"""One run of a DAG on the local Airflow, followed to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from staging_validation.clients.polling import wait_for
from staging_validation.run_id import validation_run_id

if TYPE_CHECKING:
    from local_staging.airflow_runtime.api import AirflowApi, TaskState
    from staging_validation.cli_commands.progress import Progress

_LONGEST_SECONDS = 3600.0
_INTERVAL_SECONDS = 0.5
_FINAL = frozenset({"success", "failed"})


@dataclass(frozen=True)
class Night:
    """A run.

    Attributes:
        dag_id: The DAG.
        run_id: Airflow's run id.
        results_dir: The folder that receives the results of all runs.
    """

    dag_id: str
    run_id: str
    results_dir: Path

    @property
    def report_dir(self) -> Path:
        """Where this run's report task writes ``index.html`` and ``results.json``."""
        return self.results_dir / self.dag_id / validation_run_id(self.dag_id, self.run_id)


@dataclass(frozen=True)
class EndedNight:
    """A run that has come to its end.

    Attributes:
        night: The run.
        state: Airflow's final state: success or failed.
        failed_tasks: Names of the tasks that failed, in the order of the run.
        seconds: How long it took.
    """

    night: Night
    state: str
    failed_tasks: tuple[str, ...]
    seconds: float


def watch(
    api: AirflowApi,
    night: Night,
    conf: Mapping[str, Any],
    *,
    progress: Progress,
    alive: Callable[[], None],
) -> EndedNight:
    """Start a run and follow it to its end.

    Args:
        api: Airflow.
        night: The run.
        conf: Its parameters.
        progress: Told about every task.
        alive: Raises when there is no point in waiting any longer.

    Raises:
        ConfigurationError: Airflow does not accept the parameters.
        ServiceError: Airflow does not answer, or died.
        DeadlineError: The run does not end.
    """
    before = set(api.run_ids(night.dag_id))
    began = time.monotonic()
    # Ours is queued before the DAG may run, so that no other run of it comes first.
    api.trigger(night.dag_id, night.run_id, conf)
    api.unpause(night.dag_id)
    with progress.live():

        def ended() -> str | None:
            alive()
            state = api.run_state(night.dag_id, night.run_id)
            progress.tasks(api.tasks(night.dag_id, night.run_id))
            return state if state in _FINAL else None

        state = wait_for(
            f"the run {night.run_id} to end",
            ended,
            timeout_seconds=_LONGEST_SECONDS,
            interval_seconds=_INTERVAL_SECONDS,
        )
        tasks = api.tasks(night.dag_id, night.run_id)
        progress.tasks(tasks)
    for stranger in sorted(set(api.run_ids(night.dag_id)) - before - {night.run_id}):
        progress.warn(f"a run that nobody here asked for was started beside this one: {stranger}")
    return EndedNight(night, state, _failed(tasks), time.monotonic() - began)


def _failed(tasks: Sequence[TaskState]) -> tuple[str, ...]:
    return tuple(task.name for task in tasks if task.state == "failed")
