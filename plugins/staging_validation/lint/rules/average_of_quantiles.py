"""The mean of quantiles is no quantile: who was slow disappears in it."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import calls, pieces
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import MetricKind
from staging_validation.promql.tree import (
    Aggregation,
    Binary,
    Call,
    Expr,
    MatchOperator,
    VectorSelector,
)

_MIXING = frozenset({"avg", "sum", "stddev", "stdvar", "quantile"})
_MIXING_OVER_TIME = frozenset({f"{name}_over_time" for name in _MIXING})
_COUNTING = frozenset({"count", "group", "count_values", "count_over_time", "present_over_time", "absent"})


def _check(query: Query, context: Context) -> Iterator[Fault]:
    seen: set[int] = set()
    for quantile in _quantiles(query, context):
        mixing = _mixing(query, quantile)
        if mixing is not None and id(mixing) not in seen:
            seen.add(id(mixing))
            yield _fault(query, mixing)


def _quantiles(query: Query, context: Context) -> Iterator[Expr]:
    yield from calls(query, ("histogram_quantile",))
    for selector in pieces(query, VectorSelector):
        found = context.known.of_selector(selector) if context.known is not None else None
        summary = found is not None and found[0].kind is MetricKind.SUMMARY and not found[1]
        chosen = any(
            matcher.label.text == "quantile" and matcher.operator is MatchOperator.EQUAL
            for matcher in selector.matchers
        )
        if summary or chosen:
            yield selector


def _mixing(query: Query, quantile: Expr) -> Aggregation | Call | None:
    """Return what adds a quantile to others; None where nothing does, or something else is made of it before."""
    inside = quantile
    for above in query.ancestors(quantile):
        name = ""
        if isinstance(above, Aggregation):
            name = above.operator.text
        elif isinstance(above, Call):
            name = above.function.text
        elif isinstance(above, Binary):
            existence = above.operator.text in ("and", "unless") and inside is above.right
            if existence or above.returns_bool:
                return None
        if name in _COUNTING:
            return None
        if isinstance(above, (Aggregation, Call)) and name in _MIXING | _MIXING_OVER_TIME:
            return above
        inside = above
    return None


def _fault(query: Query, mixing: Aggregation | Call) -> Fault:
    name = mixing.operator.text if isinstance(mixing, Aggregation) else mixing.function.text
    return Fault(
        f"{name}() is taken of quantiles. A quantile of few slow requests weighs as much in it as one of many fast "
        "ones, so the result is the quantile of nothing.",
        "add the buckets up and take one quantile of them: histogram_quantile(0.95, sum by (le) (rate(…_bucket[5m]))); "
        "the worst of several is max()",
        span=query.original(mixing.span),
        evidence={"function": name},
    )


RULE = Rule(
    id="average-of-quantiles",
    summary="Quantiles are added up or averaged.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D9",),
)
