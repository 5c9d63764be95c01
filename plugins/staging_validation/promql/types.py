"""The types of expressions, and what Prometheus refuses although it is well formed."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.promql.calls import call_faults, with_article
from staging_validation.promql.errors import TypeFault
from staging_validation.promql.functions import AGGREGATORS, FUNCTIONS
from staging_validation.promql.regexes import matches_empty, re2_fault
from staging_validation.promql.tree import (
    COMPARISONS,
    SET_OPERATORS,
    Aggregation,
    Binary,
    Call,
    Expr,
    Matcher,
    MatchOperator,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Span,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
    walk,
)

_ARITHMETIC = (ValueType.SCALAR, ValueType.VECTOR)
_REGEXES = (MatchOperator.REGEX, MatchOperator.NOT_REGEX)


def value_type(expr: Expr) -> ValueType:
    """Return what an expression evaluates to.

    An unknown function is taken for one that gives an instant vector, as nearly all do.
    """
    while isinstance(expr, (Paren, Unary)):
        expr = expr.expr
    if isinstance(expr, Binary):
        return _binary_type(expr)
    if isinstance(expr, Call):
        function = FUNCTIONS.get(expr.function.text)
        return function.returns if function is not None else ValueType.VECTOR
    if isinstance(expr, (MatrixSelector, Subquery)):
        return ValueType.MATRIX
    if isinstance(expr, NumberLiteral):
        return ValueType.SCALAR
    return ValueType.STRING if isinstance(expr, StringLiteral) else ValueType.VECTOR


def type_faults(expr: Expr) -> tuple[TypeFault, ...]:
    """Return what Prometheus refuses when it reads a well-formed expression.

    Args:
        expr: The expression.

    Returns:
        The faults, in the order of the query.
    """
    faults: list[TypeFault] = []
    selects_labels: set[int] = set()
    for part in walk(expr):
        if isinstance(part, VectorSelector):
            faults.extend(_selector_faults(part, may_be_empty=id(part) in selects_labels))
        elif isinstance(part, Call):
            faults.extend(call_faults(part, value_type))
            if part.function.text == "info":
                selects_labels.update(id(argument) for argument in part.arguments[1:])
        elif isinstance(part, Binary):
            faults.extend(_binary_faults(part))
        elif isinstance(part, Aggregation):
            faults.extend(_aggregation_faults(part))
        elif isinstance(part, (Unary, Subquery)):
            faults.extend(_operand_faults(part))
    return tuple(faults)


def _binary_type(expr: Binary) -> ValueType:
    # A number comes out only where all operands are numbers; deep chains need no deep stack.
    waiting: list[Expr] = [expr.left, expr.right]
    while waiting:
        part = waiting.pop()
        while isinstance(part, (Paren, Unary)):
            part = part.expr
        if isinstance(part, Binary):
            waiting += (part.left, part.right)
        elif value_type(part) is not ValueType.SCALAR:
            return ValueType.VECTOR
    return ValueType.SCALAR


def _selector_faults(selector: VectorSelector, *, may_be_empty: bool) -> Iterator[TypeFault]:
    metric = selector.metric
    selects = metric is not None and bool(metric.text)
    for matcher in selector.matchers:
        if matcher.operator in _REGEXES:
            yield from _regex_faults(matcher)
        if (
            matcher.label.text == "__name__"
            and metric is not None
            and metric.span.start == selector.span.start
        ):
            yield TypeFault(
                f"The selector names the metric twice: {metric.text}, and with __name__.",
                matcher.span,
                "keep one of them",
            )
        selects = selects or not _may_be_absent(matcher)
    if not selects and not may_be_empty:
        yield TypeFault(
            "The selector would select every series there is: each of its matchers also fits an absent label.",
            selector.span,
            'name a metric, or add a matcher that wants a value: {job="…"} or {job=~".+"}',
        )


def _may_be_absent(matcher: Matcher) -> bool:
    if matcher.operator is MatchOperator.EQUAL:
        return not matcher.value
    if matcher.operator is MatchOperator.NOT_EQUAL:
        return bool(matcher.value)
    empty = matches_empty(matcher.value)
    if empty is None:
        return False  # not known: silence is better than a false alarm
    return empty is (matcher.operator is MatchOperator.REGEX)


def _regex_faults(matcher: Matcher) -> Iterator[TypeFault]:
    fault = re2_fault(matcher.value)
    if fault is None:
        return
    place = matcher.value_span
    if place.end - place.start - 2 == len(matcher.value):  # no escapes: the pattern stands there as it is
        place = Span(place.start + 1 + fault.start, place.start + 1 + fault.end)
    yield TypeFault(f"The pattern of {matcher.label.text} is refused: {fault.message}", place, fault.remedy)


def _binary_faults(expr: Binary) -> Iterator[TypeFault]:
    left, right = value_type(expr.left), value_type(expr.right)
    operator = expr.operator
    for side, kind in ((expr.left, left), (expr.right, right)):
        if kind not in _ARITHMETIC:
            yield TypeFault(
                f"{operator.text} cannot compute with {with_article(kind)}.",
                side.span,
                _instead_of_operand(kind),
            )
    if operator.text in SET_OPERATORS and ValueType.SCALAR in (left, right):
        side = expr.left if left is ValueType.SCALAR else expr.right
        yield TypeFault(
            f"{operator.text} joins sets of series, and a number is none.",
            side.span,
            "make a series of the number with vector(…), or compare: metric > 0",
        )
    if expr.returns_bool and operator.text not in COMPARISONS:
        yield TypeFault(
            f"bool stands behind {operator.text}, which compares nothing.", operator.span, "take bool away"
        )
    if operator.text in COMPARISONS and not expr.returns_bool and left is right is ValueType.SCALAR:
        yield TypeFault(
            f"{operator.text} compares two numbers, which gives 0 or 1 and drops nothing.",
            operator.span,
            f"write {operator.text} bool",
        )
    yield from _matching_faults(expr, vectors=left is right is ValueType.VECTOR)


def _matching_faults(expr: Binary, *, vectors: bool) -> Iterator[TypeFault]:
    matching = expr.matching
    if matching is None:
        return
    if not vectors and matching.labels:
        yield TypeFault(
            "The sides of a number have no labels to pair by.", matching.span, "take on or ignoring away"
        )
    if vectors and matching.group and expr.operator.text in SET_OPERATORS:
        yield TypeFault(
            f"{expr.operator.text} takes no group_{matching.group}: any number may stand on both sides.",
            matching.span,
            f"take group_{matching.group} away",
        )
    if matching.on:
        paired = {label.text for label in matching.labels}
        for label in matching.include:
            if label.text in paired:
                yield TypeFault(
                    f"{label.text} is paired with on and taken over with group_{matching.group} as well.",
                    label.span,
                    f"take it out of group_{matching.group}: it is equal on both sides",
                )


def _aggregation_faults(expr: Aggregation) -> Iterator[TypeFault]:
    name = expr.operator.text
    kind = value_type(expr.expr)
    if kind is not ValueType.VECTOR:
        yield TypeFault(
            f"{name} aggregates an instant vector, this is {with_article(kind)}.",
            expr.expr.span,
            _instead_of_operand(kind),
        )
    wanted = AGGREGATORS[name].parameter
    if expr.parameter is None or wanted is None:
        return
    given = value_type(expr.parameter)
    if given is not wanted:
        yield TypeFault(
            f"The first argument of {name} is {with_article(wanted)}, this is {with_article(given)}.",
            expr.parameter.span,
            f"write {name}({AGGREGATORS[name].example})",
        )


def _operand_faults(expr: Unary | Subquery) -> Iterator[TypeFault]:
    kind = value_type(expr.expr)
    if isinstance(expr, Unary) and kind not in _ARITHMETIC:
        yield TypeFault(
            f"A sign stands in front of {with_article(kind)}, which has none.",
            expr.span,
            _instead_of_operand(kind),
        )
    if isinstance(expr, Subquery) and kind is not ValueType.VECTOR:
        yield TypeFault(
            f"A subquery evaluates an instant vector again and again, this is {with_article(kind)}.",
            expr.expr.span,
            "put the window on a series, or make a series of a number with vector(…)",
        )


def _instead_of_operand(kind: ValueType) -> str:
    if kind is ValueType.MATRIX:
        return "take the window away, or put a function around it: rate(metric[5m])"
    if kind is ValueType.SCALAR:
        return "make a series of the number with vector(…)"
    return "write a number or a series here"
