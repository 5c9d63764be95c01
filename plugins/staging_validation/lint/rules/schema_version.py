"""A classic dashboard must say in which version of the format it is written, in one that the Grafana can read."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import is_elements, is_whole
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_LATEST = 42
"""The latest version: that of Grafana 13."""

_FLOOR = 9
"""Below it Grafana's server, which migrates dashboards since Grafana 12, gives up."""

_MIGRATES = (12, 0)


def _check(dashboard: Dashboard, context: Context) -> Iterator[Fault]:
    if not is_whole(dashboard) or is_elements(dashboard):
        return
    version, pointer = dashboard.schema_version, f"{dashboard.body}/schemaVersion"
    if version is None:
        yield Fault(
            "The dashboard does not say its schemaVersion, so Grafana takes it for one of its first version and runs "
            "every migration over it, which changes panels that need none.",
            'export it from Grafana again, or write the version of its format: "schemaVersion": 39',
            pointer=pointer,
            severity=Severity.WARNING,
        )
    elif version > _LATEST:
        yield Fault(
            f"The schemaVersion {version} is later than {_LATEST}, the latest there is, so Grafana skips every "
            "migration and shows whatever it understands.",
            f"write {_LATEST} or the version that the dashboard was exported with",
            pointer=pointer,
            severity=Severity.WARNING,
            evidence={"schema_version": version, "latest": _LATEST},
        )
    elif version < _FLOOR and context.target_grafana >= _MIGRATES:
        yield Fault(
            f"The schemaVersion {version} is too old: Grafana {context.target_grafana[0]} cannot migrate versions "
            f"before {_FLOOR}, so the dashboard does not load.",
            "open it in Grafana 11 or before, save it, and export it again",
            pointer=pointer,
            evidence={"schema_version": version, "floor": _FLOOR},
        )


RULE = Rule(
    id="schema-version",
    summary="A dashboard's schemaVersion is missing, or one that Grafana cannot read.",
    severity=Severity.ERROR,
    subject=Dashboard,
    check=_check,
    classes=("A7",),
)
