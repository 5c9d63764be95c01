"""A closed row holds its panels, an open one has them behind it; Grafana shows no others."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard, Section
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import is_elements, is_whole
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule


def _check(dashboard: Dashboard, _context: Context) -> Iterator[Fault]:
    if not is_whole(dashboard) or is_elements(dashboard):
        return
    for row in dashboard.sections:
        if not row.pointer.startswith(f"{dashboard.body}/panels/"):
            continue
        if not row.collapsed and row.holds:
            yield Fault(
                f"The row {row.title!r} is open, but holds its panels itself ({row.holds}): Grafana looks for the "
                "panels of an open row behind it, so these are never shown.",
                'write "collapsed": true, or move the panels behind the row',
                pointer=f"{row.pointer}/panels",
                severity=Severity.ERROR,
                evidence={"row": row.title, "panels": row.holds},
            )
        elif row.collapsed and not row.holds and (below := _panels_below(row, dashboard)):
            yield Fault(
                f"The row {row.title!r} is closed, but its panels stand behind it ({below}): the row opens on nothing, "
                "and the panels are shown although it is closed.",
                "move the panels into the row's own list, or let the row be open",
                pointer=f"{row.pointer}/collapsed",
                evidence={"row": row.title, "panels": below},
            )


def _panels_below(row: Section, dashboard: Dashboard) -> int:
    """Return how many panels stand between a row and the next one."""
    if row.grid is None or row.grid.y is None:
        return 0
    tops = [other.grid.y for other in dashboard.sections if other.grid and other.grid.y is not None]
    end = min((y for y in tops if y > row.grid.y), default=float("inf"))
    return sum(
        1
        for panel in dashboard.panels
        if not panel.nested
        and panel.grid is not None
        and panel.grid.y is not None
        and row.grid.y <= panel.grid.y < end
    )


RULE = Rule(
    id="row-panels-misplaced",
    summary="An open row holds its panels itself, or a closed one does not.",
    severity=Severity.WARNING,
    subject=Dashboard,
    check=_check,
    classes=("A11",),
)
