"""Applies the rules to files: every subject to every rule that looks at its kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from staging_validation.alerts.model import RuleFile
from staging_validation.dashboards.expansion import ExpansionSettings
from staging_validation.dashboards.model import TargetKind
from staging_validation.dashboards.reading import Reading, read_dashboard
from staging_validation.lint.collecting import QueryCollector
from staging_validation.lint.context import (
    AlertsFile,
    Context,
    DashboardFile,
    FileSet,
    Settings,
    UnreadableFile,
)
from staging_validation.lint.finding import Finding, LintResult, Skipped
from staging_validation.lint.looking import Looker, Selection, Spread
from staging_validation.lint.recorded import with_recorded
from staging_validation.lint.registry import all_rules
from staging_validation.lint.suppressions import Suppression, suppress
from staging_validation.source_files import SourceFile

DASHBOARD_SUFFIX = ".json"
RULE_FILE_SUFFIXES = (".yaml", ".yml")

_NO_METRICS = "no metrics are known: give a catalogue, an exposition or a Prometheus"


def default_selection() -> Selection:
    """Return every rule that is no matter of taste."""
    return Selection(tuple(rule for rule in all_rules() if not rule.style))


def lint(
    files: Iterable[SourceFile],
    settings: Settings,
    *,
    unreadable: Sequence[UnreadableFile] = (),
    selection: Selection | None = None,
    suppressions: Sequence[Suppression] = (),
    today: date = date.min,
    spread: Spread | None = None,
) -> LintResult:
    """Check dashboards and rule files.

    A file that cannot be read is a finding, and the others are checked all the same.

    Args:
        files: The files: ``.json`` is a dashboard, ``.yaml`` and ``.yml`` are rules.
        settings: What is known of the world around them.
        unreadable: Files that could not be opened; each is a finding.
        selection: Which rules apply; all but the style rules by default.
        suppressions: Findings that people accept for a time.
        today: The day, for suppressions that have expired; by default none has.
        spread: Does two parts of the work at the same time, where there is much of it; see :data:`Spread`.

    Returns:
        What was found, and what was not checked.
    """
    selection = selection or default_selection()
    contents = [(file, _content(file)) for file in files]
    settings = _with_recorded(settings, [content for _, content in contents])
    collector = QueryCollector(
        settings.known, expansion=ExpansionSettings(scrape_interval_seconds=settings.scrape_interval_seconds)
    )
    read = FileSet(tuple(_read(file, content, collector) for file, content in contents))
    everywhere = Context(settings, read)
    looker = Looker(selection, settings)
    unopened = [(file, everywhere) for file in unreadable]
    found = looker.look_everywhere(read, everywhere, others=unopened, spread=spread)
    skipped = [Skipped(rule, _NO_METRICS, count) for rule, count in sorted(found.not_looked_at.items())]
    skipped += _skipped_queries(read)
    paths = tuple(sorted(file.path for file in (*read.files, *unreadable)))
    left = suppress(found.findings, suppressions, today=today, checked=looker.checked, files=paths)
    of_suppressions = looker.look((use, everywhere) for use in left.uses).findings
    return LintResult(
        tuple(sorted((*left.kept, *of_suppressions), key=_order)),
        tuple(skipped),
        suppressed=len(found.findings) - len(left.kept),
        files=paths,
        dashboards=sum(1 for _ in read.dashboards()),
        queries=sum(len(file.queries) for file in read.files),
    )


def _content(file: SourceFile) -> RuleFile | Reading:
    if file.path.endswith(RULE_FILE_SUFFIXES):
        # YAML costs a tenth of a second to load: only where there is some.
        from staging_validation.alerts.reading import read_rules

        return read_rules(file)
    return read_dashboard(file)


def _with_recorded(settings: Settings, contents: Sequence[RuleFile | Reading]) -> Settings:
    """Add what the files record to the known metrics."""
    rules = [content for content in contents if isinstance(content, RuleFile)]
    if settings.known is None or not rules:
        return settings
    return replace(settings, known=with_recorded(settings.known, rules))


def _read(
    file: SourceFile, content: RuleFile | Reading, collector: QueryCollector
) -> DashboardFile | AlertsFile:
    if isinstance(content, RuleFile):
        return AlertsFile(file, content, tuple(collector.rule_queries(content)))
    dashboard = content.dashboard
    queries = collector.dashboard_queries(dashboard) if dashboard is not None else ()
    return DashboardFile(file, content, tuple(queries))


def _skipped_queries(files: FileSet) -> Iterator[Skipped]:
    others: Counter[str] = Counter()
    opaque = 0
    for file, dashboard in files.dashboards():
        opaque += sum(query.opaque for query in file.queries)
        targets = [target for panel in dashboard.panels for target in panel.targets]
        others.update(target.datasource_type for target in targets if target.kind is TargetKind.OTHER)
    for kind, count in sorted(others.items()):
        yield Skipped(f"queries of a data source of type {kind or '(unknown)'}", "they are not PromQL", count)
    if opaque:
        yield Skipped("queries", "a variable decides over their structure", opaque)


def _order(finding: Finding) -> tuple[str, int, str, str, tuple[int, int]]:
    return finding.file, finding.line, finding.pointer, finding.rule, finding.span or (0, 0)
