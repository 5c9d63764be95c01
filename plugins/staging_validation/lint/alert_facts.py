"""What several rules about alerts ask: what must hold for one to fire, and what its texts show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from staging_validation.alerts.model import AlertingRule, RecordingRule
from staging_validation.alerts.templates import Template, read_template
from staging_validation.lint.context import Context
from staging_validation.lint.query import Query
from staging_validation.promql.functions import FUNCTIONS, LabelEffect
from staging_validation.promql.tree import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Expr,
    NumberLiteral,
    Paren,
    Span,
    Subquery,
    Unary,
    ValueType,
    children,
    without_parens,
)
from staging_validation.promql.types import value_type

_LONGEST = 60
_SHOWN_WHATEVER_THERE_IS = (LabelEffect.OF_MATCHERS, LabelEffect.NONE)


@dataclass(frozen=True, slots=True)
class AlertText:
    """The value of one of an alert's labels or annotations: a template.

    Attributes:
        part: ``labels`` or ``annotations``.
        name: The label or annotation.
        text: The template's text.
        pointer: Its place in the file.
        template: What it uses.
    """

    part: str
    name: str
    text: str
    pointer: str
    template: Template

    @property
    def what(self) -> str:
        """How messages name it: ``annotation summary``."""
        return f"{self.part.removesuffix('s')} {self.name}"


def alert_texts(rule: AlertingRule) -> Iterator[AlertText]:
    """Yield the labels and annotations of an alert that are more than plain text."""
    parts: tuple[tuple[str, Mapping[str, str]], ...] = (
        ("labels", rule.labels),
        ("annotations", rule.annotations),
    )
    for part, texts in parts:
        for name, text in texts.items():
            if "{" in text or "$" in text:
                yield AlertText(part, name, text, below(rule.pointer, part, name), read_template(text))


def below(pointer: str, *names: str) -> str:
    """Return the place of something below a place: a JSON pointer."""
    return pointer + "".join(f"/{name.replace('~', '~0').replace('/', '~1')}" for name in names)


def rule_labels(rule: AlertingRule | RecordingRule, context: Context) -> dict[str, str]:
    """Return the labels that a rule adds to its series; its own go over those of its group."""
    return {**(context.rule_group.labels if context.rule_group else {}), **rule.labels}


def readable(context: Context) -> Query | None:
    """Return the query of the rule at hand; None where Prometheus refuses it, which is reported already."""
    query = context.query
    if query is None or query.tree is None or query.type_faults:
        return None
    return query if query.value_type in (ValueType.VECTOR, ValueType.SCALAR) else None


def shown(query: Query, span: Span) -> str:
    """Return a piece of a query as a message shows it: on one line, and cut short."""
    text = " ".join(query.written(span).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def alternatives(expr: Expr) -> tuple[Expr, ...]:
    """Return the sides of the outermost ``or``: each can make the alert fire. Without one: the whole."""
    inner = without_parens(expr)
    if isinstance(inner, Binary) and inner.operator.text == "or":
        return alternatives(inner.left) + alternatives(inner.right)
    return (inner,)


def needed(expr: Expr) -> Iterator[Expr]:
    """Yield the pieces that must find something if the whole is to find something, parents first.

    ``a / (b > 0)`` needs all of its pieces, ``a unless b`` only ``a``, and ``a or b`` neither side alone.
    """
    waiting = [expr]
    while waiting:
        piece = waiting.pop()
        yield piece
        waiting.extend(reversed(_needed_below(piece)))


def is_looked_back_at(query: Query, piece: Expr) -> bool:
    """Tell whether a piece is evaluated at other times than the whole: inside of a subquery."""
    return any(isinstance(above, Subquery) for above in query.ancestors(piece))


def _needed_below(piece: Expr) -> tuple[Expr, ...]:
    if isinstance(piece, Binary) and piece.operator.text == "or":
        return ()
    if isinstance(piece, Binary) and piece.operator.text == "unless":
        return (piece.left,)
    if isinstance(piece, Call):
        function = FUNCTIONS.get(piece.function.text)
        return () if function is None or function.labels in _SHOWN_WHATEVER_THERE_IS else piece.arguments
    return children(piece)


def is_filter(expr: Expr) -> bool:
    """Tell whether an expression lets only some series pass: a comparison without ``bool``, and, unless, absent."""
    if isinstance(expr, Binary):
        operator = expr.operator.text
        return operator in ("and", "unless") or (operator in COMPARISONS and not expr.returns_bool)
    return isinstance(expr, Call) and expr.function.text in ("absent", "absent_over_time")


def has_condition(expr: Expr) -> bool:
    """Tell whether an expression filters anywhere but in a divisor that it only keeps from being 0."""
    inner = without_parens(expr)
    if is_filter(inner):
        return True
    guarded = isinstance(inner, Binary) and inner.operator.text == "/" and _is_guard(inner.right)
    inside = (inner.left,) if guarded and isinstance(inner, Binary) else children(inner)
    return any(has_condition(piece) for piece in inside)


def _is_guard(divisor: Expr) -> bool:
    """Tell whether a divisor is ``x > 0`` or ``x != 0``."""
    inner = without_parens(divisor)
    if not isinstance(inner, Binary) or inner.operator.text not in (">", "!="):
        return False
    bound = without_parens(inner.right)
    return isinstance(bound, NumberLiteral) and bound.value == 0 and not has_condition(inner.left)


def is_always_there(expr: Expr) -> bool:
    """Tell whether an expression gives something whatever series there are: ``vector(1)``, ``x or vector(0)``."""
    expr = without_parens(expr)
    if isinstance(expr, Call) and (function := FUNCTIONS.get(expr.function.text)):
        if function.labels is LabelEffect.NONE or not expr.arguments:
            return True
        return function.labels is not LabelEffect.OF_MATCHERS and any(
            is_always_there(argument) for argument in expr.arguments
        )
    if isinstance(expr, Aggregation):
        return is_always_there(expr.expr)
    if isinstance(expr, (Unary, Paren)):
        return is_always_there(expr.expr)
    if isinstance(expr, Binary) and expr.operator.text == "or":
        return is_always_there(expr.left) or is_always_there(expr.right)
    if isinstance(expr, Binary) and not is_filter(expr):  # with a number on one side, nothing needs a partner
        sides = (expr.left, expr.right)
        vectors = [side for side in sides if value_type(side) is not ValueType.SCALAR]
        return len(vectors) < len(sides) and all(is_always_there(side) for side in vectors)
    return False
