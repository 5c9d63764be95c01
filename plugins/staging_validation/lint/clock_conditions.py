"""How long a condition on the time of day, week or month holds at most."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from staging_validation.promql.tree import Binary, Call, Expr, NumberLiteral, without_parens

_CLOCKS: Mapping[str, tuple[range, float]] = {
    "minute": (range(60), 60.0),
    "hour": (range(24), 3600.0),
    "day_of_week": (range(7), 86400.0),
}
"""The values of a function of the present, and how long each lasts; after the last the first comes again."""

_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True, slots=True)
class Run:
    """How long a condition holds at a stretch.

    Attributes:
        function: The function it is about: ``hour``.
        seconds: How long.
    """

    function: str
    seconds: float


def longest_run(pieces: Iterable[Expr]) -> Run | None:
    """Return how long the conditions on the clock hold at a stretch, at most.

    Args:
        pieces: Pieces that must all hold.

    Returns:
        The shortest of those of ``minute()``, ``hour()`` and ``day_of_week()``; None where there is none, or where
        they always hold.
    """
    allowed: dict[str, set[int]] = {}
    for piece in pieces:
        if not isinstance(piece, Binary) or piece.returns_bool or piece.operator.text not in _COMPARED:
            continue
        clock, number = _clock(piece.left), without_parens(piece.right)
        if clock is not None and isinstance(number, NumberLiteral):
            holds = _COMPARED[piece.operator.text]
            values = allowed.setdefault(clock, set(_CLOCKS[clock][0]))
            values &= {value for value in _CLOCKS[clock][0] if holds(value, number.value)}
    runs = [
        _run(clock, values) for clock, values in allowed.items() if 0 < len(values) < len(_CLOCKS[clock][0])
    ]
    return min(runs, key=lambda run: run.seconds, default=None)


def _clock(expr: Expr) -> str | None:
    """Return the clock that a condition asks, through other conditions on it: ``hour() >= 8 < 20``."""
    inner = without_parens(expr)
    while isinstance(inner, Binary) and inner.operator.text in _COMPARED and not inner.returns_bool:
        inner = without_parens(inner.left)
    if isinstance(inner, Call) and not inner.arguments and inner.function.text in _CLOCKS:
        return inner.function.text
    return None


def _run(clock: str, values: set[int]) -> Run:
    """Return the longest row of values that follow each other, over the end to the beginning too."""
    every, seconds = _CLOCKS[clock]
    longest = current = 0
    for value in (*every, *every):
        current = current + 1 if value in values else 0
        longest = max(longest, current)
    return Run(clock, longest * seconds)
