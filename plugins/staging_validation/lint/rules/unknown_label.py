"""A matcher must speak of a label that the metric has."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import close_labels, empty, known_selectors, surely_without
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import STAND_IN, KnownMetric, MetricKind
from staging_validation.promql.matchers import needs_label
from staging_validation.promql.tree import Matcher, MatchOperator

_POSITIVE = (MatchOperator.EQUAL, MatchOperator.REGEX)


def _check(query: Query, context: Context) -> Iterator[Fault]:
    known = context.known
    for selector, metric, part in known_selectors(query, known):
        if not selector.matchers or known is None or _is_no_series(metric, part):
            continue
        possible = metric.possible_labels(part)
        for matcher in selector.matchers if possible is not None else ():
            label = matcher.label.text
            if possible is None or label in possible or label == "__name__" or STAND_IN in label:
                continue
            if not _says_absent(matcher) and surely_without(label, (metric,), known):
                yield _fault(query, matcher, metric)


def _is_no_series(metric: KnownMetric, part: str) -> bool:
    """Tell whether a name alone finds nothing: another rule says so."""
    return metric.kind is MetricKind.HISTOGRAM and not part and bool(metric.buckets)


def _says_absent(matcher: Matcher) -> bool:
    return matcher.value == "" and matcher.operator is MatchOperator.EQUAL


def _fault(query: Query, matcher: Matcher, metric: KnownMetric) -> Fault:
    label = matcher.label.text
    unknown_value = STAND_IN in matcher.value
    dead = needs_label(matcher) or (unknown_value and matcher.operator in _POSITIVE)
    close = close_labels(label, (metric,))
    does = f"{empty(query)} for any value chosen" if unknown_value else empty(query)
    return Fault(
        f"{metric.name} has no label {label}: {does if dead else 'the matcher leaves every series as it is'}.",
        f"write {' or '.join(close)}" if close else f"its labels are {', '.join(metric.labels) or '(none)'}",
        span=query.original(matcher.label.span),
        evidence={"metric": metric.name, "label": label, "labels": list(metric.labels)},
        severity=None if dead else Severity.WARNING,
    )


RULE = Rule(
    id="unknown-label",
    summary="A matcher names a label that the metric does not have.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D10",),
    needs_catalogue=True,
)
