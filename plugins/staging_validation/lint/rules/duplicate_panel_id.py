"""Panels of one dashboard need different ids: links, alerts and queries of other panels name them by it."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard, Panel
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import is_whole
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule


def _check(subject: Panel | Dashboard, context: Context) -> Iterator[Fault]:
    dashboard = context.dashboard
    if dashboard is None or not is_whole(dashboard):
        return
    if isinstance(subject, Dashboard):
        yield from _rows(dashboard)
        return
    if not subject.has_id:
        return
    other = _owner(subject, dashboard)
    if other is not None:
        yield _fault(subject.id, other, f"{subject.spec or subject.pointer}/id")


def _owner(panel: Panel, dashboard: Dashboard) -> str | None:
    """Return who has a panel's id before it: a panel further up, or a row."""
    for other in dashboard.panels:
        if other is panel:
            break
        if other.id == panel.id and other.has_id:
            return f"the panel {dashboard.element_name(other)!r}"
    rows = (section for section in dashboard.sections if section.id is not None and section.id == panel.id)
    return next((f"the row {section.title!r}" for section in rows), None)


def _rows(dashboard: Dashboard) -> Iterator[Fault]:
    first: dict[int, str] = {}
    for section in dashboard.sections:
        if section.id is None:
            continue
        if section.id in first:
            yield _fault(section.id, f"the row {first[section.id]!r}", f"{section.pointer}/id")
        first.setdefault(section.id, section.title)


def _fault(number: int, other: str, pointer: str) -> Fault:
    return Fault(
        f"The id {number} is also that of {other}: a link or an alert that names panel {number} leads to one of the "
        "two, and Grafana gives the other a new id.",
        "give it an id that no other panel or row has",
        pointer=pointer,
        evidence={"id": number, "other": other},
    )


RULE = Rule(
    id="duplicate-panel-id",
    summary="Two panels or rows of a dashboard have the same id.",
    severity=Severity.ERROR,
    subject=(Panel, Dashboard),
    check=_check,
    classes=("A8",),
)
