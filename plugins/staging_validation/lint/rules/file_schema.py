"""A field must be of the type that its reader expects; another is dropped in silence, or the file is refused."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import AlertsFile, Context, DashboardFile
from staging_validation.lint.finding import Severity
from staging_validation.lint.reading_faults import reading_faults
from staging_validation.lint.rule import Fault, Rule


def _check(file: DashboardFile | AlertsFile, _context: Context) -> Iterator[Fault]:
    return reading_faults(file, "schema")


RULE = Rule(
    id="file-schema",
    summary="A field of a dashboard or rule file is of a wrong type, missing or not known.",
    severity=Severity.ERROR,
    subject=(DashboardFile, AlertsFile),
    check=_check,
    classes=("A3",),
)
