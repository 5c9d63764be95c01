"""What several rules about queries ask: which metrics a query reads, what surrounds a piece, what surely is absent."""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterable, Iterator
from typing import TypeVar

from staging_validation.lint.context import FileSet
from staging_validation.lint.query import Query, QueryKind
from staging_validation.promql.known import (
    TARGET_LABELS,
    KnownMetric,
    KnownMetrics,
    MetricKind,
    metric_name,
)
from staging_validation.promql.matchers import named_values
from staging_validation.promql.tree import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Expr,
    Grouping,
    Matcher,
    MatrixSelector,
    Span,
    Subquery,
    VectorSelector,
    walk,
    without_parens,
)

_Piece = TypeVar("_Piece")

RATES = frozenset({"rate", "irate", "increase"})
"""Functions that take the growth of a counter, past its resets."""

NEED_TWO_SAMPLES = RATES | {
    "delta", "idelta", "deriv", "predict_linear", "holt_winters", "double_exponential_smoothing"
}  # fmt: skip
"""Functions that give nothing for a window with a single sample."""

_OF_SCRAPES = TARGET_LABELS | {
    "app", "availability_zone", "cluster", "component", "container", "datacenter", "dc", "endpoint", "env",
    "environment", "exported_instance", "exported_job", "host", "hostname", "metrics_path", "namespace", "node", "pod",
    "prometheus", "region", "replica", "service", "stage", "zone",
}  # fmt: skip
"""Labels that scrapes commonly add, although some exporters have labels of these names themselves."""

_EMPTY = {
    QueryKind.TARGET: "the panel shows nothing",
    QueryKind.VARIABLE: "the variable has no values",
    QueryKind.ANNOTATION: "no mark is ever drawn",
    QueryKind.ALERT: "the alert never sees a series",
    QueryKind.RECORD: "the rule records nothing",
}


def pieces(query: Query, kind: type[_Piece]) -> tuple[_Piece, ...]:
    """Return the pieces of one type, parents first; none of a query that Prometheus refuses as a whole."""
    analysis = query.analysis
    return () if analysis.type_faults else analysis.pieces(kind)


def calls(query: Query, functions: Container[str]) -> Iterator[Call]:
    """Yield the calls of some functions in a query that Prometheus accepts."""
    return (call for call in pieces(query, Call) if call.function.text in functions)


def empty(query: Query) -> str:
    """Say what comes of a query that finds nothing."""
    return _EMPTY[query.kind]


def known_selectors(
    query: Query, known: KnownMetrics | None
) -> Iterator[tuple[VectorSelector, KnownMetric, str]]:
    """Yield the selectors of metrics that are known, with the metric and its part."""
    for selector in pieces(query, VectorSelector) if known is not None else ():
        found = known.of_selector(selector) if known is not None else None
        if found is not None:
            yield selector, *found


def selectors_in(expr: Expr) -> Iterator[VectorSelector]:
    """Yield every selector inside of an expression."""
    return (piece for piece in walk(expr) if isinstance(piece, VectorSelector))


def metrics_in(expr: Expr, known: KnownMetrics | None) -> list[tuple[KnownMetric, str]] | None:
    """Return the metrics, each with its part, that an expression reads; None where one of them is not known."""
    found = [known.of_selector(selector) if known is not None else None for selector in selectors_in(expr)]
    return None if None in found else [entry for entry in found if entry is not None]


def name_span(selector: VectorSelector) -> Span:
    """Return the place of a selector's metric name: in front of the braces, or the value inside of them."""
    if selector.metric is not None:
        return selector.metric.span
    named = (matcher.value_span for matcher in selector.matchers if matcher.label.text == "__name__")
    return next(named, selector.span)


def window_of(call: Call) -> MatrixSelector | Subquery | None:
    """Return the window that a function is given; None where it takes none."""
    for argument in call.arguments:
        inner = without_parens(argument)
        if isinstance(inner, (MatrixSelector, Subquery)):
            return inner
    return None


def windowed_selector(call: Call) -> VectorSelector | None:
    """Return the series whose plain samples a function is given a window of; None where they are calculated."""
    window = window_of(call)
    if isinstance(window, MatrixSelector):
        return window.vector
    inner = without_parens(window.expr) if window is not None else None
    return inner if isinstance(inner, VectorSelector) else None


def counts_up(metric: KnownMetric, part: str) -> bool:
    """Return whether a series only grows until it begins again: a counter's, or part of a histogram or summary."""
    return metric.kind is MetricKind.COUNTER or part in ("bucket", "sum", "count")


def is_filter(expr: Expr) -> bool:
    """Return whether an expression is a comparison that lets only some series pass."""
    return isinstance(expr, Binary) and expr.operator.text in COMPARISONS and not expr.returns_bool


def is_written(query: Query, span: Span) -> bool:
    """Return whether a piece of the expanded query stands in the file as it is, without a variable in it."""
    if not query.uses:
        return True
    start, end = query.original(span)
    offset = query.offset
    return not any(use.span.start + offset < end and start < use.span.end + offset for use in query.uses)


def recorded_query(name: str, files: FileSet) -> Query | None:
    """Return the query whose result a recording rule among the files keeps under a name; None without one."""
    for file in files.rule_files():
        for query in file.queries:
            if query.kind is QueryKind.RECORD and getattr(query.owner.alert, "record", None) == name:
                return query
    return None


def listed_values(matcher: Matcher) -> tuple[tuple[str, Span], ...]:
    """Return the values that a matcher lists, each with its place in the expanded query: ``"a"``, ``"a|b"``."""
    named = named_values(matcher)
    if named is None:
        return ()
    place = matcher.value_span
    if place.end - place.start - 2 != len(matcher.value) or len(named) == 1:
        return tuple((value, place) for value in sorted(named))  # with escapes, places cannot be counted
    found, start = [], 0
    for piece in matcher.value.strip("()").removeprefix("?:").split("|"):
        start = matcher.value.index(piece, start)
        begin = place.start + 1 + start
        found.append((piece.replace("\\", ""), Span(begin, begin + len(piece))))
        start += len(piece)
    return tuple(found)


def dropped_by(query: Query, operator: Span) -> Span:
    """Return the piece that takes labels away: an aggregation's ``by (…)`` or ``without (…)``, else its operator."""
    for aggregation in query.pieces(Aggregation):
        if aggregation.operator.span == operator and isinstance(aggregation.grouping, Grouping):
            return aggregation.grouping.span
    return operator


def surely_without(label: str, metrics: Iterable[KnownMetric], known: KnownMetrics) -> bool:
    """Return whether a label that none of some metrics is known to have cannot come from anywhere else.

    The catalogue describes its metrics completely. To a metric that was learned from an exposition, the scrape
    may add labels; of those only a slip of the pen, and the own label of another metric, are surely wrong.

    Args:
        label: The label.
        metrics: The metrics.
        known: All known metrics.
    """
    if all(metric.described for metric in metrics):
        return True
    if label in _OF_SCRAPES:
        return False
    return bool(close_labels(label, metrics)) or any(label in metric.labels for metric in known.values())


def close_labels(label: str, metrics: Iterable[KnownMetric]) -> tuple[str, ...]:
    """Return the own labels of metrics that a wrong label may have meant, the most alike first."""
    own = dict.fromkeys(name for metric in metrics for name in metric.labels)
    return tuple(difflib.get_close_matches(label, own, n=3, cutoff=0.7))


def series_name(selector: VectorSelector) -> str:
    """Return what messages call the series of a selector."""
    return metric_name(selector) or "the selector"
