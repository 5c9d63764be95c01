"""Breaks windows, steps, numbers and what does not fit a graph (classes D13 to D19, D21, D23)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from staging_validation.lint.query import Query, QueryKind
from staging_validation.promql.tree import (
    Binary,
    Call,
    MatchOperator,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Span,
    VectorSelector,
    without_parens,
)
from tests.lint.mutation.documents import drop, has, put
from tests.lint.mutation.mutant import DASHBOARDS, Change, Control, Place, operator
from tests.lint.mutation.parts import option_pointer
from tests.lint.mutation.promql_metrics import rates
from tests.lint.mutation.queries import Edit, at, query_operator, whole, written

_EVALUATED = (QueryKind.TARGET, QueryKind.ANNOTATION, QueryKind.ALERT, QueryKind.RECORD)
_TARGET = (QueryKind.TARGET,)
_SPECIAL = re.compile(r"[.*+?|()\[\]{}^$\\]")


def _is_graph(query: Query) -> bool:
    panel = query.owner.panel
    return panel is not None and panel.type == "timeseries" and query.range_query


@query_operator("D13", "comparison-drops-series", on=DASHBOARDS, kinds=_TARGET, learned=False)
def zero_missing(query: Query, control: Control) -> Iterator[Edit]:
    """Nothing stands in for what is not there yet, so the whole result is not there."""
    for binary in query.pieces(Binary):
        right = binary.right
        if binary.operator.text == "or" and isinstance(right, Call) and right.function.text == "vector":
            holder = query.parent(binary)
            span = at(query, holder) if isinstance(holder, Paren) else at(query, binary)
            yield Edit(span, written(query, binary.left), within=whole(query))


@query_operator("D14", "division-by-zero", kinds=(QueryKind.TARGET, QueryKind.RECORD))
def guard_missing(query: Query, control: Control) -> Iterator[Edit]:
    """A division by what is 0 on a quiet day."""
    for binary in query.pieces(Binary):
        right = without_parens(binary.right)
        if (
            binary.operator.text != "/"
            or not isinstance(right, Binary)
            or right.operator.text not in (">", ">=")
        ):
            continue
        if isinstance(right.right, NumberLiteral) and not written(query, right.left).startswith("max"):
            yield Edit(at(query, binary.right), written(query, right.left), within=at(query, binary))


@query_operator("D15", "range-too-short", kinds=_EVALUATED)
def window_too_short(query: Query, control: Control) -> Iterator[Edit]:
    """A window that holds fewer than two samples, or just two."""
    for _, window, _ in rates(query):
        for length in ("10s", "15s", "29s", "45s"):
            yield Edit(query.original(window.window.span), length, within=at(query, window))


@query_operator("D16", "fixed-range", "range-too-short", on=DASHBOARDS, kinds=_TARGET)
def window_of_one_size(query: Query, control: Control) -> Iterator[Edit]:
    """A window that does not grow with the graph's step."""
    if not _is_graph(query):
        return
    for _, window, _ in rates(query):
        span = query.original(window.window.span)
        if query.text[slice(*span)] == "$__rate_interval":
            for length in ("5m", "1m"):
                yield Edit(span, length, within=at(query, window))


@operator("D16", "interval-in-rate", "fixed-range")
def window_of_one_step(control: Control) -> Iterator[Change]:
    """A window as long as the graph's step, which may be one scrape long."""
    for query in control.queries:
        panel = query.owner.panel
        if panel is None or not _is_graph(query) or "[$__rate_interval]" not in query.text:
            continue
        pointer = option_pointer(control, panel, "interval")
        free = drop(control.document, pointer) if has(control.document, pointer) else control.document
        start = query.text.index("[$__rate_interval]") + 1
        for window in ("$__interval", "${__interval}"):
            text = query.text.replace("$__rate_interval", window, 1)
            mark = Span(start, start + len(window))
            places = (Place(query.pointer, mark, Span(mark.start - 1, mark.end + 1)),)
            yield Change(f"{query.pointer}: {window}", places, put(free, query.pointer, text))


@query_operator("D17", "range-window-in-graph", on=DASHBOARDS, kinds=_TARGET)
def whole_range_in_a_graph(query: Query, control: Control) -> Iterator[Edit]:
    """Every point of a graph over the whole time range."""
    if not _is_graph(query):
        return
    for call, window, _ in rates(query):
        span = query.original(window.window.span)
        for length in ("$__range", "${__range_s}s"):
            yield Edit(span, length, within=at(query, call))


