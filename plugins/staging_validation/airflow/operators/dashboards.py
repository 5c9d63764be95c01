"""Validates dashboards and rules: read without running a query, then every panel's query must answer, with data."""

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


class LintOperator(ValidationOperator):
    """Checks all dashboards and rule files at once without running a query: some defects show only among all of them.

    The param ``dashboards`` narrows what is reported to chosen dashboards; rule files are always reported.
    """

    kind: ClassVar[Kind] = Kind.DASHBOARD

    @property
    def subject(self) -> str:
        """What is checked."""
        return "include/dashboards and include/alerts"

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Read all files, and keep what is found in each; one that cannot be read does not stop the others."""
        from staging_validation.clients.lint_files import find_files, read_files
        from staging_validation.clients.lint_settings import load_config, settings_for, today
        from staging_validation.lint.check_results import all_check_results
        from staging_validation.lint.engine import lint
        from staging_validation.lint.registry import all_rules

        config = load_config([include_dir()])
        paths = [
            path
            for path in find_files([include_dir("dashboards"), include_dir("alerts")])
            if path.parent.parent == include_dir()  # what lies deeper, such as tests of rules, is not shipped
        ]
        files, unreadable = read_files(paths, relative_to=project_root())
        result = lint(
            files,
            settings_for(config, catalogue=str(include_dir("telemetry"))),
            unreadable=unreadable,
            selection=config.selection(all_rules()),
            suppressions=config.suppressions,
            today=today(),
        )
        chosen = context["params"].get("dashboards") or []
        left_out = [f"include/dashboards/{path.name}" for path in paths if chosen and path.stem not in chosen]
        return Step(all_check_results(result, {"include/alerts": Kind.ALERT}, left_out=left_out))


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
