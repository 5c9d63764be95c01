"""Whether the arguments of a function call are those it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from staging_validation.promql.errors import TypeFault
from staging_validation.promql.functions import AGGREGATORS, FUNCTIONS, Function
from staging_validation.promql.tree import Aggregation, Call, Expr, ValueType, VectorSelector, without_parens


def call_faults(call: Call, value_type: Callable[[Expr], ValueType]) -> Iterator[TypeFault]:
    """Return what is wrong with a call.

    Args:
        call: The call.
        value_type: Says what an argument evaluates to.

    Yields:
        Each fault.
    """
    function = FUNCTIONS.get(call.function.text)
    if function is None:
        yield _unknown(call)
        return
    lowest, highest = _counts(function)
    count = len(call.arguments)
    if count < lowest or (highest is not None and count > highest):
        yield TypeFault(
            f"{function.name} takes {_counted(lowest, highest)}, here are {count}.",
            call.span,
            f"write {function.name}({function.example})",
        )
    for position, argument in enumerate(call.arguments):
        if position >= len(function.arguments) and not function.repeats:
            break
        wanted = function.arguments[min(position, len(function.arguments) - 1)]
        given = value_type(argument)
        if given is not wanted:
            yield TypeFault(
                f"{function.name} takes {with_article(wanted)} here, this is {with_article(given)}.",
                argument.span,
                _instead(function, argument, wanted, given),
            )
    if function.name == "info" and count > 1:
        yield from _info_faults(call.arguments[1])


def with_article(kind: ValueType) -> str:
    """Name a type in a sentence."""
    return f"{'an' if kind is ValueType.VECTOR else 'a'} {kind.value}"


def _counts(function: Function) -> tuple[int, int | None]:
    most = len(function.arguments)
    if function.repeats:
        return most - 1, None
    return most - function.optional, most


def _counted(lowest: int, highest: int | None) -> str:
    if highest is None:
        return f"at least {lowest} arguments"
    if lowest == highest:
        return f"{lowest} argument{'' if lowest == 1 else 's'}" if lowest else "no arguments"
    return f"{lowest} or {highest} arguments"


def _instead(function: Function, argument: Expr, wanted: ValueType, given: ValueType) -> str:
    inner = without_parens(argument)
    if wanted is ValueType.MATRIX and given is ValueType.VECTOR:
        if isinstance(inner, VectorSelector):
            return "add a window behind the series: [5m] ([$__rate_interval] in a dashboard)"
        if isinstance(inner, Aggregation):
            return f"aggregate last: {inner.operator.text}({function.name}(metric[5m]))"
        return f"put {function.name} directly around the series with its window, or use a subquery: (…)[5m:]"
    if wanted is ValueType.VECTOR and given is ValueType.MATRIX:
        return "take the window away, or put a function of windows around it: rate(metric[5m])"
    if wanted is ValueType.VECTOR and given is ValueType.SCALAR:
        return "make a series of the number with vector(…)"
    if wanted is ValueType.SCALAR and given is ValueType.VECTOR:
        return "write a number, or take the only series' value with scalar(…)"
    return f"write {function.name}({function.example})"


def _unknown(call: Call) -> TypeFault:
    name = call.function.text
    if name.lower() in FUNCTIONS:
        remedy = f"functions are written in small letters: {name.lower()}"
    else:
        from difflib import get_close_matches

        near = get_close_matches(name.lower(), (*FUNCTIONS, *AGGREGATORS), n=1)
        remedy = (
            f"did you mean {near[0]}?" if near else "see the list of functions in Prometheus' documentation"
        )
    return TypeFault(f"There is no function {name}.", call.function.span, remedy)


def _info_faults(argument: Expr) -> Iterator[TypeFault]:
    if not isinstance(argument, VectorSelector) or (
        argument.metric is not None and argument.span.start == argument.metric.span.start
    ):
        yield TypeFault(
            "The second argument of info selects labels, this is more.",
            argument.span,
            'write matchers alone: info(metric, {label=~".+"})',
        )
