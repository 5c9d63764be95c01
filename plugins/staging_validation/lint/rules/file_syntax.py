"""A file must be strict JSON, or YAML: Grafana and Prometheus refuse it otherwise, or read something else."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import AlertsFile, Context, DashboardFile, UnreadableFile
from staging_validation.lint.finding import Severity
from staging_validation.lint.reading_faults import reading_faults
from staging_validation.lint.rule import Fault, Rule


def _check(file: DashboardFile | AlertsFile | UnreadableFile, _context: Context) -> Iterator[Fault]:
    if isinstance(file, UnreadableFile):
        yield Fault(file.message, file.remedy, file=file.path)
    else:
        yield from reading_faults(file, "syntax")


RULE = Rule(
    id="file-syntax",
    summary="A file cannot be read, or is no strict JSON or no YAML.",
    severity=Severity.ERROR,
    subject=(DashboardFile, AlertsFile, UnreadableFile),
    check=_check,
    classes=("A1",),
)
