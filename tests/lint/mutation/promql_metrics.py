"""Breaks what queries do with metrics of a kind (classes D1 to D7, D20)."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.query import Query, QueryKind
from staging_validation.promql.known import KnownMetric, KnownMetrics, MetricKind
from staging_validation.promql.tree import (
    Aggregation,
    Call,
    Expr,
    MatrixSelector,
    Span,
    VectorSelector,
    without_parens,
)
from tests.lint.mutation.mutant import Control
from tests.lint.mutation.queries import Edit, at, query_operator, whole, written

_RATES = ("rate", "increase", "irate")
_EVALUATED = (QueryKind.TARGET, QueryKind.ANNOTATION, QueryKind.ALERT, QueryKind.RECORD)


def known_in(query: Query) -> KnownMetrics:
    """Return the metrics that are known to a query."""
    assert query.analysis.known is not None
    return query.analysis.known


def selectors(query: Query) -> Iterator[tuple[VectorSelector, Span, KnownMetric, str]]:
    """Yield the selectors of a known metric: with the name's place, the metric, and the part of a histogram."""
    for selector in query.pieces(VectorSelector):
        if selector.metric is None:
            continue
        found = known_in(query).of_series(selector.metric.text)
        if found is not None and found[0].name in known_in(query):
            yield selector, query.original(selector.metric.span), *found


def rates(query: Query) -> Iterator[tuple[Call, MatrixSelector, KnownMetric]]:
    """Yield the rates and increases of known counters, with what they are taken of."""
    for call in query.calls(*_RATES):
        window = call.arguments[0] if call.arguments else None
        if isinstance(window, MatrixSelector) and window.vector.metric is not None:
            found = known_in(query).of_series(window.vector.metric.text)
            if found is not None and found[0].kind in (MetricKind.COUNTER, MetricKind.HISTOGRAM):
                yield call, window, found[0]


def selector_text(query: Query, window: MatrixSelector) -> str:
    """Return a window's selector as written, without the window."""
    start = at(query, window).start
    matched = [matcher.span.end for matcher in window.vector.matchers]
    if not matched:
        assert window.vector.metric is not None
        return query.text[start : query.original(window.vector.metric.span).end]
    closing = query.text.index("}", query.original(Span(max(matched) - 1, max(matched))).end)
    return query.text[start : closing + 1]


@query_operator("D1", "query-syntax")
def parenthesis_missing(query: Query, control: Control) -> Iterator[Edit]:
    """A parenthesis is not closed, or one too many is."""
    start, end = whole(query)
    everything = Span(start, end)
    if ")" in query.text[start:end]:
        last = query.text.rindex(")", start, end)
        yield Edit(Span(last, last + 1), "", within=everything)
        yield Edit(Span(last, last + 1), "))", within=everything)


@query_operator("D1", "query-syntax")
def slip(query: Query, control: Control) -> Iterator[Edit]:
    """A quote is missing, an operator is wrong, a comma is missing."""
    start, end = whole(query)
    everything = Span(0, len(query.text))
    text = query.text
    for selector in query.pieces(VectorSelector):
        for number, matcher in enumerate(selector.matchers):
            value = query.original(matcher.value_span)
            yield Edit(Span(value.end - 1, value.end), "", within=everything)
            label = query.original(matcher.label.span)
            yield Edit(Span(label.end, value.start), "==", within=everything)
            if number:
                comma = text.rindex(",", start, label.start)
                yield Edit(Span(comma, comma + 1), "", within=everything)
    yield Edit(Span(end, len(text)), f" +{text[end:]}", within=everything)
    yield Edit(Span(start, start), "sum by plan ", within=everything)


@query_operator("D1", "query-syntax", kinds=_EVALUATED)
def type_of_an_argument(query: Query, control: Control) -> Iterator[Edit]:
    """A function gets what it does not take, or does not exist."""
    for call in query.calls():
        name = query.original(call.function.span)
        yield Edit(name, f"{call.function.text}s", within=at(query, call))
        for argument in call.arguments:
            if isinstance(argument, MatrixSelector):
                yield Edit(at(query, argument), selector_text(query, argument), within=at(query, call))
                inside = written(query, argument)
                yield Edit(at(query, call), f"({inside})", within=whole(query))
    for piece in query.pieces(Aggregation):
        if piece.operator.text == "topk":
            continue
        yield Edit(query.original(piece.operator.span), "summ", within=whole(query))


@query_operator("D2", "unknown-metric", "variable-query")
def metric_misspelt(query: Query, control: Control) -> Iterator[Edit]:
    """A metric that does not exist."""
    for _, name, metric, _ in selectors(query):
        text = query.text[slice(*name)]
        wrong = {
            text.replace("billing", "biling"),
            f"{text[:-2]}{text[-1]}{text[-2]}",
            text.replace("rsolv_", ""),
            f"{text}_v2",
            text.replace("ed_", "_", 1),
        }
        if text.endswith("_total"):
            wrong.add(text.removesuffix("_total"))
        for other in sorted(wrong - {text}):
            if known_in(query).of_series(other) is None and other != metric.name:
                yield Edit(name, other)


