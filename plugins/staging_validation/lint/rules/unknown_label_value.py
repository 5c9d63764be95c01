"""A matcher must ask for values that are emitted."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import empty, known_selectors, listed_values
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import KnownMetric, LabelValues, MetricKind, is_unknown_value
from staging_validation.promql.matchers import accepts
from staging_validation.promql.tree import Matcher, MatchOperator, Span

if TYPE_CHECKING:
    from pydantic import JsonValue

_POSITIVE = (MatchOperator.EQUAL, MatchOperator.REGEX)


def _check(query: Query, context: Context) -> Iterator[Fault]:
    for selector, metric, part in known_selectors(query, context.known):
        for matcher in selector.matchers:
            if is_unknown_value(matcher):
                continue
            known = metric.labels.get(matcher.label.text)
            if known is not None and not known.open:
                yield from _compared(query, matcher, metric, known)
            elif matcher.label.text == "le" and metric.kind is MetricKind.HISTOGRAM and part == "bucket":
                yield from _bounded(query, matcher, metric)


def _compared(query: Query, matcher: Matcher, metric: KnownMetric, known: LabelValues) -> Iterator[Fault]:
    equal = matcher.operator in (MatchOperator.EQUAL, MatchOperator.NOT_EQUAL)
    listed = ((matcher.value, matcher.value_span),) if equal else listed_values(matcher)
    wrong = [(value, span) for value, span in listed if value and value not in known.values]
    finds = any(accepts(matcher, value) is not False for value in ("", *known.values))
    for value, span in wrong:
        yield _fault(query, matcher, metric, value=value, span=span, known=known, finds=finds)
    if not listed and matcher.value and matcher.operator is MatchOperator.REGEX and not finds:
        span = matcher.value_span
        yield _fault(query, matcher, metric, value=matcher.value, span=span, known=known, finds=False)


def _fault(
    query: Query,
    matcher: Matcher,
    metric: KnownMetric,
    *,
    value: str,
    span: Span,
    known: LabelValues,
    finds: bool,
) -> Fault:
    label = matcher.label.text
    close = difflib.get_close_matches(value, sorted(known.values), n=1, cutoff=0.6)
    does = empty(query)
    if matcher.operator not in _POSITIVE:
        does = "nothing is left out by it"
    elif finds:
        does = "nothing is found by it beside the other values"
    return Fault(
        f'{metric.name} never has the value "{value}" in its label {label}: {does}.',
        f'write "{close[0]}"' if close else f"its values are {', '.join(sorted(known.values))}",
        span=query.original(span),
        evidence={"metric": metric.name, "label": label, "values": [*sorted(known.values)]},
        severity=Severity.WARNING if finds else None,
    )


def _bounded(query: Query, matcher: Matcher, metric: KnownMetric) -> Iterator[Fault]:
    """Find a bound that no bucket has. Bounds are compared as numbers: 100 and 100.0 are one."""
    if matcher.operator is not MatchOperator.EQUAL or not metric.buckets or not matcher.value:
        return
    try:
        bound = float(matcher.value)
    except ValueError:
        bound = math.nan
    if bound in metric.buckets or bound == math.inf:
        return
    bounds: list[JsonValue] = [*(f"{number:g}" for number in metric.buckets), "+Inf"]
    yield Fault(
        f'{metric.name} has no bucket with the bound "{matcher.value}": {empty(query)}.',
        f"its bounds are {', '.join(map(str, bounds))}",
        span=query.original(matcher.value_span),
        evidence={"metric": metric.name, "label": "le", "values": bounds},
    )


RULE = Rule(
    id="unknown-label-value",
    summary="A matcher compares a label with a value that it never has.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D10",),
    needs_catalogue=True,
)
