"""Works out something for every piece of an expression, from the inside out; deep nesting needs no deep stack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from staging_validation.promql.tree import Expr, children, walk

_Found = TypeVar("_Found")


class Everywhere(Generic[_Found]):
    """What was worked out for every piece of one expression.

    Args:
        expr: The expression.
        visit: Gives what is to be known of a piece, from the piece and what is known of the expressions
            directly inside it, in the order of :func:`~staging_validation.promql.tree.children`.
    """

    __slots__ = ("_expr", "_found")

    def __init__(self, expr: Expr, visit: Callable[[Expr, Sequence[_Found]], _Found]) -> None:
        self._expr = expr  # kept, so that the identities below stay those of its pieces
        self._found: dict[int, _Found] = {}
        for piece in reversed(list(walk(expr))):
            inside = [self._found[id(child)] for child in children(piece)]
            self._found[id(piece)] = visit(piece, inside)

    @property
    def whole(self) -> _Found:
        """What was worked out for the expression as a whole."""
        return self._found[id(self._expr)]

    def of(self, piece: Expr) -> _Found:
        """Return what was worked out for a piece of the expression (the very object, not an equal one)."""
        return self._found[id(piece)]
