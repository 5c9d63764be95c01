"""Rows with panels inside of them are the layout of before Grafana 5."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import is_whole
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_GRID_SINCE = 16
"""Grafana turns rows into a grid when it migrates a dashboard to this version, and never afterwards."""


def _check(dashboard: Dashboard, _context: Context) -> Iterator[Fault]:
    rows = dashboard.raw.get("rows")
    if not isinstance(rows, list) or not rows or not is_whole(dashboard):
        return
    version = dashboard.schema_version
    if version is not None and version >= _GRID_SINCE:
        message = (
            f"The dashboard has rows of the layout from before Grafana 5, but says schemaVersion {version}: since "
            f"{_GRID_SINCE} Grafana does not look at them, so their panels are never shown."
        )
    else:
        message = (
            "The dashboard has rows of the layout from before Grafana 5: Grafana has to rebuild it at every load, and "
            "the heights and widths it guesses are not those that were drawn."
        )
    yield Fault(
        message,
        "open it in Grafana, save it, and export it again",
        pointer=f"{dashboard.body}/rows",
        severity=Severity.ERROR if version is not None and version >= _GRID_SINCE else None,
        evidence={"rows": len(rows)},
    )


RULE = Rule(
    id="legacy-rows",
    summary="A dashboard has the rows of the layout from before Grafana 5.",
    severity=Severity.WARNING,
    subject=Dashboard,
    check=_check,
    classes=("A12",),
)
