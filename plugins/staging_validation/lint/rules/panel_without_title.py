"""A panel needs a title that says what it shows."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Panel
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import SHOWS_DATA
from staging_validation.lint.rule import Fault, Rule

_GRAFANAS_OWN = frozenset({"panel title", "new panel"})


def _check(panel: Panel, _context: Context) -> Iterator[Fault]:
    if panel.type not in SHOWS_DATA or panel.library is not None:
        return
    title = panel.title.strip()
    if title and title.lower() not in _GRAFANAS_OWN:
        return
    what = f"The panel's title is still Grafana's own, “{title}”" if title else "The panel has no title"
    yield Fault(
        f"{what}: nobody can tell what its numbers are, and messages about it cannot name it.",
        "name what it shows, with its unit or window where that matters: “Payments per minute”",
        pointer=f"{panel.spec}/title",
    )


RULE = Rule(
    id="panel-without-title",
    summary="A panel that shows data has no title of its own.",
    severity=Severity.WARNING,
    subject=Panel,
    check=_check,
    classes=("B3",),
)
