"""An aggregation can only group by labels that its series still have."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import close_labels, dropped_by, metrics_in, pieces, surely_without
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import STAND_IN, KnownMetric, KnownMetrics
from staging_validation.promql.label_sets import Labels
from staging_validation.promql.tree import Aggregation, Call, Name, Span, walk


def _check(query: Query, context: Context) -> Iterator[Fault]:
    for aggregation in pieces(query, Aggregation):
        grouping = aggregation.grouping
        everywhere = query.analysis.labels_everywhere if grouping is not None and grouping.labels else None
        if grouping is None or everywhere is None:
            continue
        inner = everywhere.of(aggregation.expr)
        for name in grouping.labels:
            if (
                inner.may_have(name.text)
                or STAND_IN in name.text
                or _is_of_a_quantile(query, aggregation, name)
            ):
                continue
            if not _is_named_inside(aggregation, name.text):
                yield from _faults(query, aggregation, name, inner, context.known)


def _is_of_a_quantile(query: Query, aggregation: Aggregation, name: Name) -> bool:
    """Tell whether the label is the bound that a quantile is missing: another rule says so."""
    return name.text == "le" and any(
        isinstance(above, Call) and above.function.text == "histogram_quantile"
        for above in query.ancestors(aggregation)
    )


def _is_named_inside(aggregation: Aggregation, label: str) -> bool:
    """Tell whether an aggregation further inside names the label already: there it is missing first."""
    groupings = (piece.grouping for piece in walk(aggregation.expr) if isinstance(piece, Aggregation))
    return any(label == name.text for grouping in groupings if grouping for name in grouping.labels)


def _faults(
    query: Query, aggregation: Aggregation, name: Name, inner: Labels, known: KnownMetrics | None
) -> Iterator[Fault]:
    label, lost = name.text, inner.lost_at(name.text)
    read = metrics_in(aggregation.expr, known)
    metrics = [metric for metric, _ in read] if read else []
    if lost is None and (known is None or not metrics or not surely_without(label, metrics, known)):
        return
    without = aggregation.grouping is not None and aggregation.grouping.without
    does = "it changes nothing" if without else "all series end in one group, which has no such label"
    yield Fault(
        f"The series have no label {label}, which {aggregation.operator.text} is to group "
        f"{'without' if without else 'by'}{_because(query, lost)}: {does}.",
        _remedy(label, metrics, lost),
        span=query.original(name.span),
        evidence={"label": label, "dropped by": query.written(dropped_by(query, lost)) if lost else None},
        severity=Severity.WARNING if without else None,
    )


def _because(query: Query, lost: Span | None) -> str:
    return f" (`{query.written(dropped_by(query, lost))}` took it away)" if lost else ""


def _remedy(label: str, metrics: list[KnownMetric], lost: Span | None) -> str:
    if lost is not None:
        return f"keep {label} there, or take it out here"
    close = close_labels(label, metrics)
    own = dict.fromkeys(name for metric in metrics for name in metric.labels)
    return f"write {' or '.join(close)}" if close else f"their labels are {', '.join(own) or '(none)'}"


RULE = Rule(
    id="grouping-label-absent",
    summary="An aggregation groups by a label that its series do not have.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D11",),
)
