"""An annotation's query must mark moments: something, and not every moment there is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from staging_validation.dashboards.model import Annotation, Dashboard, TargetKind
from staging_validation.dashboards.reading_values import mapping, text
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import is_elements
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import KnownMetrics, MetricKind
from staging_validation.promql.ranges import Truth, can_be_true
from staging_validation.promql.tree import Aggregation, Binary, Expr, VectorSelector, without_parens

_LABEL = re.compile(r"\{\{\s*([a-zA-Z_]\w*)\s*\}\}")
_MENTIONED = re.compile(r"[a-zA-Z_]\w*")


def _check(annotation: Annotation, context: Context) -> Iterator[Fault]:
    dashboard, query = context.dashboard, context.query
    if dashboard is None or annotation.built_in:
        return
    yield from _panel_faults(annotation, dashboard)
    if annotation.kind is TargetKind.PROMQL and not annotation.expr.strip():
        yield Fault(
            f"The annotation {annotation.name!r} has no query, so it marks nothing.",
            "give it a query that is true when something happens, or remove it",
            pointer=annotation.expr_pointer,
        )
    elif annotation.datasource_type == "grafana" and (lost := _lost_query(annotation)):
        yield Fault(
            f"The annotation {annotation.name!r} asks Grafana's own annotations, which take no PromQL: its query "
            f"{lost} never runs.",
            "let it ask the Prometheus data source, or remove the query",
            pointer=annotation.datasource.pointer if annotation.datasource else None,
        )
    if query is not None and query.tree is not None and not query.type_faults:
        yield from _always(annotation, query, query.tree, context.known)
        yield from _text_faults(annotation, query, dashboard)


def _lost_query(annotation: Annotation) -> str:
    inner = mapping(annotation.raw.get("target")) or mapping(mapping(annotation.raw.get("query")).get("spec"))
    return text(annotation.raw.get("expr")) or text(inner.get("expr"))


def _always(annotation: Annotation, query: Query, tree: Expr, known: KnownMetrics | None) -> Iterator[Fault]:
    """Yield a fault where every step gets a mark. One whose time is the query's value has marks elsewhere."""
    if annotation.raw.get("useValueForTime") is True:
        return
    because = ""
    if isinstance(without_parens(tree), Binary):
        condition = can_be_true(tree, known)
        because = condition.because if condition.truth is Truth.ALWAYS else ""
    elif metric := _plain_counter(tree, known):
        because = f"{metric} is a counter, which is there all the time"
    if because:
        yield Fault(
            f"The annotation {annotation.name!r} marks every step of the time range: {because.rstrip('.')}.",
            "let the query be true only when something happens, for example: changes(metric[$__interval]) > 0",
            pointer=query.pointer,
            span=query.original(tree.span),
        )


def _plain_counter(tree: Expr, known: KnownMetrics | None) -> str:
    inner = without_parens(tree)
    while isinstance(inner, Aggregation):
        inner = without_parens(inner.expr)
    found = known.of_selector(inner) if known is not None and isinstance(inner, VectorSelector) else None
    return found[0].name if found is not None and found[0].kind is MetricKind.COUNTER else ""


def _text_faults(annotation: Annotation, query: Query, dashboard: Dashboard) -> Iterator[Fault]:
    """Yield a fault for every label that a mark's text shows and the query does not have."""
    labels = query.labels
    if labels is None or labels.possible is None:
        return
    base = f"{annotation.pointer}/spec/legacyOptions" if is_elements(dashboard) else annotation.pointer
    for name, template in annotation.texts.items():
        pattern = _MENTIONED if name == "tagKeys" else _LABEL
        for label in dict.fromkeys(pattern.findall(template)):
            if not labels.may_have(label):
                lost = labels.lost_at(label)
                dropped = f": {query.written(lost)} drops it" if lost else ""
                yield Fault(
                    f"The marks of {annotation.name!r} show the label {label}, which the query does not have{dropped}.",
                    f"its labels are {', '.join(sorted(labels.possible - {'__name__'})) or '(none)'}",
                    pointer=f"{base}/{name}",
                    severity=Severity.WARNING,
                    evidence={"label": label, "text": template},
                )


def _panel_faults(annotation: Annotation, dashboard: Dashboard) -> Iterator[Fault]:
    ids = {panel.id for panel in dashboard.panels}
    missing = [number for number in annotation.panel_ids if number not in ids]
    if missing:
        base = f"{annotation.pointer}/spec" if is_elements(dashboard) else annotation.pointer
        yield Fault(
            f"The annotation {annotation.name!r} is limited to the panel {missing[0]}, which the dashboard does "
            "not have.",
            "name the ids of panels that are there",
            pointer=f"{base}/filter/ids",
            severity=Severity.WARNING,
            evidence={"missing": list(missing)},
        )


RULE = Rule(
    id="annotation-query",
    summary="An annotation marks nothing, every moment, or shows labels that its query does not have.",
    severity=Severity.ERROR,
    subject=Annotation,
    check=_check,
    classes=("C9",),
)
