"""Validates a dashboard: every panel's query must answer, with data."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from staging_validation.airflow.operators.base import Step, ValidationOperator
from staging_validation.airflow.operators.files import ListFilesOperator
from staging_validation.project import include_dir, project_root
from staging_validation.results import Kind

if TYPE_CHECKING:
    from airflow.sdk import Context

    from staging_validation.airflow.run import ValidationRun


class ListDashboardsOperator(ListFilesOperator):
    """Lists the dashboards of ``include/dashboards/``."""

    kind: ClassVar[Kind] = Kind.DASHBOARD
    folder: ClassVar[str] = "dashboards"
    suffix: ClassVar[str] = ".json"


class EvaluateDashboardOperator(ValidationOperator):
    """Evaluates every target of a dashboard on Prometheus.

    Args:
        dashboard: The file's name below ``include/dashboards/``, without ``.json``.
        kwargs: See :class:`airflow.sdk.BaseOperator`.
    """

    kind: ClassVar[Kind] = Kind.DASHBOARD
    template_fields = ("dashboard",)

    def __init__(self, *, dashboard: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dashboard = dashboard

    @property
    def subject(self) -> str:
        """The dashboard's file."""
        return f"include/dashboards/{self.dashboard}.json"

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Read the dashboard and evaluate it."""
        from staging_validation.airflow.hooks.services import prometheus
        from staging_validation.clients.source_files import read_source_file
        from staging_validation.dashboards import evaluate_dashboard, parse_dashboard

        path = include_dir("dashboards", f"{self.dashboard}.json")
        dashboard = parse_dashboard(read_source_file(path, relative_to=project_root()))
        query = partial(prometheus().query, at=time.time())  # one moment for all panels
        return Step(evaluate_dashboard(dashboard, query))
