"""Panels must not lie on top of each other: Grafana pushes one of them away."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard, Grid, Panel
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import COLUMNS, is_whole
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_MOST_PANELS = 1000
"""Every panel is compared with those before it; a file with more of them is no dashboard that anybody draws."""

_Box = tuple[float, float, float, float]


def _check(panel: Panel, context: Context) -> Iterator[Fault]:
    dashboard, box = context.dashboard, _box(panel.grid)
    if dashboard is None or box is None or not is_whole(dashboard) or len(dashboard.panels) > _MOST_PANELS:
        return
    other = _below(panel, box, dashboard)
    if other is not None and panel.grid is not None:
        yield Fault(
            f"The panel lies on top of {dashboard.element_name(other)!r}: Grafana pushes one of them down, and the "
            "layout is another than drawn.",
            "move one of the two, so that no place is taken twice",
            pointer=panel.grid.pointer,
            evidence={"other": dashboard.element_name(other), "other_pointer": other.pointer},
        )


def _below(panel: Panel, box: _Box, dashboard: Dashboard) -> Panel | None:
    """Return the first panel before this one that takes a part of its place."""
    left, top, right, bottom = box
    group = _group(panel)
    for other in dashboard.panels:
        if other is panel:
            return None
        theirs = _box(other.grid)
        if theirs is None or theirs[0] >= right or theirs[2] <= left:
            continue
        if theirs[1] < bottom and theirs[3] > top and _group(other) == group:
            return other
    return None


def _group(panel: Panel) -> str:
    """Return what panels lie in together: the dashboard, a closed row, or in version 2 a row or tab."""
    return panel.section if panel.nested or panel.element else ""


def _box(grid: Grid | None) -> _Box | None:
    """Return the place that a panel takes; None where it has none, or panel-grid finds it wrong already."""
    if grid is None or grid.x is None or grid.y is None or grid.w is None or grid.h is None:
        return None
    inside = grid.w > 0 and grid.h > 0 and min(grid.x, grid.y) >= 0 and grid.x + grid.w <= COLUMNS
    return (grid.x, grid.y, grid.x + grid.w, grid.y + grid.h) if inside else None


RULE = Rule(
    id="panel-overlap",
    summary="Two panels take the same place.",
    severity=Severity.WARNING,
    subject=Panel,
    check=_check,
    classes=("A11",),
)
