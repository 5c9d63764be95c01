"""The syntax tree of a PromQL expression, with the place of every piece (Prometheus documentation, querying)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple


class Span(NamedTuple):
    """A piece of a query: the characters from ``start`` up to, but without, ``end``; counted from 0."""

    start: int
    end: int


class MatchOperator(str, Enum):
    """How a matcher compares a label."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


class ValueType(str, Enum):
    """What an expression evaluates to."""

    SCALAR = "scalar"
    VECTOR = "instant vector"
    MATRIX = "range vector"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Name:
    """A label's or metric's name as it stands in a query.

    Attributes:
        span: Its place, quotes included.
        text: The name, without quotes.
    """

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration, for example ``5m``.

    Attributes:
        span: Its place.
        seconds: Its length; negative only in an offset.
    """

    span: Span
    seconds: float


@dataclass(frozen=True, slots=True)
class At:
    """The ``@`` modifier.

    Attributes:
        span: Its place, the sign included.
        timestamp: Unix time in seconds, or ``start`` or ``end`` of the query's range.
    """

    span: Span
    timestamp: float | str


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label matcher.

    Attributes:
        span: Its place, from the name to the value's closing quote.
        label: The label; ``__name__`` where the metric's name is matched inside the braces.
        operator: How it compares.
        value: What it compares with, without quotes and escapes.
        value_span: The value's place, quotes included.
    """

    span: Span
    label: Name
    operator: MatchOperator
    value: str
    value_span: Span


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """A number."""

    span: Span
    value: float


@dataclass(frozen=True, slots=True)
class StringLiteral:
    """A string."""

    span: Span
    value: str


@dataclass(frozen=True, slots=True)
class VectorSelector:
    """Selects series at one time.

    Attributes:
        span: Its place, modifiers included.
        metric: The metric's name in front of the braces or quoted inside them; None where there is none.
        matchers: The matchers inside the braces, in order.
        offset: The ``offset`` modifier.
        at: The ``@`` modifier.
    """

    span: Span
    metric: Name | None
    matchers: tuple[Matcher, ...] = ()
    offset: Duration | None = None
    at: At | None = None


@dataclass(frozen=True, slots=True)
class MatrixSelector:
    """Selects the samples of a window.

    Attributes:
        span: Its place, window and modifiers included.
        vector: Which series; the modifiers that follow the window stand here.
        window: The length of the window.
    """

    span: Span
    vector: VectorSelector
    window: Duration


@dataclass(frozen=True, slots=True)
class Subquery:
    """Evaluates an expression at every step of a window: ``expr[1h:5m]``.

    Attributes:
        span: Its place, window and modifiers included.
        expr: What is evaluated.
        window: The length of the window.
        step: The step; None for the server's default.
        offset: The ``offset`` modifier.
        at: The ``@`` modifier.
    """

    span: Span
    expr: Expr
    window: Duration
    step: Duration | None = None
    offset: Duration | None = None
    at: At | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function call.

    Attributes:
        span: Its place.
        function: The function's name.
        arguments: Its arguments.
    """

    span: Span
    function: Name
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Grouping:
    """``by (…)`` or ``without (…)`` of an aggregation.

    Attributes:
        span: Its place, keyword and parentheses included.
        without: Whether the labels are taken away instead of kept.
        labels: The labels.
    """

    span: Span
    without: bool
    labels: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Aggregation:
    """An aggregation over series: ``sum by (plan) (…)``.

    Attributes:
        span: Its place.
        operator: ``sum``, ``topk``, ….
        expr: What is aggregated.
        parameter: The first argument of those that take two (``topk``, ``quantile``, ``count_values``, …).
        grouping: ``by`` or ``without``; None aggregates everything into one series.
    """

    span: Span
    operator: Name
    expr: Expr
    parameter: Expr | None = None
    grouping: Grouping | None = None


@dataclass(frozen=True, slots=True)
class Matching:
    """How the series of two sides are paired.

    Attributes:
        span: Its place.
        on: Whether ``labels`` are the ones compared (``on``) or the ones left out (``ignoring``).
        labels: The labels; empty with ``ignoring`` where only ``group_left`` or ``group_right`` stands.
        group: ``left`` or ``right`` where that side may have many partners; None for one to one.
        include: Labels that are taken over from the side with one.
    """

    span: Span
    on: bool
    labels: tuple[Name, ...]
    group: str | None = None
    include: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two expressions.

    Attributes:
        span: Its place.
        operator: The operator: ``+``, ``>=``, ``and``, …; its place is the operator's own.
        left: The left side.
        right: The right side.
        returns_bool: Whether a comparison has ``bool``: it gives 0 or 1 and drops nothing.
        matching: How series are paired, where the query says so.
    """

    span: Span
    operator: Name
    left: Expr
    right: Expr
    returns_bool: bool = False
    matching: Matching | None = None


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign in front of an expression."""

    span: Span
    operator: Name
    expr: Expr


@dataclass(frozen=True, slots=True)
class Paren:
    """An expression in parentheses."""

    span: Span
    expr: Expr


Expr = (
    NumberLiteral
    | StringLiteral
    | VectorSelector
    | MatrixSelector
    | Subquery
    | Call
    | Aggregation
    | Binary
    | Unary
    | Paren
)
"""Any expression."""

SET_OPERATORS = frozenset({"and", "or", "unless"})
COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})


_INSIDE: dict[type, Callable[[Any], tuple[Expr, ...]]] = {
    Aggregation: lambda expr: (expr.expr,) if expr.parameter is None else (expr.parameter, expr.expr),
    Binary: lambda expr: (expr.left, expr.right),
    Call: lambda expr: expr.arguments,
    MatrixSelector: lambda expr: (expr.vector,),
    Paren: lambda expr: (expr.expr,),
    Subquery: lambda expr: (expr.expr,),
    Unary: lambda expr: (expr.expr,),
}


def children(expr: Expr) -> tuple[Expr, ...]:
    """Return the expressions directly inside an expression, in the order of the query."""
    inside = _INSIDE.get(type(expr))  # a table: this runs for every piece of every query, many times
    return inside(expr) if inside is not None else ()


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield an expression and everything inside it, parents first; deep nesting needs no deep stack."""
    waiting = [expr]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(children(current)))


def without_parens(expr: Expr) -> Expr:
    """Return what stands inside an expression's outer parentheses."""
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr
