"""Accounts for every task of a run: by the results it left behind, else by the state it ended in."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from staging_validation.results import CheckResult, Kind, Outcome, RunResults

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from staging_validation.airflow.run import ValidationRun

_NOT_RUN = frozenset({"upstream_failed", "skipped"})


def gather(
    run: ValidationRun,
    tasks: Mapping[str, Any],
    states: Mapping[str, Any],
    *,
    started_at: datetime | None,
    further: Iterable[CheckResult] = (),
) -> RunResults:
    """Gather the results of all tasks of a run.

    Args:
        run: The run.
        tasks: The DAG's tasks by id. Only those of the package's operators count, which name their kind.
        states: The states of the run's task instances, as Airflow names them.
        started_at: When the run began, with time zone; now where it is not known.
        further: Results that no task has left behind.

    Returns:
        The results by job. A task that left none behind is *skipped* when it was not run, else *errored*.
    """
    stored = run.store().load()
    kinds = {task_id: _kind(task) for task_id, task in tasks.items()}
    gathered = list(further)
    for task_id, kind in kinds.items():
        if kind is None:
            continue
        for key, state in _instances(task_id, states):
            gathered.extend(stored.get(key) or [_unreported(task_id, kind, state)])
    if not any(kinds.values()):
        # A DAG that was read back from the database has lost its operators' classes.
        gathered.extend(result for key in sorted(stored) for result in stored[key])
    order = list(Kind)
    now = datetime.now(timezone.utc)
    return RunResults.gather(
        run.name,
        sorted(gathered, key=lambda result: order.index(result.kind)),
        started_at=started_at or now,
        finished_at=now,
    )


def _kind(task: Any) -> Kind | None:
    kind = getattr(getattr(task, "operator_class", type(task)), "kind", None)
    return kind if isinstance(kind, Kind) else None


def _instances(task_id: str, states: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the result-store keys and states of a task's instances; Airflow names a mapped one ``task_0``."""
    if task_id in states:
        return [(task_id, str(states[task_id]))]
    mapped = {
        name.removeprefix(f"{task_id}_"): state
        for name, state in states.items()
        if name.startswith(f"{task_id}_") and name.removeprefix(f"{task_id}_").isdigit()
    }
    found = [(f"{task_id}__{index}", str(mapped[index])) for index in sorted(mapped, key=int)]
    return found or [(task_id, "never scheduled")]


def _unreported(task_id: str, kind: Kind, state: str) -> CheckResult:
    not_run = state in _NOT_RUN
    return CheckResult(
        id=f"{kind.value}.{task_id.rpartition('.')[2]}",
        kind=kind,
        subject=f"task {task_id}",
        outcome=Outcome.SKIPPED if not_run else Outcome.ERRORED,
        expected="the task's results",
        actual="not run" if not_run else f"no results: the task ended as {state}",
        evidence={"reason": "a task before it did not pass"} if not_run else {"state": state},
        remedy=None if not_run else f"read the log of the task {task_id}",
    )
