"""Filters that readers add by hand work only where the data source knows how to add them to a query."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import PROMETHEUS_TYPES, Variable
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import variable_field
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_WITHOUT_FILTERS = frozenset(
    {
        "mysql", "postgres", "grafana-postgresql-datasource", "mssql", "cloudwatch", "graphite", "opentsdb", "jaeger",
        "zipkin", "stackdriver", "grafana-azure-monitor-datasource", "grafana", "datasource", "alertmanager", "parca",
        "grafana-pyroscope-datasource",
    }
)  # fmt: skip
"""Data sources that do not support ad hoc filters (Grafana documentation, ad hoc filters)."""


def _check(variable: Variable, _context: Context) -> Iterator[Fault]:
    kind = variable.datasource_type
    if variable.type == "adhoc" and kind in _WITHOUT_FILTERS:
        what = "ad hoc filters"
    elif variable.type == "groupby" and kind and kind not in PROMETHEUS_TYPES:
        what = "grouping by hand"
    else:
        return
    yield Fault(
        f"${variable.name} offers {what} over a data source of type {kind}, which has none: whatever a reader chooses, "
        "the panels stay as they are.",
        "let it name a Prometheus data source, or use an ordinary variable in the queries",
        pointer=variable.datasource.pointer
        if variable.datasource
        else variable_field(variable, "datasource"),
        evidence={"variable": variable.name, "datasource_type": kind},
    )


RULE = Rule(
    id="adhoc-unsupported",
    summary="Ad hoc filters or grouping are offered over a data source that has none.",
    severity=Severity.WARNING,
    subject=Variable,
    check=_check,
    classes=("C10",),
)
