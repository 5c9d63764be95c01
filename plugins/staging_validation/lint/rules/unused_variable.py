"""A variable that nothing uses offers a choice without a consequence."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import is_whole, names_used, raw_at, texts_of, variable_field
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import QueryKind
from staging_validation.lint.rule import Fault, Rule

_APPLIED_BY_GRAFANA = frozenset({"adhoc", "groupby"})
"""Their filters go into every query of their data source; nobody names them."""


def _check(dashboard: Dashboard, context: Context) -> Iterator[Fault]:
    if not dashboard.all_variables or not is_whole(dashboard):
        return
    unused = {
        variable.name for variable in dashboard.all_variables if variable.type not in _APPLIED_BY_GRAFANA
    }
    unused -= _surely_used(dashboard, context)
    entries = {id(raw_at(dashboard, variable.pointer)) for variable in dashboard.all_variables}
    for text in texts_of(dashboard.raw, without=lambda part: id(part) in entries):
        if not unused:
            return  # as a rule after the first panels
        unused -= names_used((text,))
    for variable in dashboard.all_variables:
        if variable.name in unused and variable.name:
            passed_on = ", and only links pass it on" if _carries_all(dashboard) else ""
            yield Fault(
                f"Nothing here uses the variable ${variable.name}: choosing a value changes nothing{passed_on}.",
                "use it in a query, or remove it",
                pointer=variable_field(variable, "name"),
                evidence={"variable": variable.name},
            )


def _surely_used(dashboard: Dashboard, context: Context) -> set[str]:
    """Return the variables that the queries, the repeats and other variables use: what is known without a search."""
    found = {
        use.name for query in context.queries if query.kind is not QueryKind.VARIABLE for use in query.uses
    }
    found.update(item.repeat for item in dashboard.layout if item.repeat)
    found.update(section.repeat for section in dashboard.sections if section.repeat)
    for panel in dashboard.panels:
        if panel.datasource is not None:
            found.add(panel.datasource.text.strip("${}"))
    for variable in dashboard.all_variables:
        found |= names_used(texts_of(raw_at(dashboard, variable.pointer))) - {variable.name}
    return found


def _carries_all(dashboard: Dashboard) -> bool:
    """Tell whether a link takes all variables along, so that another dashboard may use them."""
    links = (*dashboard.links, *(link for panel in dashboard.panels for link in panel.links))
    return any(link.include_vars or "__all_variables" in link.url for link in links)


RULE = Rule(
    id="unused-variable",
    summary="Nothing uses a variable.",
    severity=Severity.INFO,
    subject=Dashboard,
    check=_check,
    classes=("C2",),
)
