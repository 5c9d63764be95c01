"""A query must read metrics that somebody emits."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.query_facts import empty, listed_values, name_span, pieces, recorded_query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import STAND_IN, KnownMetrics, metric_name
from staging_validation.promql.tree import MatchOperator, Span, VectorSelector


def _check(query: Query, context: Context) -> Iterator[Fault]:
    known = context.known
    if known is None or query.kind is QueryKind.VARIABLE:
        return  # variable-query looks at those
    for selector in pieces(query, VectorSelector):
        for name, span in _names(selector):
            if known.of_series(name) is None and not _is_recorded(name, context):
                yield _fault(query, name, span, known)


def _names(selector: VectorSelector) -> Iterator[tuple[str, Span]]:
    """Yield the metric names that a selector writes out, also those behind ``__name__=~``."""
    name = metric_name(selector)
    if name is not None:
        yield name, name_span(selector)
        return
    for matcher in selector.matchers:
        if matcher.label.text == "__name__" and matcher.operator is MatchOperator.REGEX:
            yield from listed_values(matcher)


def _is_recorded(name: str, context: Context) -> bool:
    """Tell whether a name is made by a recording rule: by convention it has a colon, or a file here says so."""
    if ":" in name or STAND_IN in name:
        return True
    return recorded_query(name, context.files) is not None


def _fault(query: Query, name: str, span: Span, known: KnownMetrics) -> Fault:
    close = known.close_to(name)
    namespace = name.partition("_")[0]
    ours = bool(close) or any(other.partition("_")[0] == namespace for other in known)
    if not ours:
        return Fault(
            f"Nothing is known of {name}, nor of any other metric whose name begins with {namespace}_: if nobody "
            f"emits it, {empty(query)}.",
            "correct the name, or give a catalogue that has this metric",
            span=query.original(span),
            evidence={"metric": name},
            severity=Severity.WARNING,
        )
    return Fault(
        f"There is no metric {name}: {empty(query)}.",
        f"write {' or '.join(close)}" if close else "correct the name, or add the metric to the catalogue",
        span=query.original(span),
        evidence={"metric": name, "close": list(close)},
    )


RULE = Rule(
    id="unknown-metric",
    summary="A query reads a metric that nobody emits.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D2",),
    needs_catalogue=True,
)
