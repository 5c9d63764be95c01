"""``rate()`` belongs inside of ``sum()``: a restart cannot be seen in a sum any more."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import RATES, calls, recorded_query, window_of
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.functions import AGGREGATORS
from staging_validation.promql.known import metric_name
from staging_validation.promql.tree import Aggregation, Call, Expr, MatrixSelector, walk

_OF_COPIES = frozenset({"min", "max", "group"})
"""Aggregations that some take to merge copies of one counter, which works as long as they restart together."""


def _check(query: Query, context: Context) -> Iterator[Fault]:
    for call in calls(query, RATES):
        window = window_of(call)
        if isinstance(window, MatrixSelector):
            name = metric_name(window.vector)
            # Recorded names have a colon by convention; looking every name up would cost too much.
            aggregated = _recorded(name, context) if name is not None and ":" in name else None
            source = f"the recording rule {name}"
        else:
            name = None
            aggregated = _aggregated(window.expr) if window is not None else None
            source = "the subquery"
        if aggregated is not None:
            yield _fault(query, call, aggregated, source)


def _recorded(name: str, context: Context) -> str | None:
    """Return the aggregation whose result a recording rule among the files keeps under a name."""
    query = recorded_query(name, context.files)
    return _aggregated(query.tree) if query is not None and query.tree is not None else None


def _aggregated(expr: Expr) -> str | None:
    for piece in walk(expr):
        if isinstance(piece, Aggregation) and not AGGREGATORS[piece.operator.text].keeps_series:
            return piece.operator.text
    return None


def _fault(query: Query, call: Call, aggregation: str, source: str) -> Fault:
    function = call.function.text
    return Fault(
        f"{function}() is taken of {aggregation}() in {source}. When one of the counters restarts, the {aggregation} "
        f"falls by that counter's value, and {function}() takes this for a restart of the whole: it adds all the "
        "others again, a high peak that never happened.",
        f"take {function}() first: {aggregation}({function}(metric[5m]))",
        span=query.original(call.span),
        evidence={"aggregation": aggregation, "function": function},
        severity=Severity.WARNING if aggregation in _OF_COPIES else None,
    )


RULE = Rule(
    id="rate-of-aggregation",
    summary="rate() or increase() is taken of an aggregation.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D7",),
)
