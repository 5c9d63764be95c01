"""What can be said of an expression without running it; worked out once for equal expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from staging_validation.promql.errors import PromqlSyntaxError, TypeFault
from staging_validation.promql.labels import labels_everywhere
from staging_validation.promql.parser import parse
from staging_validation.promql.ranges import infer_range
from staging_validation.promql.tree import Call, children, walk
from staging_validation.promql.types import type_faults, value_type
from staging_validation.promql.units import units_everywhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from staging_validation.promql.fold import Everywhere
    from staging_validation.promql.known import KnownMetrics
    from staging_validation.promql.labels import Labels
    from staging_validation.promql.quantities import Quantity, UnitOf
    from staging_validation.promql.ranges import Interval
    from staging_validation.promql.tree import Expr, ValueType

_Piece = TypeVar("_Piece")


class Analysis:
    """An expression's tree, and what is inferred from it when somebody asks.

    Args:
        text: The expression, its variables replaced.
        known: The known metrics; None where there are none.
        opaque: Whether a variable decides over its structure, so that nothing can be said of it.

    Attributes:
        text: The expression.
        known: The known metrics.
    """

    __slots__ = (
        "_fault",
        "_interval",
        "_is_read",
        "_labels",
        "_parents",
        "_pieces",
        "_tree",
        "_type_faults",
        "_units",
        "known",
        "text",
    )

    def __init__(self, text: str, known: KnownMetrics | None, *, opaque: bool = False) -> None:
        self.text = text
        self.known = known
        self._tree: Expr | None = None
        self._fault: PromqlSyntaxError | None = None
        self._is_read = opaque  # read when somebody asks, which is where the work is shared between processes
        # Rules ask thousands of times: every answer is kept in a field of its own.
        self._type_faults: tuple[TypeFault, ...] | None = None
        self._labels: Everywhere[Labels] | None = None
        self._units: Everywhere[Quantity] | None = None
        self._interval: Interval | None = None
        self._pieces: dict[type, tuple[Any, ...]] | None = None
        self._parents: dict[int, Expr] = {}

    @property
    def tree(self) -> Expr | None:
        """Its tree; None where it is no PromQL, or opaque."""
        if not self._is_read:
            self._read()
        return self._tree

    @property
    def fault(self) -> PromqlSyntaxError | None:
        """Why it is no PromQL; None where it is."""
        if not self._is_read:
            self._read()
        return self._fault

    def _read(self) -> None:
        self._is_read = True
        try:
            self._tree = parse(self.text)
        except PromqlSyntaxError as error:
            self._fault = error

    def pieces(self, kind: type[_Piece]) -> tuple[_Piece, ...]:
        """Return all pieces of the tree of one type, parents first; none where there is no tree."""
        pieces = self._pieces
        if pieces is None:
            pieces = self._index()
        return cast("tuple[_Piece, ...]", pieces.get(kind, ()))

    def calls(self, *functions: str) -> Iterator[Call]:
        """Yield the calls of some functions; of all without names."""
        for call in self.pieces(Call):
            if not functions or call.function.text in functions:
                yield call

    def parent(self, piece: Expr) -> Expr | None:
        """Return what a piece of the tree stands directly inside of; None for the whole expression."""
        if self._pieces is None:
            self._index()
        return self._parents.get(id(piece))

    def ancestors(self, piece: Expr) -> Iterator[Expr]:
        """Yield everything that a piece of the tree stands inside of, from the inside out."""
        above = self.parent(piece)
        while above is not None:
            yield above
            above = self._parents.get(id(above))

    def _index(self) -> dict[type, tuple[Any, ...]]:
        found: dict[type, list[Any]] = {}
        for piece in walk(self.tree) if self.tree is not None else ():
            found.setdefault(type(piece), []).append(piece)
            for child in children(piece):
                self._parents[id(child)] = piece
        self._pieces = {kind: tuple(pieces) for kind, pieces in found.items()}
        return self._pieces

    @property
    def type_faults(self) -> tuple[TypeFault, ...]:
        """What Prometheus refuses in a tree that is well formed."""
        if self._type_faults is None:
            self._type_faults = () if self.tree is None else type_faults(self.tree)
        return self._type_faults

    @property
    def value_type(self) -> ValueType | None:
        """What it evaluates to."""
        return None if self.tree is None else value_type(self.tree)

    @property
    def labels(self) -> Labels | None:
        """The labels of its series."""
        everywhere = self.labels_everywhere
        return everywhere.whole if everywhere else None

    @property
    def labels_everywhere(self) -> Everywhere[Labels] | None:
        """The labels of the series of its every piece: ``labels_everywhere.of(piece)``."""
        if self._labels is None and self.tree is not None:
            self._labels = labels_everywhere(self.tree, self.known)
        return self._labels

    @property
    def unit(self) -> UnitOf | None:
        """What its values are; None where that is not known."""
        everywhere = self.units_everywhere
        return everywhere.whole.shown() if everywhere else None

    @property
    def units_everywhere(self) -> Everywhere[Quantity] | None:
        """What the values of its every piece are: ``units_everywhere.of(piece)``."""
        if self._units is None and self.tree is not None:
            self._units = units_everywhere(self.tree, self.known)
        return self._units

    @property
    def interval(self) -> Interval | None:
        """Between which numbers its values lie."""
        if self._interval is None and self.tree is not None:
            self._interval = infer_range(self.tree, self.known)
        return self._interval
