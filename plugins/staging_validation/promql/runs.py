"""What Prometheus reads without complaint, but refuses when it runs it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from staging_validation.promql.errors import TypeFault
from staging_validation.promql.regexes import re2_fault
from staging_validation.promql.tree import (
    Aggregation,
    Call,
    Expr,
    StringLiteral,
    ValueType,
    walk,
    without_parens,
)
from staging_validation.promql.types import value_type

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LABEL_OF = {"label_replace": 1, "label_join": 1}
_PATTERN = 4


def run_faults(expr: Expr, *, range_query: bool = True) -> tuple[TypeFault, ...]:
    """Return what fails only when the query runs.

    Args:
        expr: An expression without type faults.
        range_query: Whether it is evaluated over time, as graphs are, or at one moment.

    Returns:
        The faults, in the order of the query.
    """
    faults = list(_result_faults(expr)) if range_query else []
    for part in walk(expr):
        if isinstance(part, Call):
            faults.extend(_call_faults(part))
        elif isinstance(part, Aggregation) and part.operator.text == "count_values":
            faults.extend(_label_faults(part.parameter))
    return tuple(faults)


def _result_faults(expr: Expr) -> Iterator[TypeFault]:
    kind = value_type(expr)
    if kind is ValueType.MATRIX:
        yield TypeFault(
            "The query gives a range vector, which cannot be drawn.",
            expr.span,
            "put a function around it: rate(metric[5m]), or take the window away",
        )
    elif kind is ValueType.STRING:
        yield TypeFault(
            "The query gives a string, which cannot be drawn.", expr.span, "write a series or a number"
        )


def _call_faults(call: Call) -> Iterator[TypeFault]:
    name, arguments = call.function.text, call.arguments
    if name in _LABEL_OF and len(arguments) > _LABEL_OF[name]:
        yield from _label_faults(arguments[_LABEL_OF[name]])
    if name == "label_replace" and len(arguments) > _PATTERN:
        pattern = without_parens(arguments[_PATTERN])
        fault = re2_fault(pattern.value) if isinstance(pattern, StringLiteral) else None
        if fault is not None:
            yield TypeFault(f"label_replace refuses its pattern: {fault.message}", pattern.span, fault.remedy)


def _label_faults(argument: Expr | None) -> Iterator[TypeFault]:
    label = without_parens(argument) if argument is not None else None
    if isinstance(label, StringLiteral) and not _LABEL.fullmatch(label.value):
        yield TypeFault(
            f'"{label.value}" is no name of a label.',
            label.span,
            "write letters, digits and _, no digit first (other names need Prometheus 3.0)",
        )
