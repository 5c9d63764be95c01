"""What comes through a Pushgateway has no instance, and the job of whoever pushed it."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.query_facts import known_selectors, metrics_in, pieces
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import TARGET_LABELS, KnownMetric, KnownMetrics
from staging_validation.promql.matchers import accepts
from staging_validation.promql.tree import Aggregation, Binary, Expr, Matcher, Name

_INSTANCE = "instance"


def _check(query: Query, context: Context) -> Iterator[Fault]:
    known = context.known
    if known is None:
        return
    for selector, metric, _ in known_selectors(query, known):
        for matcher in selector.matchers if metric.pushed else ():
            if matcher.label.text in TARGET_LABELS - set(metric.labels) and accepts(matcher, "") is not True:
                yield _matched(query, matcher, metric)
    for name, metric in _grouped(query, known):
        yield Fault(
            f"{metric.name} is pushed, and what is pushed has no instance: all its series end in one group.",
            f"group by labels of its own: {', '.join(metric.labels)}",
            span=query.original(name.span),
            evidence={"metric": metric.name, "label": _INSTANCE},
        )


def _matched(query: Query, matcher: Matcher, metric: KnownMetric) -> Fault:
    label = matcher.label.text
    does = (
        "what is pushed has no instance, so nothing is found"
        if label == _INSTANCE
        else "its job is that of whoever pushes (honor_labels), not of the scrape; where another pushes, or the "
        "gateway's labels win, nothing is found"
    )
    return Fault(
        f"{metric.name} may come through a Pushgateway: {does}.",
        f"take the matcher of {label} out, and tell series apart by labels of their own",
        span=query.original(matcher.span),
        evidence={"metric": metric.name, "label": label},
        severity=Severity.INFO if query.kind is QueryKind.VARIABLE else None,
    )


def _grouped(query: Query, known: KnownMetrics) -> Iterator[tuple[Name, KnownMetric]]:
    """Yield where series are grouped or paired by their instance, with the pushed metric that has none."""
    named: list[tuple[Expr, tuple[Name, ...]]] = [
        (piece.expr, piece.grouping.labels)
        for piece in pieces(query, Aggregation)
        if piece.grouping is not None and not piece.grouping.without
    ]
    named += [
        (piece, piece.matching.labels)
        for piece in pieces(query, Binary)
        if piece.matching is not None and piece.matching.on
    ]
    for expr, names in named:
        for name in names:
            read = metrics_in(expr, known) if name.text == _INSTANCE else None
            if read and all(metric.pushed for metric, _ in read):
                yield name, read[0][0]


RULE = Rule(
    id="pushed-job-label",
    summary="A query expects job or instance of a scrape on metrics that are pushed.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D25",),
    needs_catalogue=True,
)
