"""Breaks how queries deal with labels (classes B10, D8 to D12, D22, D25)."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.query import Query, QueryKind
from staging_validation.promql.tree import (
    Aggregation,
    Binary,
    Call,
    Grouping,
    MatchOperator,
    MatrixSelector,
    Name,
    NumberLiteral,
    Span,
    without_parens,
)
from tests.lint.mutation.mutant import Control, Place
from tests.lint.mutation.promql_metrics import rates, selectors
from tests.lint.mutation.queries import Edit, at, query_operator, whole, written

_EVALUATED = (QueryKind.TARGET, QueryKind.ANNOTATION, QueryKind.ALERT, QueryKind.RECORD)
_GRAPHS = ("timeseries",)


def without(query: Query, grouping: Grouping, label: Name) -> Edit:
    """Take a label out of a grouping."""
    start, end = query.original(grouping.span)
    left = [name.text for name in grouping.labels if name is not label]
    keyword = query.text[start : query.text.index("(", start)]
    return Edit(Span(start, end), f"{keyword}({', '.join(left)})")


def grouped(query: Query) -> Iterator[tuple[Aggregation, Grouping]]:
    """Yield the aggregations by labels."""
    for piece in query.pieces(Aggregation):
        if piece.grouping is not None and not piece.grouping.without:
            yield piece, piece.grouping


@query_operator("B10", "legend-label-lost", on=("classic", "v1", "v2"), kinds=(QueryKind.TARGET,))
def label_of_the_legend_dropped(query: Query, control: Control) -> Iterator[Edit]:
    """The query drops a label that the legend shows."""
    target = query.owner.target
    if target is not None and target.format != "time_series":
        return  # there the labels are columns
    for _, grouping in grouped(query):
        for label in grouping.labels:
            if (
                target
                and f"{{{{{label.text}}}}}" in (target.legend or "")
                and len(query.pieces(Aggregation)) == 1
            ):
                edit = without(query, grouping, label)
                legend = Place(f"{target.fields}/legendFormat")
                yield Edit(edit.span, edit.text, within=whole(query), also=(legend,))


def _quantiles(query: Query) -> Iterator[tuple[Call, Aggregation, Grouping]]:
    for call in query.calls("histogram_quantile"):
        inside = without_parens(call.arguments[1])
        if isinstance(inside, Aggregation) and inside.grouping is not None:
            yield call, inside, inside.grouping


@query_operator("D8", "quantile-without-le", kinds=_EVALUATED)
def le_dropped(query: Query, control: Control) -> Iterator[Edit]:
    """A percentile of something that has no buckets any more."""
    for call, inside, grouping in _quantiles(query):
        edit = without(query, grouping, next(name for name in grouping.labels if name.text == "le"))
        yield Edit(edit.span, edit.text, within=at(query, call))
        yield Edit(Span(at(query, inside).start, edit.span.end), "sum", within=at(query, call))


@query_operator("D8", "quantile-without-le", "grouping-label-absent", kinds=_EVALUATED)
def quantile_of_no_buckets(query: Query, control: Control) -> Iterator[Edit]:
    """A percentile of a sum or a count, and one that does not exist."""
    for call in query.calls("histogram_quantile"):
        for selector, name, metric, part in selectors(query):
            if part == "bucket" and call.span.start <= selector.span.start < call.span.end:
                for other in ("count", "sum"):
                    yield Edit(name, f"{metric.name}_{other}", within=at(query, call))
        share = call.arguments[0]
        if isinstance(share, NumberLiteral):
            for value in (f"{share.value * 100:g}", "1.5", "-0.5"):
                yield Edit(at(query, share), value)


@query_operator("D9", "quantile-not-aggregated", kinds=_EVALUATED)
def quantile_of_each(query: Query, control: Control) -> Iterator[Edit]:
    """A percentile for each customer."""
    if not any("customer_id" in metric.labels for _, _, metric, _ in selectors(query)):
        return
    for call, inside, _ in _quantiles(query):
        yield Edit(at(query, inside), written(query, inside.expr), within=at(query, call))


@query_operator("D9", "average-of-quantiles", kinds=_EVALUATED)
def quantiles_averaged(query: Query, control: Control) -> Iterator[Edit]:
    """The mean of percentiles is no percentile."""
    for call, _, grouping in _quantiles(query):
        if len(grouping.labels) > 1:
            for function in ("avg", "sum"):
                text = f"{function}({written(query, call)})"
                yield Edit(at(query, call), text, mark=text, within=at(query, call))


_OTHER_BUCKETS = (
    "rsolv_billing_payment_processed_amount_cents_bucket|rsolv_billing_usage_tracked_quantity_bucket"
)


@query_operator("D9", "quantile-of-mixed-buckets", kinds=_EVALUATED, learned=False)
def quantile_of_several(query: Query, control: Control) -> Iterator[Edit]:
    """A percentile over histograms of different things."""
    for call, inside, _ in _quantiles(query):
        for number, (_, window, _) in enumerate(rates(query)):
            if number == 0:
                start, end = query.original(window.window.span)
                mixed = f'{{__name__=~"{_OTHER_BUCKETS}"}}[{query.text[start:end]}]'
                yield Edit(at(query, window), mixed, within=at(query, call))
        rate = written(query, inside.expr)
        both = f"({rate} or rate(rsolv_billing_usage_tracked_quantity_bucket[5m]))"
        yield Edit(at(query, inside.expr), both, within=at(query, call))


@query_operator("D10", "unknown-label", "unknown-label-value")
def label_misspelt(query: Query, control: Control) -> Iterator[Edit]:
    """A matcher for a label or a value that the metric does not have."""
    for selector, _, metric, _ in selectors(query):
        for matcher in selector.matchers:
            label = query.original(matcher.label.span)
            text = query.text[slice(*label)]
            if text in metric.labels:
                for wrong in (f"{text}s", f"{text[1]}{text[0]}{text[2:]}"):
                    yield Edit(label, wrong)
            known = metric.labels.get(text)
            if (
                matcher.operator is MatchOperator.EQUAL
                and known is not None
                and matcher.value in known.values
            ):
                if known.open:
                    continue
                value = query.original(matcher.value_span)
                for wrong in (matcher.value[:-1], matcher.value.upper(), f"{matcher.value}ed"):
                    yield Edit(value, f'"{wrong}"')
                yield Edit(
                    query.original(matcher.span),
                    f'{text}=~"{matcher.value[:-1]}|{matcher.value}"',
                    mark=matcher.value[:-1],
                )


@query_operator("D10", "unknown-label", learned=False)
def matcher_of_another_metric(query: Query, control: Control) -> Iterator[Edit]:
    """A matcher for a label that only other metrics have."""
    for selector, name, metric, _ in selectors(query):
        for label, value in (("failure_code", "expired_card"), ("region", "eu")):
            if label not in metric.labels:
                added = f'{label}="{value}"'
                if selector.matchers:
                    first = query.original(selector.matchers[0].span).start
                    yield Edit(Span(first, first), f"{added}, ", mark=added)
                else:
                    yield Edit(
                        Span(name.end, name.end), f"{{{added}}}", mark=added, within=at(query, selector)
                    )


@query_operator("D11", "grouping-label-absent", "unknown-label", kinds=_EVALUATED)
def grouped_by_nothing(query: Query, control: Control) -> Iterator[Edit]:
    """Grouped by a label that the series do not have."""
    for piece, grouping in grouped(query):
        if not any(piece.span.start <= found.span.start < piece.span.end for found, *_ in selectors(query)):
            continue
        for label in grouping.labels:
            if label.text != "le":
                yield Edit(query.original(label.span), f"{label.text}s")
        if grouping.labels and not control.learned:
            last = query.original(grouping.labels[-1].span)
            yield Edit(
                Span(last.end, last.end), ", region", mark="region", within=query.original(grouping.span)
            )


@query_operator("D12", "vector-matching", "grouping-label-absent", kinds=_EVALUATED, learned=False)
def sides_unequal(query: Query, control: Control) -> Iterator[Edit]:
    """The two sides of an operator have different labels, so nothing pairs."""
    for binary in query.pieces(Binary):
        if binary.operator.text not in ("/", "-", "*", "+") or binary.matching is not None:
            continue
        sides = [_only_aggregation(binary, side) for side in (binary.left, binary.right)]
        if None in sides:
            continue
        for piece in sides:
            assert piece is not None
            operator = query.original(piece.operator.span)
            if piece.grouping is None:
                label = next(_own_labels(query, piece), None)
                if label:
                    yield Edit(
                        Span(operator.end, operator.end),
                        f" by ({label}) ",
                        within=at(query, binary),
                        anywhere=True,
                    )
            else:
                span = query.original(piece.grouping.span)
                yield Edit(span, "", within=at(query, binary), anywhere=True)


def _only_aggregation(binary: Binary, side: object) -> Aggregation | None:
    """Return the aggregation that decides over a side's labels, where it is plain."""
    side = without_parens(side)  # type: ignore[arg-type]
    while isinstance(side, Binary):
        if isinstance(side.left, NumberLiteral):
            side = without_parens(side.right)
        elif isinstance(side.right, NumberLiteral):
            side = without_parens(side.left)
        else:
            return None
    return side if isinstance(side, Aggregation) and side.operator.text == "sum" else None


