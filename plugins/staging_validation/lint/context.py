"""What a rule may ask beside its subject: where it stands, what is known, and what else was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from staging_validation.alerts.model import AlertingRule, RecordingRule, RuleFile, RuleGroup
    from staging_validation.dashboards.model import Annotation, Dashboard, Panel, Target, Variable
    from staging_validation.dashboards.reading import Reading
    from staging_validation.lint.query import Query
    from staging_validation.promql.known import KnownMetrics
    from staging_validation.source_files import SourceFile

Version = tuple[int, int]
"""Major and minor."""

DEFAULT_GRAFANA: Version = (13, 0)
"""The Grafana that dashboards are written for, unless the caller says another."""

DEFAULT_SCRAPE_SECONDS = 15.0
"""The scrape interval, unless the caller says another: that of Grafana's data source."""

DEFAULT_PROMETHEUS: Version = (3, 0)
"""The Prometheus that queries are written for, unless the caller says another."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is known of the world around the files.

    Attributes:
        known: The known metrics; None where there is no catalogue.
        target_grafana: The Grafana that the dashboards are meant for.
        scrape_interval_seconds: How often the metrics are scraped.
        target_prometheus: The Prometheus that the queries are meant for.
        retention_seconds: How long Prometheus keeps samples; None where nobody says.
    """

    known: KnownMetrics | None = None
    target_grafana: Version = DEFAULT_GRAFANA
    scrape_interval_seconds: float = DEFAULT_SCRAPE_SECONDS
    target_prometheus: Version = DEFAULT_PROMETHEUS
    retention_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that could not even be opened as text.

    Attributes:
        path: How the file is named.
        message: Why.
        remedy: What to do about it.
    """

    path: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class DashboardFile:
    """A file that holds, or should hold, a dashboard.

    Attributes:
        source: The file.
        reading: What was read out of it; ``reading.dashboard`` is None where it could not be read.
        queries: The PromQL queries in it.
    """

    source: SourceFile
    reading: Reading
    queries: tuple[Query, ...] = ()

    @property
    def path(self) -> str:
        """How the file is named."""
        return self.source.path


@dataclass(frozen=True, slots=True)
class AlertsFile:
    """A file with alerting and recording rules.

    Attributes:
        source: The file.
        rules: What was read out of it.
        queries: The PromQL queries in it.
    """

    source: SourceFile
    rules: RuleFile
    queries: tuple[Query, ...] = ()

    @property
    def path(self) -> str:
        """How the file is named."""
        return self.source.path


@dataclass(frozen=True, slots=True)
class FileSet:
    """Everything that was read.

    Attributes:
        files: The files, in the order of their names.
    """

    files: tuple[DashboardFile | AlertsFile, ...]

    def dashboards(self) -> Iterator[tuple[DashboardFile, Dashboard]]:
        """Yield the dashboards that could be read, with their files."""
        for file in self.files:
            if isinstance(file, DashboardFile) and file.reading.dashboard is not None:
                yield file, file.reading.dashboard

    def rule_files(self) -> Iterator[AlertsFile]:
        """Yield the rule files."""
        for file in self.files:
            if isinstance(file, AlertsFile):
                yield file


@dataclass(frozen=True, slots=True)
class Context:
    """Where a subject stands. What it does not stand in is None.

    Attributes:
        settings: What is known of the world around the files.
        files: Everything that was read, for rules that look at several files.
        file: The subject's file; None for a rule over all files.
        dashboard: The dashboard.
        panel: The panel.
        target: The panel's query.
        variable: The variable.
        annotation: The annotation.
        rule_group: The group of alerting and recording rules.
        alert: The alerting or recording rule.
        query: The subject's own query: a target's, a rule's; None where it has none that is PromQL.
        queries: The PromQL queries of the subject's panel; outside of a panel those of its file.
    """

    settings: Settings
    files: FileSet
    file: DashboardFile | AlertsFile | None = None
    dashboard: Dashboard | None = None
    panel: Panel | None = None
    target: Target | None = None
    variable: Variable | None = None
    annotation: Annotation | None = None
    rule_group: RuleGroup | None = None
    alert: AlertingRule | RecordingRule | None = None
    query: Query | None = None
    queries: Sequence[Query] = ()

    def at_target(self, target: Target, query: Query | None) -> Context:
        """Return the context of one of the panel's queries.

        There are thousands, and this takes a tenth of the time of :func:`dataclasses.replace`.
        """
        return Context(
            self.settings,
            self.files,
            self.file,
            self.dashboard,
            self.panel,
            target,
            query=query,
            queries=self.queries,
        )

    @property
    def known(self) -> KnownMetrics | None:
        """The known metrics; None where there is no catalogue."""
        return self.settings.known

    @property
    def target_grafana(self) -> Version:
        """The Grafana that the dashboards are meant for."""
        return self.settings.target_grafana

    @property
    def scrape_interval_seconds(self) -> float:
        """How often the metrics are scraped."""
        return self.settings.scrape_interval_seconds
