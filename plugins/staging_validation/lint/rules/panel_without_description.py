"""A description says what a panel's numbers mean, and what to do when they look wrong."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Panel
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import SHOWS_DATA
from staging_validation.lint.rule import Fault, Rule


def _check(panel: Panel, _context: Context) -> Iterator[Fault]:
    if panel.type in SHOWS_DATA and panel.library is None and not panel.description.strip():
        yield Fault(
            "The panel has no description, so only its author knows what exactly it counts.",
            "say in one sentence what it shows, over which time, and what a good value is",
            pointer=f"{panel.spec}/description",
        )


RULE = Rule(
    id="panel-without-description",
    summary="A panel that shows data has no description.",
    severity=Severity.INFO,
    subject=Panel,
    check=_check,
    classes=("B3",),
    style=True,
)
