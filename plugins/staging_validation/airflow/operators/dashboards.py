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


class ListRulesOperator(ListFilesOperator):
    """Lists the rule files of ``include/alerts/``."""

    kind: ClassVar[Kind] = Kind.ALERT
    folder: ClassVar[str] = "alerts"
    suffix: ClassVar[str] = ".yaml"


class LintFileOperator(ValidationOperator):
    """Checks a dashboard or a rule file without running a query, among all of them: some defects show only there.

    Args:
        file: The file's name in its folder, without its ending.
        kwargs: See :class:`airflow.sdk.BaseOperator`.
    """

    folder: ClassVar[str]
    """The folder below ``include/``."""
    suffix: ClassVar[str]
    """What the files' names end in."""
    template_fields = ("file",)

    def __init__(self, *, file: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.file = file

    @property
    def subject(self) -> str:
        """The file."""
        return f"include/{self.folder}/{self.file}{self.suffix}"

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Read all dashboards and rule files, and keep what is found in this one."""
        from staging_validation.clients.lint_settings import load_config, settings_for, today
        from staging_validation.clients.source_files import read_source_files
        from staging_validation.lint.check_results import check_results
        from staging_validation.lint.engine import lint
        from staging_validation.lint.registry import all_rules

        config = load_config([include_dir(self.folder)])
        files = [
            file
            for kind in (ListDashboardsOperator, ListRulesOperator)
            for file in read_source_files(include_dir(kind.folder), kind.suffix, relative_to=project_root())
        ]
        result = lint(
            files,
            settings_for(config, catalogue=str(include_dir("telemetry"))),
            selection=config.selection(all_rules()),
            suppressions=config.suppressions,
            today=today(),
        )
        return Step(check_results(result, self.subject, self.kind))


class LintDashboardOperator(LintFileOperator):
    """Checks a dashboard of ``include/dashboards/`` without running a query."""

    kind: ClassVar[Kind] = Kind.DASHBOARD
    folder: ClassVar[str] = ListDashboardsOperator.folder
    suffix: ClassVar[str] = ListDashboardsOperator.suffix


class LintRulesOperator(LintFileOperator):
    """Checks a rule file of ``include/alerts/`` without running a query."""

    kind: ClassVar[Kind] = Kind.ALERT
    folder: ClassVar[str] = ListRulesOperator.folder
    suffix: ClassVar[str] = ListRulesOperator.suffix


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
