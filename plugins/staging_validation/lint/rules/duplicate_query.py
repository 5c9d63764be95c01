"""The same query twice is a line drawn twice, or work done twice."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard, Panel, Target
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import shown_queries
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Span


def _check(subject: Panel | Dashboard, context: Context) -> Iterator[Fault]:
    if isinstance(subject, Panel):
        yield from _in_panel(subject, context)
    else:
        yield from _across(subject, context)


def _in_panel(panel: Panel, context: Context) -> Iterator[Fault]:
    seen: dict[tuple[object, ...], Target] = {}
    for target, query in shown_queries(panel, context.queries):
        how = (target.format, target.instant, target.range, target.interval, target.datasource_uid)
        first = seen.setdefault((_normal(query), *how), target)
        if first is not target:
            yield Fault(
                f"The query {target.ref_id} is the same as {first.ref_id}: every series is shown twice, and "
                "counted twice where the panel stacks or sums.",
                "remove one, or write what the second was meant to ask",
                pointer=target.expr_pointer,
                span=Span(0, len(target.expr)),
                ref_id=target.ref_id,
                evidence={"queries": [first.ref_id, target.ref_id]},
            )


def _across(dashboard: Dashboard, context: Context) -> Iterator[Fault]:
    of_panels: dict[int, list[Query]] = {}
    for query in context.queries:
        if query.kind is QueryKind.TARGET and query.owner.panel is not None:
            of_panels.setdefault(id(query.owner.panel), []).append(query)
    same: dict[tuple[object, ...], Panel] = {}
    titled: dict[tuple[str, str], tuple[Panel, frozenset[str]]] = {}
    for panel in dashboard.panels:
        asked = frozenset(_normal(query) for query in of_panels.get(id(panel), ()))
        if not asked or len(asked) < len(panel.targets):
            continue
        shown = (
            panel.type,
            panel.time_from,
            panel.time_shift,
            str(panel.calcs),
            panel.section if panel.repeat else "",
        )
        first = same.setdefault((asked, *shown), panel)
        if first is not panel:
            yield _fault(
                panel,
                f"The panel asks the same as “{dashboard.element_name(first)}” and shows it in the same way: "
                "the queries run twice for one answer.",
                "remove one, or let it show the other's result (data source -- Dashboard --)",
                dashboard.element_name(first),
            )
            continue
        key = (panel.section, panel.title.strip().lower())
        other, theirs = titled.setdefault(key, (panel, asked))
        if panel.title.strip() and other is not panel and theirs != asked and other.type == panel.type:
            yield _fault(
                panel,
                f"Two panels are titled “{panel.title}” but ask different questions: which is which?",
                "say in the titles in what they differ",
                dashboard.element_name(other),
                part="title",
            )


def _normal(query: Query) -> str:
    return " ".join(query.text.split())


def _fault(panel: Panel, message: str, remedy: str, other: str, part: str = "") -> Fault:
    pointer = f"{panel.spec}/{part}" if part else panel.pointer
    return Fault(message, remedy, pointer=pointer, evidence={"other": other}, severity=Severity.INFO)


RULE = Rule(
    id="duplicate-query",
    summary="The same query stands twice in a panel, or in two panels of one kind.",
    severity=Severity.WARNING,
    subject=(Panel, Dashboard),
    check=_check,
    classes=("D27",),
)
