"""Breaks what alerts wait for: some never fire, some never end (classes R1 to R3, R10, R11)."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import AlertingRule
from staging_validation.lint.query import Query, QueryKind
from staging_validation.promql.tree import COMPARISONS, Binary, NumberLiteral, Span, VectorSelector
from tests.lint.mutation.mutant import Control
from tests.lint.mutation.promql_labels import grouped
from tests.lint.mutation.queries import Edit, at, query_operator, whole, written

_RULES = ("rules",)
_ALERT = (QueryKind.ALERT,)


def threshold(query: Query) -> tuple[Binary, NumberLiteral] | None:
    """Return the comparison that decides over an alert, and its number."""
    tree = query.tree
    while isinstance(tree, Binary) and tree.operator.text in ("and", "unless"):
        tree = tree.left
    if (
        isinstance(tree, Binary)
        and tree.operator.text in COMPARISONS
        and isinstance(tree.right, NumberLiteral)
    ):
        return tree, tree.right
    return None


@query_operator("R1", "alert-never-fires", on=_RULES, kinds=_ALERT, learned=False)
def threshold_out_of_reach(query: Query, control: Control) -> Iterator[Edit]:
    """A value that the query can never have."""
    found = threshold(query)
    if found is None:
        return
    comparison, number = found
    left = written(query, comparison.left)
    span = Span(query.original(comparison.operator.span).start, at(query, number).end)
    if left.startswith("histogram_quantile"):
        for factor in (6, 100):
            yield Edit(span, f"> {number.value * factor:g}", within=at(query, comparison))
    if "increase(" in left or "rate(" in left:
        for wrong in ("< 0", "== -1", "<= -5"):
            yield Edit(span, wrong, within=at(query, comparison))
    if (
        " / " in left.replace("\n", " ").replace("  ", " ")
        and "{" in left
        and "histogram" not in left
        and ":" not in left
    ):
        for wrong in ("> 1.5", "> 20", ">= 90"):
            yield Edit(span, wrong, within=at(query, comparison))


@query_operator("R1", "alert-never-fires", "vector-matching", on=_RULES, kinds=_ALERT, learned=False)
def nothing_in_common(query: Query, control: Control) -> Iterator[Edit]:
    """Only together with something that has other labels, or never is."""
    start, end = whole(query)
    inside = query.text[start:end]
    labels = query.labels
    if labels is not None and labels.guaranteed and " and " not in inside:
        yield Edit(Span(start, end), f"({inside}) and vector(1)", within=Span(start, end))
        yield Edit(
            Span(start, end),
            f"({inside}) and sum(rsolv_billing_active_subscriptions) > 0",
            within=Span(start, end),
        )
    yield Edit(Span(start, end), f"({inside}) and on () (vector(1) > 2)", within=Span(start, end))
    yield Edit(Span(start, end), f"({inside}) unless ({inside})", within=Span(start, end))


@query_operator(
    "R1", "alert-never-fires", "unknown-metric", "recording-rule-missing", on=_RULES, kinds=_ALERT
)
def series_that_do_not_exist(query: Query, control: Control) -> Iterator[Edit]:
    """Watches series that nobody exposes."""
    for selector in query.pieces(VectorSelector):
        if selector.metric is not None:
            name = query.original(selector.metric.span)
            yield Edit(name, f"{selector.metric.text}_old", within=at(query, selector))


@query_operator("R2", "alert-never-resolves", on=_RULES, kinds=_ALERT)
def always_true(query: Query, control: Control) -> Iterator[Edit]:
    """A comparison that always holds."""
    if not query.pieces(VectorSelector):
        return  # a dead man's switch is meant to
    start, end = whole(query)
    inside = query.text[start:end]
    yield Edit(Span(start, end), f"({inside}) or vector(1)", within=Span(start, end))
    yield Edit(Span(start, end), f"({inside}) or on () vector(1)", within=Span(start, end))
    found = threshold(query)
    if found is None:
        return
    comparison, number = found
    span = Span(query.original(comparison.operator.span).start, at(query, number).end)
    if "increase(" in written(query, comparison.left) or "rate(" in written(query, comparison.left):
        for wrong in (">= 0", "> -1", "!= -1"):
            yield Edit(span, wrong, within=at(query, comparison))


@query_operator("R2", "alert-never-resolves", "unknown-metric", on=_RULES, kinds=_ALERT)
def absent_for_ever(query: Query, control: Control) -> Iterator[Edit]:
    """Waits for a metric that does not exist."""
    yield Edit(whole(query), 'absent(rsolv_billing_heartbeat{plan="pro"})', within=whole(query))


@query_operator("R3", "alert-without-comparison", "alert-never-resolves", on=_RULES, kinds=_ALERT)
def comparison_gone(query: Query, control: Control) -> Iterator[Edit]:
    """Fires for every value."""
    found = threshold(query)
    if found is not None and query.tree is found[0] and "== 0" not in written(query, found[0].left):
        yield Edit(whole(query), written(query, found[0].left), within=whole(query))
        operator_text = query.original(found[0].operator.span)
        yield Edit(Span(operator_text.end, operator_text.end), " bool", within=whole(query))


@query_operator("R11", "absent-needs-labels", on=_RULES, kinds=_ALERT, learned=False)
def absent_of_several(query: Query, control: Control) -> Iterator[Edit]:
    """Notices only that everything is gone."""
    metric = "rsolv_billing_active_subscriptions"
    for text in (f"absent(sum by (plan) ({metric}))", f'absent({metric}{{plan=~"pro|trial"}})'):
        yield Edit(whole(query), text, within=whole(query))


@query_operator("R10", "alert-unstable-for", on=_RULES, kinds=_ALERT)
def other_series_each_time(query: Query, control: Control) -> Iterator[Edit]:
    """``for`` of series that come and go."""
    if not isinstance(query.owner.alert, AlertingRule) or not query.owner.alert.for_seconds:
        return
    for call in query.calls("rate"):
        yield Edit(query.original(call.function.span), "irate", within=whole(query))
    found = threshold(query)
    if found is not None and any(grouped(query)):
        left = at(query, found[0].left)
        yield Edit(left, f"topk(3, {query.text[left.start : left.end]})", mark="topk", within=whole(query))


OPERATORS = (
    threshold_out_of_reach, nothing_in_common, series_that_do_not_exist, always_true, absent_for_ever,
    comparison_gone, absent_of_several, other_series_each_time,
)  # fmt: skip
