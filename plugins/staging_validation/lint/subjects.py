"""Walks through everything in a file that rules look at, each subject with its surroundings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from staging_validation.dashboards.model import Dashboard, Panel
from staging_validation.lint.context import AlertsFile, Context, DashboardFile
from staging_validation.lint.query import Query, QueryKind

Subject = tuple[Any, Context]
"""Something that rules look at, and where it stands."""


def subjects_of(file: DashboardFile | AlertsFile, everywhere: Context) -> Iterator[Subject]:
    """Yield every subject of a file, a whole before its parts.

    Args:
        file: The file.
        everywhere: The context of all files.
    """
    context = replace(everywhere, file=file, queries=file.queries)
    yield file, context
    if isinstance(file, AlertsFile):
        yield from _in_rule_file(file, context)
    elif file.reading.dashboard is not None:
        yield from _in_dashboard(file.reading.dashboard, file, context)


def _in_dashboard(dashboard: Dashboard, file: DashboardFile, context: Context) -> Iterator[Subject]:
    context = replace(context, dashboard=dashboard)
    yield dashboard, context
    of_panels: dict[int, list[Query]] = {}
    for found in file.queries:
        if found.owner.panel is not None:
            of_panels.setdefault(id(found.owner.panel), []).append(found)
    for panel in dashboard.panels:
        queries = of_panels.get(id(panel), ())
        yield from _in_panel(panel, queries, replace(context, panel=panel, queries=queries))
    own = {found.pointer: found for found in file.queries if found.kind is not QueryKind.TARGET}
    for variable in dashboard.all_variables:
        query = own.get(variable.query_pointer)
        inside = replace(context, variable=variable, query=query)
        yield variable, inside
        if query is not None:
            yield query, inside
    for annotation in dashboard.annotations:
        query = own.get(annotation.expr_pointer)
        inside = replace(context, annotation=annotation, query=query)
        yield annotation, inside
        if query is not None:
            yield query, inside


def _in_panel(panel: Panel, queries: Sequence[Query], context: Context) -> Iterator[Subject]:
    yield panel, context
    own: Mapping[int, Query] = {id(query.owner.target): query for query in queries}
    for target in panel.targets:
        query = own.get(id(target))
        inside = context.at_target(target, query)
        yield target, inside
        if query is not None:
            yield query, inside


def _in_rule_file(file: AlertsFile, context: Context) -> Iterator[Subject]:
    yield file.rules, context
    own = {query.pointer: query for query in file.queries}
    for group, rule in file.rules.rules():
        query = own.get(rule.expr_pointer)
        inside = replace(context, rule_group=group, alert=rule, query=query)
        yield rule, inside
        if query is not None:
            yield query, inside
