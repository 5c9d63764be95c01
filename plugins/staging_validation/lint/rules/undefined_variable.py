"""A variable must be defined by the dashboard, or be one of Grafana's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from staging_validation.dashboards.model import Dashboard, Panel, Target, Variable
from staging_validation.dashboards.variable_uses import Place
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import (
    asks_prometheus,
    instead_of,
    is_whole,
    option_field,
    section_field,
    undefined_in,
    variable_field,
    variables_in,
)
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Span

_Text = tuple[str, str, str]
"""A text that may use variables: the text, its place, and what it is."""


def _check(subject: Query | Dashboard | Panel | Target | Variable, context: Context) -> Iterator[Fault]:
    dashboard = context.dashboard
    if (
        dashboard is None
        or not is_whole(dashboard)
        or (context.panel is not None and not context.panel.placed)
    ):
        return  # of a panel that no layout shows nobody knows the row, nor its variables
    if isinstance(subject, Query):
        if subject.unknown:
            yield from _in_query(subject, dashboard.variables_of(context.panel))
    elif isinstance(subject, Dashboard):
        for section in dashboard.sections:
            text = (
                section.title,
                section_field(section, dashboard, "title"),
                f"the {section.kind.value}'s title",
            )
            yield from _in_texts([text], variables_in(dashboard, section.pointer), dashboard)
    elif isinstance(subject, Variable):
        variables = variables_in(dashboard, subject.section)
        yield from _in_texts(_variable_texts(subject, context), variables, dashboard, Severity.ERROR)
    else:
        texts = _panel_texts(subject) if isinstance(subject, Panel) else _target_texts(subject)
        yield from _in_texts(texts, dashboard.variables_of(context.panel), dashboard)


def _in_query(query: Query, variables: Mapping[str, Variable]) -> Iterator[Fault]:
    seen: set[str] = set()
    for use in query.unknown:
        if use.name in seen or use.place is Place.COMMENT:
            continue
        seen.add(use.name)
        yield Fault(
            f"Nothing defines the variable ${use.name}: Grafana sends the query with the dollar sign in it, and "
            "Prometheus refuses it or looks for that very text.",
            instead_of(use.name, variables),
            span=Span(use.span.start + query.offset, use.span.end + query.offset),
            evidence={"variable": use.name, "defined": list(variables)},
        )


def _panel_texts(panel: Panel) -> Iterator[_Text]:
    yield panel.title, f"{panel.spec or panel.pointer}/title", "the panel's title"
    for name, value in (
        ("interval", panel.interval),
        ("timeFrom", panel.time_from),
        ("timeShift", panel.time_shift),
    ):
        if value:
            yield value, option_field(panel, name), f"the panel's {name}"


def _target_texts(target: Target) -> Iterator[_Text]:
    if target.legend:
        yield target.legend, f"{target.fields}/legendFormat", "the legend"
    if target.interval:
        yield target.interval, f"{target.fields}/interval", "the query's step"


def _variable_texts(variable: Variable, context: Context) -> Iterator[_Text]:
    """Yield the texts of a variable that no :class:`Query` stands for."""
    if variable.type != "query" or not asks_prometheus(variable.datasource_type):
        return
    if context.query is None:
        yield variable.query, variable.query_pointer, "the variable's query"
    if "${" in variable.regex:
        yield variable.regex, variable_field(variable, "regex"), "the variable's filter"


def _in_texts(
    texts: Iterator[_Text] | list[_Text],
    variables: Mapping[str, Variable],
    dashboard: Dashboard,
    severity: Severity = Severity.WARNING,
) -> Iterator[Fault]:
    for text, pointer, what in texts:
        if "$" not in text and "[[" not in text:
            continue
        for use in undefined_in(text, variables, dashboard):
            yield Fault(
                f"Nothing defines the variable ${use.name}: {what} keeps {text[slice(*use.span)]} as it is written.",
                instead_of(use.name, variables),
                pointer=pointer,
                severity=severity,
                evidence={"variable": use.name, "text": text},
            )


RULE = Rule(
    id="undefined-variable",
    summary="A query, a title or a legend uses a variable that nobody defines.",
    severity=Severity.ERROR,
    subject=(Query, Dashboard, Panel, Target, Variable),
    check=_check,
    classes=("C1",),
)
