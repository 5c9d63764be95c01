"""A suppression that suppresses nothing hides the next defect of its kind, and nobody will know."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule
from staging_validation.lint.suppressions import SuppressionUse


def _check(use: SuppressionUse, _context: Context) -> Iterator[Fault]:
    if use.findings or use.expired:
        return
    suppression = use.suppression
    yield Fault(
        f"The suppression of {suppression.rule} in {suppression.files} covers no finding: what it accepted is "
        "repaired, or its scope is misspelled. It would hide the next such defect.",
        "remove it, or correct its scope",
        pointer=suppression.pointer,
        line=suppression.line,
        file=suppression.file,
        evidence={"suppressed_rule": suppression.rule, "reason": suppression.reason},
    )


RULE = Rule(
    id="suppression-unused",
    summary="A suppression covers no finding.",
    severity=Severity.WARNING,
    subject=SuppressionUse,
    check=_check,
    classes=(),
)
