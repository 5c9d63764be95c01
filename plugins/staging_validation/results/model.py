"""One result type for every check, and the results of a run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, model_validator

from staging_validation.results.outcomes import Outcome, worst
from staging_validation.results.redaction import redact_value

if TYPE_CHECKING:
    from staging_validation.errors import StagingValidationError

SCHEMA_VERSION = 1
"""Version of ``results.json``; it grows when a reader of the former version would misread the new one."""


class Kind(str, Enum):
    """The job a result belongs to."""

    GUARD = "guard"
    RESET = "reset"
    TELEMETRY = "telemetry"
    DASHBOARD = "dashboard"
    ALERT = "alert"
    WORKFLOW = "workflow"
    MONEY = "money"
    LOAD = "load"
    CONNECTION = "connection"
    NOTIFICATION = "notification"


class Severity(str, Enum):
    """How much a failed check weighs. Only errors fail a run."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


_Text = Annotated[str, AfterValidator(redact_value)]
_Json = Annotated[JsonValue, AfterValidator(redact_value)]


class CheckResult(BaseModel):
    """What one check found. Secrets of a known shape are masked on construction.

    Attributes:
        id: Stable name of the check, dotted, lower case: ``guard.marker``, ``workflow.w01_signup.balance``.
        kind: The job it belongs to.
        subject: What was looked at, in people's words: ``trial-new@test.example.com``, ``Panel 2``.
        outcome: What became of it.
        severity: How much a failure weighs; only errors fail a run.
        expected: What should have been there.
        actual: What was there.
        evidence: What supports the outcome (a query, a row, a request). A skipped check names its
            ``reason`` here.
        where: File and place, where there is one: ``include/dashboards/x.json#/panels/3``.
        remedy: What the reader can do about it.
        duration_seconds: How long the check took.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_-]+)+$")
    kind: Kind
    subject: _Text = Field(min_length=1)
    outcome: Outcome
    severity: Severity = Severity.ERROR
    expected: _Json = None
    actual: _Json = None
    evidence: Annotated[dict[str, JsonValue], AfterValidator(redact_value)] = Field(default_factory=dict)
    where: _Text | None = None
    remedy: _Text | None = None
    duration_seconds: float = Field(default=0.0, ge=0.0)

    @model_validator(mode="after")
    def _skipped_has_a_reason(self) -> CheckResult:
        if self.outcome is Outcome.SKIPPED and not self.evidence.get("reason"):
            raise ValueError(f"{self.id}: a skipped check must name its reason in evidence['reason']")
        return self

    @property
    def counts_as(self) -> Outcome:
        """The outcome this result brings to its run: a failed warning weighs as much as a pass."""
        if self.outcome is Outcome.FAILED and self.severity is not Severity.ERROR:
            return Outcome.PASSED
        return self.outcome

    @classmethod
    def compare(cls, *, expected: Any, actual: Any, **fields: Any) -> CheckResult:
        """Build a result that passed when ``actual == expected`` and failed otherwise."""
        outcome = Outcome.PASSED if actual == expected else Outcome.FAILED
        return cls(outcome=outcome, expected=expected, actual=actual, **fields)

    @classmethod
    def from_error(cls, error: StagingValidationError, **fields: Any) -> CheckResult:
        """Build the result that an error of this package stands for (see :mod:`staging_validation.errors`)."""
        evidence = {"error": type(error).__name__, **fields.pop("evidence", {})}
        return cls(
            outcome=error.outcome,
            actual=error.message,
            remedy=error.remedy,
            evidence=evidence,
            **fields,
        )


class RunResults(BaseModel):
    """Everything a run found: the content of ``results.json``.

    Attributes:
        schema_version: See :data:`SCHEMA_VERSION`.
        run_id: The run's name, carried by every series, customer and Stripe object it made.
        started_at: When the run began, with its time zone.
        finished_at: When the results were gathered, with their time zone.
        outcome: The worst of the results' outcomes.
        results: The results, in the order of the run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    run_id: str
    started_at: AwareDatetime
    finished_at: AwareDatetime
    outcome: Outcome
    results: tuple[CheckResult, ...]

    @classmethod
    def gather(
        cls, run_id: str, results: Iterable[CheckResult], *, started_at: datetime, finished_at: datetime
    ) -> RunResults:
        """Roll the results of a run up to its outcome."""
        kept = tuple(results)
        return cls(
            run_id=run_id,
            started_at=started_at,
            finished_at=finished_at,
            outcome=worst(result.counts_as for result in kept),
            results=kept,
        )
