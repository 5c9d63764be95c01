"""What readers found wrong with a file, as faults: for the three rules ``file-…``."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import AlertsFile, DashboardFile
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault


def reading_faults(file: DashboardFile | AlertsFile, kind: str) -> Iterator[Fault]:
    """Yield the problems of one kind that a file's reader found.

    Args:
        file: The file.
        kind: At which step of reading they show: ``syntax``, ``envelope`` or ``schema``.
    """
    if isinstance(file, AlertsFile):
        for problem in file.rules.problems:
            if problem.kind.value == kind:
                severity = None if problem.refused else Severity.WARNING
                yield Fault(
                    problem.message, problem.remedy, problem.pointer, severity=severity, line=problem.line
                )
        return
    for found in file.reading.problems:
        if found.kind.value == kind:
            yield Fault(found.message, found.remedy, found.pointer, line=found.line)
