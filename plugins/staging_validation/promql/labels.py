"""Infers which labels the series of an expression have: surely, possibly, and no longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from staging_validation.promql.fold import Everywhere
from staging_validation.promql.known import STAND_IN, KnownMetrics, LabelValues, metric_name
from staging_validation.promql.label_functions import call_labels
from staging_validation.promql.label_sets import Labels, either
from staging_validation.promql.matchers import allowed_values, needs_label, refuses_label
from staging_validation.promql.tree import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Expr,
    Grouping,
    Matching,
    NumberLiteral,
    Span,
    StringLiteral,
    Unary,
    VectorSelector,
    without_parens,
)

__all__ = ["Labels", "compared_labels", "infer_labels", "labels_everywhere"]

_NAME = "__name__"
_NAMES = frozenset({_NAME})
_ANY_VALUE = LabelValues(frozenset(), open=True)
_SELECTING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})


def infer_labels(expr: Expr, known: KnownMetrics | None) -> Labels:
    """Infer the labels of an expression's series.

    Args:
        expr: The expression.
        known: The known metrics; a metric that is not known may have any label.

    Returns:
        The labels. The metric's name counts as the label ``__name__``.
    """
    return labels_everywhere(expr, known).whole


def labels_everywhere(expr: Expr, known: KnownMetrics | None) -> Everywhere[Labels]:
    """Infer the labels of every piece of an expression; see :func:`infer_labels`."""
    return Everywhere(expr, partial(_visit, known=known))


def compared_labels(matching: Matching | None, label: str) -> bool:
    """Return whether two sides must agree in a label to be paired."""
    if label == _NAME:
        return matching is not None and matching.on and any(name.text == _NAME for name in matching.labels)
    if matching is None:
        return True
    return any(name.text == label for name in matching.labels) is matching.on


def _visit(expr: Expr, inside: Sequence[Labels], *, known: KnownMetrics | None) -> Labels:
    if isinstance(expr, VectorSelector):
        return _selector(expr, known)
    if isinstance(expr, (NumberLiteral, StringLiteral)):
        return Labels(scalar=True)
    if isinstance(expr, Call):
        return call_labels(expr, inside)
    if isinstance(expr, Aggregation):
        return _aggregation(expr, inside[-1])
    if isinstance(expr, Binary):
        return _binary(expr, *inside)
    if isinstance(expr, Unary) and expr.operator.text == "-":
        return inside[0].without(_NAMES, expr.operator.span)
    return inside[0]


def _selector(selector: VectorSelector, known: KnownMetrics | None) -> Labels:
    name = metric_name(selector)
    found = known.of_series(name) if known and name else None
    if known is None or name is None or found is None:
        labels = Labels(_NAMES, None)
    else:
        labels = Labels(*known.series_labels(name), values=found[0].labels)
    return _matched(labels, selector) if selector.matchers else labels


def _matched(labels: Labels, selector: VectorSelector) -> Labels:
    for matcher in selector.matchers:
        label = matcher.label.text
        if STAND_IN in label or label == _NAME:
            continue
        if refuses_label(matcher):
            labels = labels.having(label).without(frozenset({label}), matcher.span)
        elif needs_label(matcher) or label in labels.guaranteed:
            values = allowed_values((matcher,), label, labels.values.get(label, _ANY_VALUE))
            labels = labels.having(label, values)
    return labels


def _aggregation(aggregation: Aggregation, inner: Labels) -> Labels:
    operator = aggregation.operator
    if operator.text in _SELECTING:
        return inner
    labels = _grouped(inner, aggregation.grouping, operator.span)
    if operator.text != "count_values":
        return labels
    parameter = aggregation.parameter
    literal = without_parens(parameter) if parameter else None
    if not isinstance(literal, StringLiteral) or STAND_IN in literal.value:
        return replace(labels, possible=None)
    grouping = aggregation.grouping
    if grouping and grouping.without and any(name.text == literal.value for name in grouping.labels):
        return labels  # Prometheus takes it away again
    return labels.having(literal.value)


def _grouped(inner: Labels, grouping: Grouping | None, span: Span) -> Labels:
    names = frozenset(name.text for name in grouping.labels) if grouping else frozenset()
    if grouping and grouping.without:
        return inner.without(names | _NAMES, span)
    left = inner.only(names, span)
    if any(STAND_IN in name for name in names):
        # One of the labels is a variable: whatever the series have may still be there.
        return replace(left, possible=inner.possible, lost=inner.lost, closed_at=inner.closed_at)
    return left


def _binary(binary: Binary, left: Labels, right: Labels) -> Labels:
    operator = binary.operator.text
    if left.scalar and right.scalar:
        return left
    if operator == "or":
        return either(left, right)
    if operator in ("and", "unless"):
        return left
    keeps_name = operator in COMPARISONS and not binary.returns_bool
    if left.scalar:
        labels = right
    elif right.scalar:
        labels = left
    else:
        labels = _paired(binary, left, right)
    return labels if keeps_name else labels.without(_NAMES, binary.operator.span)


def _paired(binary: Binary, left: Labels, right: Labels) -> Labels:
    matching = binary.matching
    if matching and matching.group:
        many, one = (left, right) if matching.group == "left" else (right, left)
        return _many_to_one(matching, many, one)
    return _one_to_one(matching, left, right, binary.operator.span)


def _many_to_one(matching: Matching, many: Labels, one: Labels) -> Labels:
    labels = many
    for name in matching.include:
        if not one.may_have(name.text):
            labels = labels.having(name.text).without(frozenset({name.text}), name.span)
        elif name.text in one.guaranteed:
            labels = labels.having(name.text, one.values.get(name.text))
        else:
            labels = labels.maybe_having(name.text)
    return labels


def _one_to_one(matching: Matching | None, left: Labels, right: Labels, operator: Span) -> Labels:
    """Give the labels in which both sides agree; the name is the left side's, kept by comparisons."""
    names = frozenset(name.text for name in matching.labels) if matching else frozenset()
    agreed = frozenset(label for label in right.guaranteed if compared_labels(matching, label))
    if matching and matching.on:
        labels = left.only(names, matching.span)
    else:
        labels = left.without(names, matching.span) if matching else left
    for label in agreed - labels.guaranteed:
        labels = labels.having(label, right.values.get(label))
    if right.possible is None:
        return labels
    on = matching is not None and matching.on
    there = labels.guaranteed | (right.possible if on else (right.possible - names) | _NAMES)
    absent = None if labels.possible is None else labels.possible - there
    if absent is None:
        return replace(labels, possible=there, closed_at=operator)
    return labels.without(absent, operator)
