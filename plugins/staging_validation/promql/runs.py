"""What Prometheus reads without complaint, but refuses when it runs it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from staging_validation.promql.errors import TypeFault
from staging_validation.promql.known import STAND_IN
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
_INSTEAD = {
    ValueType.MATRIX: "put a function around it that makes numbers of it, such as rate(…) or last_over_time(…)",
    ValueType.STRING: "write a series or a number",
}


def run_faults(
    expr: Expr, *, range_query: bool = True, any_label_name: bool = False
) -> tuple[TypeFault, ...]:
    """Return what fails only when the query runs.

    Args:
        expr: An expression without type faults.
        range_query: Whether it must give numbers, as graphs and rules need them; a table may show a window.
        any_label_name: Whether a label may have any name, as since Prometheus 3.0.

    Returns:
        The faults, in the order of the query.
    """
    faults = list(_result_faults(expr)) if range_query else []
    for part in walk(expr):
        if isinstance(part, Call):
            faults.extend(_call_faults(part, any_label_name=any_label_name))
        elif isinstance(part, Aggregation) and part.operator.text == "count_values":
            faults.extend(_label_faults(part.parameter, any_name=any_label_name))
    return tuple(faults)


def _result_faults(expr: Expr) -> Iterator[TypeFault]:
    kind = value_type(expr)
    if kind in _INSTEAD:
        yield TypeFault(
            f"The query gives a {kind.value}, but a graph or a rule takes one number for each series at each time, so "
            "Prometheus refuses it.",
            expr.span,
            _INSTEAD[kind],
        )


def _call_faults(call: Call, *, any_label_name: bool) -> Iterator[TypeFault]:
    name, arguments = call.function.text, call.arguments
    if name in _LABEL_OF and len(arguments) > _LABEL_OF[name]:
        yield from _label_faults(arguments[_LABEL_OF[name]], any_name=any_label_name)
    if name == "label_replace" and len(arguments) > _PATTERN:
        pattern = without_parens(arguments[_PATTERN])
        fault = re2_fault(pattern.value) if isinstance(pattern, StringLiteral) else None
        if fault is not None:
            yield TypeFault(f"label_replace refuses its pattern: {fault.message}", pattern.span, fault.remedy)


def _label_faults(argument: Expr | None, *, any_name: bool) -> Iterator[TypeFault]:
    label = without_parens(argument) if argument is not None else None
    if not isinstance(label, StringLiteral) or STAND_IN in label.value:
        return
    if not label.value or not (any_name or _LABEL.fullmatch(label.value)):
        yield TypeFault(
            f'"{label.value}" is no name of a label.',
            label.span,
            "write letters, digits and _, no digit first (other names need Prometheus 3.0)",
        )
