"""``rate()`` and ``irate()`` take counters; every fall of a gauge would count as a reset."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import MetricKind
from staging_validation.promql.tree import Call, MatrixSelector, VectorSelector, without_parens

_FUNCTIONS = {"rate": "deriv", "irate": "deriv"}


def _check(query: Query, context: Context) -> Iterator[Fault]:
    if context.known is None:
        return
    for call in query.calls(*_FUNCTIONS):
        window = without_parens(call.arguments[0]) if call.arguments else None
        if not isinstance(window, MatrixSelector):
            continue
        found = context.known.of_selector(window.vector)
        if found is not None and found[0].kind is MetricKind.GAUGE:
            yield _fault(query, call, window.vector, found[0].name)


def _fault(query: Query, call: Call, selector: VectorSelector, metric: str) -> Fault:
    function = call.function.text
    span = selector.metric.span if selector.metric else selector.span
    return Fault(
        f"{metric} is a gauge, but {function}() takes a counter: whenever the gauge falls, {function}() sees "
        "a restart and adds the whole value, so the panel shows a number that nothing has.",
        f"use {_FUNCTIONS[function]}() for the slope of a gauge, or {function}() of a counter",
        span=query.original(span),
        evidence={"metric": metric, "type": MetricKind.GAUGE.value},
    )


RULE = Rule(
    id="rate-on-gauge",
    summary="rate() or irate() is taken of a gauge.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D4",),
    needs_catalogue=True,
)
