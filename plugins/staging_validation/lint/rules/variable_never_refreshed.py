"""A variable whose query never runs again offers the values of the day it was saved."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Variable
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import variable_field
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule


def _check(variable: Variable, _context: Context) -> Iterator[Fault]:
    if variable.type != "query" or variable.refresh != "never" or not variable.query.strip():
        return
    saved = (
        f"the {len(variable.options)} values saved in the file" if variable.options else "no values at all"
    )
    yield Fault(
        f"The query of ${variable.name} never runs when the dashboard opens, so it offers {saved}: what came later is "
        "missing.",
        'refresh it on dashboard load ("refresh": 1) or when the time range changes ("refresh": 2)',
        pointer=variable_field(variable, "refresh"),
        evidence={"variable": variable.name, "saved_values": len(variable.options)},
    )


RULE = Rule(
    id="variable-never-refreshed",
    summary="A variable's query never runs when the dashboard opens.",
    severity=Severity.WARNING,
    subject=Variable,
    check=_check,
    classes=("C5",),
)
