"""Two rules that record the same series write over each other."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import RecordingRule
from staging_validation.lint.context import Context, FileSet
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule
from staging_validation.lint.rule_facts import twins


def _check(files: FileSet, _context: Context) -> Iterator[Fault]:
    for one, other in twins(files, RecordingRule):
        where = f"{one.path}:{one.rule.line}"
        yield Fault(
            f"{other.rule.name} is recorded in {where} already, with the same labels: both write the same series, and "
            "which of them a query sees depends on when it asks.",
            "remove one of them, or give one another name",
            pointer=other.rule.pointer,
            file=other.path,
            evidence={"first": where},
        )


RULE = Rule(
    id="duplicate-recording-rule",
    summary="Two rules in different groups record the same metric with the same labels.",
    severity=Severity.ERROR,
    subject=FileSet,
    check=_check,
    classes=("R9",),
)
