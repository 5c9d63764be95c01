"""An event that no panel and no alert shows can stop, or go wrong, unseen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from staging_validation.alerts.model import RecordingRule
from staging_validation.lint.context import Context, FileSet
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.rule import Fault, Rule
from staging_validation.lint.rule_facts import placed_rules
from staging_validation.promql.known import STAND_IN, KnownMetric, KnownMetrics, metric_name
from staging_validation.promql.tree import VectorSelector


def _check(files: FileSet, context: Context) -> Iterator[Fault]:
    if context.known is None:
        return
    events = _events(context.known)
    in_panels = {file.path: _read(_of_panels(file.queries)) for file, _ in files.dashboards()}
    if None in in_panels.values():
        return  # a query picks its metrics by a pattern or a variable: it may show anything
    by_file = {path: _seen(context.known, names or set()) for path, names in in_panels.items()}
    in_any_panel = set().union(*by_file.values())
    if not events or 2 * len(in_any_panel) < len(events):
        return  # the dashboards are not meant to show the catalogue
    names = {name for found in in_panels.values() if found for name in found}
    watched = _with_recorded(files, names)
    if watched is None:
        return
    seen = _seen(context.known, watched)
    file = max(by_file, key=lambda path: len(by_file[path]))
    for event, metrics in events.items():
        if event not in seen:
            listed = ", ".join(metric.name for metric in metrics)
            yield Fault(
                f"No panel and no alert shows {event} ({listed}): nobody would see that it stops or grows.",
                "show one of its metrics in a panel, or take it out of the catalogue",
                pointer="",
                file=file,
                evidence={"event": event, "metrics": [metric.name for metric in metrics]},
            )


def _events(known: KnownMetrics) -> dict[str, list[KnownMetric]]:
    """Return the metrics by the events that feed them; a metric without one stands for itself."""
    if not any(metric.event for metric in known.values()):
        return {}
    events: dict[str, list[KnownMetric]] = {}
    for metric in known.values():
        events.setdefault(metric.event or metric.name, []).append(metric)
    return events


def _of_panels(queries: Iterable[Query]) -> Iterator[Query]:
    return (query for query in queries if query.kind is QueryKind.TARGET)


def _read(queries: Iterable[Query]) -> set[str] | None:
    """Return the names that queries read; None where one of them may read any."""
    names: set[str] = set()
    for query in queries:
        if query.opaque:
            return None
        for selector in query.pieces(VectorSelector):
            name = metric_name(selector)
            if name is None or STAND_IN in name:
                return None
            names.add(name)
    return names


def _with_recorded(files: FileSet, names: set[str]) -> set[str] | None:
    """Add what the alerts read, and what the recorded metrics among all of it are made of."""
    recorded: dict[str, list[Query]] = {}
    alerts: list[Query] = []
    for placed in placed_rules(files):
        if placed.query is not None:
            record = isinstance(placed.rule, RecordingRule)
            (recorded.setdefault(placed.rule.name, []) if record else alerts).append(placed.query)
    of_alerts = _read(alerts)
    waiting, found = [*names, *(of_alerts or ())], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            inside = _read(recorded.get(name, ()))
            if inside is None:
                return None
            waiting.extend(inside)
    return None if of_alerts is None else found


def _seen(known: KnownMetrics, names: Iterable[str]) -> set[str]:
    metrics = (known.of_series(name) for name in names)
    return {found[0].event or found[0].name for found in metrics if found and found[0].name in known}


RULE = Rule(
    id="metric-never-shown",
    summary="No panel and no alert shows any metric of an event.",
    severity=Severity.INFO,
    subject=FileSet,
    check=_check,
    classes=("E3",),
    needs_catalogue=True,
)
