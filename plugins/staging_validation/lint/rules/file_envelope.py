"""A file must hold a dashboard, or rules, in one of the shapes that its reader knows."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import AlertsFile, Context, DashboardFile
from staging_validation.lint.finding import Severity
from staging_validation.lint.reading_faults import reading_faults
from staging_validation.lint.rule import Fault, Rule


def _check(file: DashboardFile | AlertsFile, _context: Context) -> Iterator[Fault]:
    return reading_faults(file, "envelope")


RULE = Rule(
    id="file-envelope",
    summary="A file holds something else than a dashboard or rules, or in a shape that nothing reads.",
    severity=Severity.ERROR,
    subject=(DashboardFile, AlertsFile),
    check=_check,
    classes=("A2", "A3"),
)
