"""What a dashboard says of its environment must agree: a title, a uid, its tags, its data sources."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard, DatasourceRef, Panel
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import environments, is_whole, variable_field
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_FIXED = frozenset({"constant", "textbox"})


def _check(dashboard: Dashboard, _context: Context) -> Iterator[Fault]:
    if not is_whole(dashboard):
        return
    first: tuple[str, frozenset[str]] | None = None
    for what, text, pointer in _names(dashboard):
        found = environments(text)
        if not found:
            continue
        if first is None:
            first = what, found
        elif found.isdisjoint(first[1]):
            one, other = " and ".join(sorted(first[1])), " and ".join(sorted(found))
            yield Fault(
                f"{first[0][:1].upper()}{first[0][1:]} speaks of {one}, but {what} of {other}: whoever looks at the "
                "dashboard takes the numbers of one for those of the other.",
                "correct the one that is a leftover of copying",
                pointer=pointer,
                evidence={"one": one, "other": other},
            )
            return


def _names(dashboard: Dashboard) -> Iterator[tuple[str, str, str]]:
    """Yield what names the dashboard's environment: what it is, its text, its place.

    Several tags, or several data sources, are one name: those of different environments stand side by side on purpose.
    """
    yield "the title", dashboard.title, f"{dashboard.body}/title"
    yield f"the uid {dashboard.uid}", dashboard.uid, dashboard.uid_pointer
    tags = [tag for tag in dashboard.tags if environments(tag)]
    yield f"the tags {', '.join(tags)}", " ".join(tags), f"{dashboard.body}/tags"
    for variable in dashboard.all_variables:
        if variable.type in _FIXED and len(variable.current) == 1:
            value = variable.current[0]
            yield f"the variable ${variable.name} ({value})", value, variable_field(variable, "query")
    refs = [ref for panel in dashboard.panels for ref in _refs(panel) if environments(ref.text)]
    if refs:
        ids = sorted({ref.text for ref in refs})
        yield f"the data source {', '.join(ids)}", " ".join(ids), refs[0].pointer


def _refs(panel: Panel) -> Iterator[DatasourceRef]:
    for ref in (panel.datasource, *(target.datasource for target in panel.targets)):
        if ref is not None and "$" not in ref.text:
            yield ref


RULE = Rule(
    id="environment-mixed-up",
    summary="A dashboard's title, uid, tags and data sources name different environments.",
    severity=Severity.WARNING,
    subject=Dashboard,
    check=_check,
    classes=("A16",),
)
