"""A layout of version 2 must show elements that are there, and each of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard, Panel
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import is_elements
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule


def _check(subject: Dashboard | Panel, context: Context) -> Iterator[Fault]:
    dashboard = context.dashboard
    if dashboard is None or not is_elements(dashboard):
        return
    if isinstance(subject, Panel):
        if not subject.placed and subject.element:
            yield Fault(
                f"No layout shows the element {subject.element}, so nobody ever sees the panel.",
                "give it a place in the layout, or remove it",
                severity=Severity.WARNING,
                evidence={"element": subject.element},
            )
        return
    for item in dashboard.layout:
        if item.element and item.element not in dashboard.elements:
            close = difflib.get_close_matches(item.element, list(dashboard.elements), n=2)
            yield Fault(
                f"The layout shows the element {item.element}, which the dashboard does not have: the place stays "
                "empty, or the dashboard fails to open.",
                f"write {' or '.join(close)}" if close else "add the element, or remove the place",
                pointer=f"{item.pointer}/spec/element/name",
                evidence={"element": item.element},
            )


RULE = Rule(
    id="layout-element",
    summary="A layout shows an element that is not there, or an element has no place in it.",
    severity=Severity.ERROR,
    subject=(Dashboard, Panel),
    check=_check,
    classes=("A13",),
)