@query_operator("D18", "offset-beyond-retention", kinds=_EVALUATED)
def offset_too_far(query: Query, control: Control) -> Iterator[Edit]:
    """Further back than anything is kept."""
    for selector in query.pieces(VectorSelector):
        if selector.offset is not None:
            yield Edit(query.original(selector.offset.span), "400d", within=whole(query))
            return
        holder = query.parent(selector)
        end = at(query, holder if isinstance(holder, MatrixSelector) else selector).end
        yield Edit(Span(end, end), " offset 400d", within=whole(query))
        return


@query_operator("D19", "topk-in-graph", on=DASHBOARDS, kinds=_TARGET)
def top_of_every_moment(query: Query, control: Control) -> Iterator[Edit]:
    """The top of every moment: more lines than asked for, with gaps."""
    if _is_graph(query):
        for function in ("topk", "bottomk"):
            text = f"{function}(3, {written_whole(query)})"
            yield Edit(whole(query), text, within=whole(query))


@query_operator("D19", "sort-in-graph", on=DASHBOARDS, kinds=_TARGET)
def sorted_graph(query: Query, control: Control) -> Iterator[Edit]:
    """Sorting a graph does nothing."""
    if _is_graph(query):
        for function in ("sort", "sort_desc"):
            yield Edit(whole(query), f"{function}({written_whole(query)})", within=whole(query))


def written_whole(query: Query) -> str:
    """Return the whole expression as written."""
    return query.text[slice(*whole(query))]


_REGEX = ("needless-regex", "regex-defects")


@query_operator("D21", *_REGEX)
def regex_for_nothing(query: Query, control: Control) -> Iterator[Edit]:
    """A regular expression where there is nothing to match, or with anchors that are there anyway."""
    for selector in query.pieces(VectorSelector):
        for matcher in selector.matchers:
            span, value = query.original(matcher.span), query.text[slice(*query.original(matcher.value_span))]
            label = matcher.label.text
            if matcher.operator is MatchOperator.EQUAL and not _SPECIAL.search(value[1:-1]):
                yield Edit(span, f"{label}=~{value}")
                yield Edit(span, f'{label}=~"^{matcher.value}$"')
            elif matcher.operator is MatchOperator.REGEX and "$" in value and label != "__name__":
                yield Edit(span, f'{label}=~"^{value[1:-1]}$"')


@query_operator("D21", *_REGEX)
def regex_too_wide(query: Query, control: Control) -> Iterator[Edit]:
    """A dot that matches anything; every metric there is."""
    for selector in query.pieces(VectorSelector):
        name = selector.metric.text if selector.metric else ""
        span = query.original(selector.metric.span) if selector.metric else Span(0, 0)
        if "webhook_received" in name:
            added = 'event_type=~"invoice.payment_succeeded"'
            if selector.matchers:
                first = query.original(selector.matchers[0].span).start
                yield Edit(Span(first, first), f"{added}, ", mark=added)
            else:
                yield Edit(Span(span.end, span.end), f"{{{added}}}", mark=added, within=at(query, selector))
        for matcher in selector.matchers:
            if matcher.label.text == "__name__":
                yield Edit(query.original(matcher.value_span), '".+"')


@query_operator("D23", "experimental-function", kinds=_EVALUATED)
def function_of_the_future(query: Query, control: Control) -> Iterator[Edit]:
    """A function or an aggregation that the server does not offer by default."""
    start, end = whole(query)
    inside = query.text[start:end]
    if query.kind is QueryKind.TARGET or len(inside) < 90:
        for text in (
            f"limitk(5, {inside})",
            f'sort_by_label({inside}, "plan")',
            f"limit_ratio(0.5, {inside})",
        ):
            yield Edit(Span(start, end), text, within=Span(start, end))
    for call in query.calls("max_over_time", "last_over_time"):
        yield Edit(query.original(call.function.span), "mad_over_time", within=at(query, call))


OPERATORS = (
    zero_missing, guard_missing, window_too_short, window_of_one_size, window_of_one_step,
    whole_range_in_a_graph, offset_too_far, top_of_every_moment, sorted_graph, regex_for_nothing,
    regex_too_wide, function_of_the_future,
)  # fmt: skip