@query_operator("D3", "histogram-without-suffix", kinds=_EVALUATED)
def histogram_bare(query: Query, control: Control) -> Iterator[Edit]:
    """A histogram without ``_bucket``, ``_sum`` or ``_count``."""
    for _, name, metric, part in selectors(query):
        if part and metric.kind is MetricKind.HISTOGRAM:
            yield Edit(name, metric.name)


@query_operator("D4", "rate-on-gauge", kinds=_EVALUATED)
def rate_of_a_gauge(query: Query, control: Control) -> Iterator[Edit]:
    """The rate of something that falls too."""
    for selector, name, metric, _ in selectors(query):
        if metric.kind is not MetricKind.GAUGE:
            continue
        if isinstance(query.parent(selector), MatrixSelector):
            for call in query.calls("delta", "deriv", "predict_linear"):
                for function in ("rate", "irate"):
                    name_at = query.original(call.function.span)
                    yield Edit(name_at, function, within=at(query, call), anywhere=True)
        elif selector.offset is None:
            for function in ("rate", "irate"):
                text = f"{function}({written(query, selector)}[5m])"
                yield Edit(
                    at(query, selector), text, mark=query.text[slice(*name)], within=at(query, selector)
                )


@query_operator("D5", "increase-on-gauge", kinds=_EVALUATED)
def increase_of_a_gauge(query: Query, control: Control) -> Iterator[Edit]:
    """The increase, or the restarts, of a gauge."""
    for selector, name, metric, _ in selectors(query):
        if metric.kind is MetricKind.GAUGE and not isinstance(query.parent(selector), MatrixSelector):
            if selector.offset is not None:
                continue
            for function in ("increase", "resets"):
                text = f"{function}({written(query, selector)}[1h])"
                yield Edit(
                    at(query, selector), text, mark=query.text[slice(*name)], within=at(query, selector)
                )


@query_operator("D5", "delta-on-counter", kinds=_EVALUATED)
def delta_of_a_counter(query: Query, control: Control) -> Iterator[Edit]:
    """What is made for gauges, of a counter."""
    for call, window, _ in rates(query):
        for function in ("delta", "deriv", "idelta"):
            yield Edit(query.original(call.function.span), function, within=at(query, call))
        text = f"predict_linear({written(query, window)}, 3600)"
        yield Edit(at(query, call), text, within=at(query, call))


@query_operator("D6", "counter-without-rate", "counter-summed-without-rate", kinds=_EVALUATED)
def counter_as_it_is(query: Query, control: Control) -> Iterator[Edit]:
    """A counter as it stands since its last restart."""
    for call, window, metric in rates(query):
        if metric.kind is MetricKind.COUNTER:
            yield Edit(at(query, call), selector_text(query, window))


@query_operator("D6", "counter-without-rate", kinds=(QueryKind.TARGET, QueryKind.ALERT))
def counter_alone(query: Query, control: Control) -> Iterator[Edit]:
    """Nothing but a counter."""
    for _, window, metric in rates(query):
        if metric.kind is MetricKind.COUNTER:
            compared = " > 10" if query.kind is QueryKind.ALERT else ""
            text = selector_text(query, window)
            yield Edit(whole(query), f"{text}{compared}", mark=text, within=whole(query))
            return


def _inner(piece: Aggregation) -> Expr:
    return without_parens(piece.expr)


@query_operator("D7", "rate-of-aggregation", kinds=_EVALUATED)
def rate_of_a_sum(query: Query, control: Control) -> Iterator[Edit]:
    """First summed, then the rate: every restart is a peak."""
    for piece in query.pieces(Aggregation):
        inside = _inner(piece)
        if piece.operator.text != "sum" or not isinstance(inside, Call) or inside.function.text not in _RATES:
            continue
        window = inside.arguments[0]
        if not isinstance(window, MatrixSelector):
            continue
        grouped = f" {query.text[slice(*query.original(piece.grouping.span))]} " if piece.grouping else ""
        start, end = query.original(window.window.span)
        length = query.text[start:end]
        summed = f"sum{grouped}({selector_text(query, window)})"
        for function in ("rate", "increase"):
            yield Edit(at(query, piece), f"{function}({summed}[{length}:])", within=at(query, piece))


@query_operator(
    "D20",
    "counter-summed-without-rate",
    "counter-without-rate",
    kinds=(QueryKind.TARGET, QueryKind.ALERT),
    learned=False,
)
def counters_subtracted(query: Query, control: Control) -> Iterator[Edit]:
    """A difference of counters, taken for something that is there now."""
    for _, window, metric in rates(query):
        if metric.kind is MetricKind.COUNTER:
            text = selector_text(query, window)
            compared = " > 10" if query.kind is QueryKind.ALERT else ""
            other = "sum(rsolv_billing_subscription_cancelled_total)"
            yield Edit(
                whole(query),
                f"sum({text}) - {other}{compared}",
                mark=f"sum({text}) - {other}",
                within=whole(query),
            )
            yield Edit(whole(query), f"sum({text}){compared}", mark=f"sum({text})", within=whole(query))
            return


OPERATORS = (
    parenthesis_missing, slip, type_of_an_argument, metric_misspelt, histogram_bare, rate_of_a_gauge,
    increase_of_a_gauge, delta_of_a_counter, counter_as_it_is, counter_alone, rate_of_a_sum,
    counters_subtracted,
)  # fmt: skip