def _own_labels(query: Query, piece: Aggregation) -> Iterator[str]:
    for selector, _, metric, _ in selectors(query):
        if piece.span.start <= selector.span.start < piece.span.end:
            matched = {matcher.label.text for matcher in selector.matchers}
            yield from (label for label in metric.labels if label not in matched)


@query_operator("D12", "vector-matching", "grouping-label-absent", kinds=_EVALUATED, learned=False)
def matching_wrong(query: Query, control: Control) -> Iterator[Edit]:
    """``on`` a label that is not there; no ``group_left`` where a side has several partners."""
    for binary in query.pieces(Binary):
        if binary.matching is None:
            continue
        span = query.original(binary.matching.span)
        keyword = "on" if binary.matching.on else "ignoring"
        yield Edit(span, f"{keyword} (region)", within=at(query, binary))
        if binary.matching.group:
            yield Edit(
                span,
                f"{keyword} ({', '.join(name.text for name in binary.matching.labels)})",
                within=at(query, binary),
            )


@query_operator("D22", "unaggregated-cardinality", on=("classic", "v1", "v2"), kinds=(QueryKind.TARGET,))
def line_for_each_customer(query: Query, control: Control) -> Iterator[Edit]:
    """A line in a graph for every customer."""
    panel = query.owner.panel
    if panel is None or panel.type not in _GRAPHS:
        return
    for piece in query.pieces(Aggregation):
        inside = without_parens(piece.expr)
        if not any("customer_id" in metric.labels for _, _, metric in rates(query)):
            continue
        if (
            query.parent(piece) is None
            and isinstance(inside, Call)
            and isinstance(inside.arguments[0], MatrixSelector)
        ):
            yield Edit(at(query, piece), written(query, inside), within=at(query, piece))
            operator = query.original(piece.operator.span)
            end = query.original(piece.grouping.span).end if piece.grouping else operator.end
            yield Edit(Span(operator.start, end), "sum by (customer_id) ", within=at(query, piece))


OPERATORS = (
    label_of_the_legend_dropped, le_dropped, quantile_of_no_buckets, quantile_of_each, quantiles_averaged,
    quantile_of_several, label_misspelt, matcher_of_another_metric, grouped_by_nothing, sides_unequal,
    matching_wrong, line_for_each_customer,
)  # fmt: skip
