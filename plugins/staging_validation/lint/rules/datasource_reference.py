"""Every query must say which data source it asks, in a way that holds in the next Grafana too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from staging_validation.dashboards.model import (
    PROMETHEUS_TYPES,
    Annotation,
    Dashboard,
    DatasourceRef,
    Panel,
    TargetKind,
    Variable,
)
from staging_validation.dashboards.variable_uses import text_uses
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import (
    GRAFANAS_OWN,
    MIXED,
    instead_of,
    is_whole,
    undefined_in,
    variable_field,
    variables_in,
)
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_ASKING_VARIABLES = frozenset({"query", "adhoc", "groupby"})


def _check(subject: Panel | Variable | Annotation, context: Context) -> Iterator[Fault]:
    dashboard = context.dashboard
    if dashboard is None or not is_whole(dashboard):
        return
    if isinstance(subject, Panel):
        yield from _panel_faults(subject, dashboard)
    elif isinstance(subject, Variable):
        if subject.type in _ASKING_VARIABLES:
            variables = variables_in(dashboard, subject.section)
            yield from _ref_faults(subject.datasource, variables, dashboard)
            if subject.datasource is None:
                yield _default(variable_field(subject, "datasource"))
    elif not subject.built_in:
        yield from _ref_faults(subject.datasource, dashboard.variables, dashboard)


def _panel_faults(panel: Panel, dashboard: Dashboard) -> Iterator[Fault]:
    variables = dashboard.variables_of(panel)
    seen: set[tuple[str, str]] = set()
    refs = [panel.datasource, *(target.datasource for target in panel.targets)]
    for ref in refs:
        key = (ref.type, ref.text) if ref else ("", "")
        if ref is not None and key not in seen:
            seen.add(key)
            yield from _ref_faults(ref, variables, dashboard)
    asking = [target for target in panel.targets if target.kind is not TargetKind.EXPRESSION]
    mixed = panel.datasource is not None and panel.datasource.text == MIXED
    for target in asking:
        own = target.datasource
        pointer = f"{target.pointer}/datasource"
        if mixed and own is None:
            yield Fault(
                f"The panel mixes data sources, but the query {target.ref_id} names none: Grafana asks the default "
                "one, whatever that is.",
                "name the query's data source",
                pointer=pointer,
                severity=Severity.ERROR,
                ref_id=target.ref_id,
            )
        elif own is not None and not mixed and _overruled(own, panel.datasource):
            yield Fault(
                f"The query {target.ref_id} names the data source {own.text}, but the panel names "
                f"{panel.datasource.text if panel.datasource else ''}, and Grafana asks the panel's.",
                f'name the same one twice, or let the panel mix: "uid": "{MIXED}"',
                pointer=own.pointer,
                ref_id=target.ref_id,
            )
    if asking and panel.datasource is None and all(target.datasource is None for target in asking):
        yield _default(asking[0].pointer if panel.element else f"{panel.pointer}/datasource")


def _overruled(own: DatasourceRef, panels: DatasourceRef | None) -> bool:
    texts = (own.text, panels.text if panels else "")
    if not all(texts) or any("$" in text or text in GRAFANAS_OWN for text in texts):
        return False
    return own.text != texts[1] and own.name is None and panels is not None and panels.name is None


def _ref_faults(
    ref: DatasourceRef | None, variables: Mapping[str, Variable], dashboard: Dashboard
) -> Iterator[Fault]:
    if ref is None or ref.text in GRAFANAS_OWN or _is_chosen(ref, variables):
        return
    undefined = next(undefined_in(ref.text, variables, dashboard), None)
    if undefined is not None:
        yield Fault(
            f"The data source is that of the variable ${undefined.name}, which nothing defines: Grafana finds no such "
            "data source, and nothing is shown.",
            instead_of(undefined.name, variables),
            pointer=ref.pointer,
            severity=Severity.ERROR,
            evidence={"variable": undefined.name},
        )
    elif not ref.text or ref.text == "default":
        # Version 2 names the type apart: what is missing is not that.
        yield _default(
            f"{ref.pointer.removesuffix('/group')}/datasource"
            if ref.pointer.endswith("/group")
            else ref.pointer
        )
    elif "$" in ref.text or "[[" in ref.text:
        yield from _wrong_type(ref, variables)
    elif ref.name is not None:
        yield Fault(
            f"The data source is named by its display name {ref.name!r}: whoever renames it, or installs the dashboard "
            "elsewhere, breaks the panel.",
            'name it by type and uid: {"type": "prometheus", "uid": "${datasource}"}',
            pointer=ref.pointer,
            evidence={"name": ref.name},
        )
    elif choice := _choice(ref, dashboard.variables):
        yield Fault(
            f"The data source {ref.uid} is fixed, although the dashboard lets its readers choose one with ${choice}: "
            "this part does not follow the choice.",
            f'write "uid": "${{{choice}}}"',
            pointer=ref.pointer,
            evidence={"uid": ref.uid, "variable": choice},
        )


def _is_chosen(ref: DatasourceRef, variables: Mapping[str, Variable]) -> bool:
    """Tell whether a reference is right in the usual way: ``${datasource}``, of the variable's type."""
    chosen = variables.get(ref.text[2:-1]) if ref.text.startswith("${") else None
    return chosen is not None and chosen.type == "datasource" and chosen.query == ref.type


def _wrong_type(ref: DatasourceRef, variables: Mapping[str, Variable]) -> Iterator[Fault]:
    for use in text_uses(ref.text):
        variable = variables.get(use.name)
        if variable is None or variable.type != "datasource" or not variable.query:
            continue
        if ref.type and "$" not in ref.type and not _alike(ref.type, variable.query):
            yield Fault(
                f"The data source should be of type {ref.type}, but ${use.name} offers those of type {variable.query}: "
                "they do not understand the query.",
                f'write "type": "{variable.query}" and a query for it, or use another variable',
                pointer=ref.pointer,
                severity=Severity.ERROR,
                evidence={"type": ref.type, "offered": variable.query},
            )


def _choice(ref: DatasourceRef, variables: Mapping[str, Variable]) -> str:
    """Return the variable that offers data sources of a reference's type; empty for none."""
    offers = (variable for variable in variables.values() if variable.type == "datasource" and variable.query)
    return next((variable.name for variable in offers if ref.type and _alike(ref.type, variable.query)), "")


def _alike(one: str, other: str) -> bool:
    return one == other or (one in PROMETHEUS_TYPES and other in PROMETHEUS_TYPES)


def _default(pointer: str) -> Fault:
    return Fault(
        "No data source is named, so Grafana asks the default one: another default, and everything is empty.",
        'name it: {"type": "prometheus", "uid": "${datasource}"}',
        pointer=pointer,
        severity=Severity.INFO,
    )


RULE = Rule(
    id="datasource-reference",
    summary="A query names no data source, or one that another Grafana does not have.",
    severity=Severity.WARNING,
    subject=(Panel, Variable, Annotation),
    check=_check,
    classes=("B13",),
)
