"""Gathers the results of all tasks into the report, tells people, and gives the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException
from typing_extensions import override

from staging_validation.airflow.operators.base import reasons
from staging_validation.airflow.run import ValidationRun
from staging_validation.errors import ConfigurationError
from staging_validation.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from staging_validation.results import CheckResult, RunResults


class ReportOperator(BaseOperator):
    """Writes ``index.html`` and ``results.json`` of a run, tells people, and fails the run unless everything passed.

    It runs when all others are done, whatever became of them. A task that left no results behind is accounted
    for by its state: one that was not run is *skipped*, one that died is *errored*. So a killed task cannot turn a
    night green. What becomes of the messages and of the pushed metrics is shown in the report and changes no outcome.
    """

    @override
    def execute(self, context: Context) -> dict[str, Any]:
        """Write the report; the XCom is ``{outcome, report}``."""
        from staging_validation.airflow.gathering import gather
        from staging_validation.airflow.notifications import push_metrics, tell_outcome
        from staging_validation.clients.report_files import write_report
        from staging_validation.reporting import summary_line

        run = ValidationRun.of(context)
        results = gather(
            run,
            context["dag"].task_dict,
            _task_states(context),
            started_at=context["dag_run"].start_date,
        )
        page = write_report(results, run.folder())
        self.log.info("%s - report: %s", summary_line(results), page)
        told = [*push_metrics(run, results), *tell_outcome(run, results)]
        if told:
            self._show(results, told, run)
        if results.outcome is not Outcome.PASSED:
            raise AirflowFailException(
                f"{results.outcome.value}: {reasons(results.results, results.outcome)}"
            )
        return {"outcome": results.outcome.value, "report": str(page)}

    def _show(self, results: RunResults, told: Sequence[CheckResult], run: ValidationRun) -> None:
        """Write the report again with what became of the messages; the outcome stays the one from before."""
        from staging_validation.clients.report_files import write_report

        try:
            write_report(results.model_copy(update={"results": (*results.results, *told)}), run.folder())
        except ConfigurationError as error:
            self.log.warning("The report does not show what became of the messages: %s", error)


def _task_states(context: Context) -> Mapping[str, Any]:
    instance = context["ti"]
    states = instance.get_task_states(dag_id=instance.dag_id, run_ids=[instance.run_id])
    return dict(states.get(instance.run_id, {}))
