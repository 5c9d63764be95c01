"""A variable of a row or tab hides one of the same name around it."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard, Variable
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import variable_field
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule


def _check(variable: Variable, context: Context) -> Iterator[Fault]:
    if not variable.section or context.dashboard is None or not variable.name:
        return
    hidden = _hidden(variable, context.dashboard)
    if hidden:
        yield Fault(
            f"The {variable.scope.value}'s variable ${variable.name} hides {hidden} of the same name: whoever chooses "
            f"a value there wonders why the panels of this {variable.scope.value} do not follow.",
            "give one of the two another name",
            pointer=variable_field(variable, "name"),
            evidence={"variable": variable.name},
        )


def _hidden(variable: Variable, dashboard: Dashboard) -> str:
    if variable.name in dashboard.variables:
        return "the dashboard's variable"
    around = {section.pointer: section for section in dashboard.sections_of(variable.section)[1:]}
    outer = (other for other in dashboard.all_variables if other.name == variable.name)
    found = next((around[other.section] for other in outer if other.section in around), None)
    return f"that of the {found.kind.value} {found.title!r}" if found else ""


RULE = Rule(
    id="section-variable-shadowed",
    summary="A row or tab has a variable of the same name as one around it.",
    severity=Severity.WARNING,
    subject=Variable,
    check=_check,
    classes=("A13",),
)
