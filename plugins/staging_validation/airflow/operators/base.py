"""What every step shares: it checks, keeps what it found, and lets the outcome decide the task's fate."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from staging_validation.airflow.run import ValidationRun
from staging_validation.errors import CheckFailedError, StagingValidationError
from staging_validation.results import CheckResult, Kind, Outcome, worst

if TYPE_CHECKING:
    from airflow.sdk import Context

_SHOWN_REASONS = 3


@dataclass(frozen=True)
class Step:
    """What a step did.

    Attributes:
        results: What it found; at least one, since a step that checks nothing has failed.
        value: What later tasks need of it (its XCom): small, JSON-like, without secrets.
    """

    results: Sequence[CheckResult]
    value: Any = None


class StepErroredError(AirflowException):
    """The step could not check: Airflow may try it again."""


class ValidationOperator(BaseOperator):
    """Base of all steps.

    A subclass implements :meth:`check`. Its results are stored before anything raises; then a failed or refused
    step fails at once (:class:`~airflow.sdk.exceptions.AirflowFailException`: never retried), an errored one
    raises :class:`StepErroredError`, which Airflow retries as often as ``retries`` says. A step all of whose checks
    were skipped, each with its reason, is a skipped task.
    """

    kind: ClassVar[Kind]
    """The job that the step belongs to."""
    destructive: ClassVar[bool] = False
    """Whether it changes staging: such a step may not be in a DAG without the guard (see the policy)."""
    retry_errored: ClassVar[bool] = True
    """Whether a step that could not check may be tried again."""

    @abstractmethod
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Do the step's work.

        Args:
            context: The task's context.
            run: The run it belongs to.

        Raises:
            StagingValidationError: It stands for a result: see :mod:`staging_validation.errors`.
        """

    def execute(self, context: Context) -> Any:
        """Check, keep the results, decide."""
        run = ValidationRun.of(context)
        started = time.monotonic()
        try:
            step = self.check(context, run)
            if not step.results:
                raise CheckFailedError(f"{self.task_id} checked nothing.")
        except StagingValidationError as error:
            step = Step([self._result_of(error, time.monotonic() - started)])
        run.store().save(self._task_key(context), step.results)
        self._log_results(step.results)
        self._decide(step.results)
        return step.value

    def _result_of(self, error: StagingValidationError, seconds: float) -> CheckResult:
        step = self.task_id.rpartition(".")[2]
        return CheckResult.from_error(
            error,
            id=f"{self.kind.value}.{step}",
            kind=self.kind,
            subject=self.subject,
            duration_seconds=seconds,
        )

    @property
    def subject(self) -> str:
        """What the step looks at, in people's words, for a result that stands for an error."""
        return self.task_id

    def _task_key(self, context: Context) -> str:
        index = context["ti"].map_index
        return self.task_id if index is None or index < 0 else f"{self.task_id}__{index}"

    def _log_results(self, results: Sequence[CheckResult]) -> None:
        for result in results:
            detail = (
                ""
                if result.outcome is Outcome.PASSED
                else f": expected {result.expected}, got {result.actual}"
            )
            because = result.evidence.get("because", "")
            self.log.info(
                "%-8s %-44s %s%s %s", result.outcome.value, result.id, result.subject, detail, because
            )

    def _decide(self, results: Sequence[CheckResult]) -> None:
        if all(result.outcome is Outcome.SKIPPED for result in results):
            raise AirflowSkipException(str(results[0].evidence["reason"]))
        outcome = worst(result.counts_as for result in results)
        if outcome is Outcome.PASSED:
            return
        message = f"{outcome.value}: {reasons(results, outcome)}"
        if outcome is Outcome.ERRORED and self.retry_errored:
            raise StepErroredError(message)
        raise AirflowFailException(message)


def reasons(results: Sequence[CheckResult], outcome: Outcome) -> str:
    """Name what brought a step or a run to its outcome: the first few results, and how many more there are."""
    telling = [result for result in results if result.counts_as is outcome]
    shown = "; ".join(
        f"{result.id} ({result.subject}): {result.actual}" for result in telling[:_SHOWN_REASONS]
    )
    more = len(telling) - _SHOWN_REASONS
    return f"{shown}; and {more} more" if more > 0 else shown or "nothing was checked"
