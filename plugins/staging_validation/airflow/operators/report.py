"""Gathers the results of all tasks into the report, and gives the verdict."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException
from typing_extensions import override

from staging_validation.airflow.operators.base import reasons
from staging_validation.airflow.run import ValidationRun
from staging_validation.results import CheckResult, Kind, Outcome, RunResults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context

_NOT_RUN = frozenset({"upstream_failed", "skipped"})


class ReportOperator(BaseOperator):
    """Writes ``index.html`` and ``results.json`` of a run, and fails the run unless everything passed.

    It runs when all others are done, whatever became of them. A task that left no results behind is accounted
    for by its state: one that was not run is *skipped*, one that died is *errored*. So a killed task cannot turn a
    night green.
    """

    @override
    def execute(self, context: Context) -> dict[str, Any]:
        """Write the report; the XCom is ``{outcome, report}``."""
        from staging_validation.clients.report_files import write_report
        from staging_validation.reporting import summary_line

        run = ValidationRun.of(context)
        results = RunResults.gather(
            run.name,
            self._all_results(context, run),
            started_at=context["dag_run"].start_date or datetime.now(timezone.utc),
            finished_at=datetime.now(timezone.utc),
        )
        page = write_report(results, run.folder())
        self.log.info("%s - report: %s", summary_line(results), page)
        if results.outcome is not Outcome.PASSED:
            raise AirflowFailException(
                f"{results.outcome.value}: {reasons(results.results, results.outcome)}"
            )
        return {"outcome": results.outcome.value, "report": str(page)}

    def _all_results(self, context: Context, run: ValidationRun) -> list[CheckResult]:
        stored = run.store().load()
        gathered: list[CheckResult] = []
        for task_id, task in context["dag"].task_dict.items():
            kind = getattr(getattr(task, "operator_class", type(task)), "kind", None)
            if not isinstance(kind, Kind):
                continue
            for key, state in _instances(task_id, _task_states(context)):
                gathered.extend(stored.get(key) or [_unreported(task_id, kind, state)])
        order = list(Kind)
        return sorted(gathered, key=lambda result: order.index(result.kind))


def _task_states(context: Context) -> Mapping[str, Any]:
    instance = context["ti"]
    states = instance.get_task_states(dag_id=instance.dag_id, run_ids=[instance.run_id])
    return dict(states.get(instance.run_id, {}))


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
