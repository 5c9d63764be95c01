"""Keeps what the expectations of one step after the other found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import JsonValue

from staging_validation.errors import StagingValidationError
from staging_validation.results import CheckResult, Kind, Outcome
from staging_validation.workflows.model import Row
from staging_validation.workflows.rules import Expected, differing, matches, picked, shown


class Record:
    """Gathers the results of one step after the other.

    Args:
        workflow_id: The workflow's id.
        source: The workflow's file.
        elapsed: Returns a time in seconds, to measure durations.
    """

    def __init__(self, workflow_id: str, source: str | None, elapsed: Callable[[], float]) -> None:
        self._workflow_id = workflow_id
        self._source = source
        self._elapsed = elapsed
        self._results: list[CheckResult] = []
        self._step = self._title = ""
        self._since = 0.0

    def begin(self, step: str, title: str) -> None:
        """Begin a step."""
        self._results, self._step, self._title = [], step, title
        self._since = self._elapsed()

    def end(self) -> list[CheckResult]:
        """Return the step's results; a step that expected nothing has failed."""
        if not self._results:
            self._keep(
                "expectations",
                subject=self._title,
                outcome=Outcome.FAILED,
                expected="at least one expectation",
                actual="none",
                remedy="give the step an expectation: a step that checks nothing proves nothing",
            )
        return self._results

    def add_error(self, error: StagingValidationError) -> None:
        """Keep an error of this package as the step's last result."""
        self._results.append(CheckResult.from_error(error, **self._fields("error", self._title)))

    def compare(
        self,
        what: str,
        subject: str,
        expected: Mapping[str, Expected],
        actual: Row | None,
        *,
        evidence: Mapping[str, JsonValue],
        remedy: str,
    ) -> None:
        """Keep the comparison of a record's fields with what they should be."""
        wrong = list(expected) if actual is None else differing(expected, actual)
        self._keep(
            what,
            subject=subject,
            outcome=Outcome.FAILED if wrong or actual is None else Outcome.PASSED,
            expected=shown(expected),
            actual="there is none" if actual is None else picked(expected, actual),
            evidence={**evidence, **({"differing_fields": list[JsonValue](wrong)} if wrong else {})},
            remedy=remedy if wrong or actual is None else None,
        )

    def compare_rows(
        self,
        what: str,
        subject: str,
        expected: Sequence[Mapping[str, Expected]],
        actual: Sequence[Row],
        *,
        evidence: Mapping[str, JsonValue],
        remedy: str,
    ) -> None:
        """Keep the comparison of a list of records with what it should be."""
        right = matches(expected, [dict(row) for row in actual])
        names = {name: wanted for row in expected for name, wanted in row.items()}
        self._keep(
            what,
            subject=subject,
            outcome=Outcome.PASSED if right else Outcome.FAILED,
            expected=shown(expected),
            actual=[picked(names, row) if names else dict(row) for row in actual],
            evidence=dict(evidence),
            remedy=None if right else remedy,
        )

    def _keep(
        self, what: str, *, subject: str, evidence: Mapping[str, JsonValue] | None = None, **fields: object
    ) -> None:
        proof = {"step": self._title, **(evidence or {})}
        self._results.append(
            CheckResult.model_validate({**self._fields(what, subject), **fields, "evidence": proof})
        )
        self._since = self._elapsed()

    def _fields(self, what: str, subject: str) -> dict[str, object]:
        taken = {result.id for result in self._results}
        base = f"workflow.{self._workflow_id}.{self._step}.{what}"
        numbered = (f"{base}_{number}" for number in range(2, len(taken) + 3))
        return {
            "id": base if base not in taken else next(name for name in numbered if name not in taken),
            "kind": Kind.WORKFLOW,
            "subject": subject,
            "where": f"{self._source}#{self._step}" if self._source else None,
            "duration_seconds": max(0.0, self._elapsed() - self._since),
        }
