"""A panel, row or tab can only be repeated for a variable that is there and can have several values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from staging_validation.dashboards.model import Dashboard, Panel, Variable
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import (
    instead_of,
    is_whole,
    repeated_for,
    section_field,
    variables_in,
)
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_MANY = 40
"""More copies than anybody scrolls through, each with its own queries."""

_LISTED = frozenset({"custom", "interval"})


def _check(subject: Panel | Dashboard, context: Context) -> Iterator[Fault]:
    dashboard = context.dashboard
    if dashboard is None or not is_whole(dashboard):
        return
    if isinstance(subject, Panel):
        repeat = repeated_for(subject, dashboard)
        if repeat is not None:
            yield from _faults("panel", *repeat, dashboard.variables_of(subject))
        return
    for section in dashboard.sections:
        if section.repeat is not None:
            pointer = section_field(section, dashboard, "repeat")
            variables = variables_in(dashboard, section.pointer)
            yield from _faults(section.kind.value, section.repeat, pointer, variables)


def _faults(what: str, written: str, pointer: str, variables: Mapping[str, Variable]) -> Iterator[Fault]:
    name = written.strip("${}[]")
    variable = variables.get(name)
    if variable is None:
        yield Fault(
            f"The {what} is repeated for ${name}, which nothing defines: it is shown once, with the variable's name in "
            "place of its value.",
            instead_of(name, variables),
            pointer=pointer,
            evidence={"variable": name, "defined": list(variables)},
        )
    elif not variable.many:
        yield Fault(
            f"The {what} is repeated for ${name}, which can have one value only: there is never more than one copy.",
            "let the variable have several values (multi) or All, or do not repeat",
            pointer=pointer,
            severity=Severity.WARNING,
            evidence={"variable": name},
        )
    elif variable.type in _LISTED and len(variable.options) > _MANY:
        yield Fault(
            f"The {what} is repeated for ${name}, which has {len(variable.options)} values: All opens as many copies, "
            "each with its own queries.",
            "show the values as series of one panel, or in a table",
            pointer=pointer,
            severity=Severity.WARNING,
            evidence={"variable": name, "values": len(variable.options)},
        )


RULE = Rule(
    id="repeat-variable",
    summary="A panel, row or tab is repeated for a variable that is absent or has one value.",
    severity=Severity.ERROR,
    subject=(Panel, Dashboard),
    check=_check,
    classes=("B16",),
)
