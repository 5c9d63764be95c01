"""One PromQL expression, wherever it stands: in a panel, a variable, an annotation or a rule."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol, TypeVar

from staging_validation.promql.tree import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from staging_validation.alerts.model import AlertingRule, RecordingRule
    from staging_validation.dashboards.model import Annotation, Panel, Target, Variable
    from staging_validation.dashboards.variable_uses import VariableUse
    from staging_validation.lint.analysis import Analysis
    from staging_validation.promql.errors import PromqlSyntaxError, TypeFault
    from staging_validation.promql.labels import Labels
    from staging_validation.promql.quantities import UnitOf
    from staging_validation.promql.ranges import Interval
    from staging_validation.promql.tree import Call, Expr, ValueType

_Piece = TypeVar("_Piece")


class QueryKind(str, Enum):
    """What a query stands in."""

    TARGET = "target"
    VARIABLE = "variable"
    ANNOTATION = "annotation"
    ALERT = "alert"
    RECORD = "record"


class Expansion(Protocol):
    """A text whose variables are replaced, and the way back."""

    @property
    def text(self) -> str:
        """The text with its variables replaced."""

    @property
    def uses(self) -> Sequence[VariableUse]:
        """The variables that were replaced."""

    @property
    def unknown(self) -> Sequence[VariableUse]:
        """Those of them that nobody defines."""

    @property
    def opaque(self) -> bool:
        """Whether a variable decides over the text's structure."""

    def original(self, span: Span) -> Span:
        """Return where a piece of :attr:`text` comes from."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What a query belongs to; the others are None.

    Attributes:
        panel: The panel, with its ``target``.
        target: The target.
        variable: The variable.
        annotation: The annotation.
        alert: The alerting or recording rule.
    """

    panel: Panel | None = None
    target: Target | None = None
    variable: Variable | None = None
    annotation: Annotation | None = None
    alert: AlertingRule | RecordingRule | None = None


class Query:
    """One PromQL expression.

    ``tree``, and all spans in it, speak of ``expanded``. A finding's span speaks of ``text``: use
    :meth:`original` for the way back.

    Args:
        text: See below.
        kind: See below.
        pointer: See below.
        owner: What it belongs to.
        expansion: The expression with its variables replaced.
        analysis: The expanded expression's tree and what is inferred from it.
        range_query: See below.
        offset: See below.

    Attributes:
        text: The text as it stands in the file.
        kind: What it stands in.
        pointer: Its place in the file.
        owner: What it belongs to.
        analysis: What is inferred: with the properties below also ``labels_everywhere``, ``units_everywhere``.
        range_query: Whether it is evaluated at many times (a graph) and not at one.
        uses: The variables that it uses; their spans count from where the expression begins in ``text``.
        offset: Where that is: 0, or behind ``label_values(``.
    """

    __slots__ = (
        "_expansion",
        "analysis",
        "kind",
        "offset",
        "owner",
        "pointer",
        "range_query",
        "text",
        "uses",
    )

    def __init__(
        self,
        text: str,
        *,
        kind: QueryKind,
        pointer: str,
        owner: Owner,
        expansion: Expansion,
        analysis: Analysis,
        range_query: bool,
        offset: int = 0,
    ) -> None:
        self.text = text
        self.kind = kind
        self.pointer = pointer
        self.owner = owner
        self.analysis = analysis
        self.range_query = range_query
        self.uses = tuple(expansion.uses)
        self._expansion = expansion
        self.offset = offset

    @property
    def expanded(self) -> str:
        """The expression with its variables replaced, by stand-ins where their values are not known."""
        return self.analysis.text

    @property
    def opaque(self) -> bool:
        """Whether a variable decides over its structure: then it has no tree, but no fault either."""
        return self._expansion.opaque

    @property
    def unknown(self) -> Sequence[VariableUse]:
        """The uses of variables that nobody defines."""
        return self._expansion.unknown

    @property
    def tree(self) -> Expr | None:
        """The expression's tree; None where it is no PromQL, or opaque."""
        return self.analysis.tree

    @property
    def fault(self) -> PromqlSyntaxError | None:
        """Why the expression is no PromQL; its span speaks of ``expanded``."""
        return self.analysis.fault

    @property
    def type_faults(self) -> tuple[TypeFault, ...]:
        """What Prometheus refuses in it although it is well formed; the spans speak of ``expanded``."""
        return self.analysis.type_faults

    @property
    def value_type(self) -> ValueType | None:
        """What it evaluates to; None where it is no PromQL."""
        return self.analysis.value_type

    @property
    def labels(self) -> Labels | None:
        """The labels of its series; None where it is no PromQL."""
        return self.analysis.labels

    @property
    def unit(self) -> UnitOf | None:
        """What its values are; None where that is not known."""
        return self.analysis.unit

    @property
    def interval(self) -> Interval | None:
        """Between which numbers its values lie; None where it is no PromQL."""
        return self.analysis.interval

    def pieces(self, kind: type[_Piece]) -> tuple[_Piece, ...]:
        """Return all pieces of the tree of one type (``Call``, ``Binary``, …), parents first.

        Prefer it to walking the tree: all rules share one walk.
        """
        return self.analysis.pieces(kind)

    def calls(self, *functions: str) -> Iterator[Call]:
        """Yield the calls of some functions; of all without names."""
        return self.analysis.calls(*functions)

    def parent(self, piece: Expr) -> Expr | None:
        """Return what a piece of the tree stands directly inside of; None for the whole expression."""
        return self.analysis.parent(piece)

    def ancestors(self, piece: Expr) -> Iterator[Expr]:
        """Yield everything that a piece of the tree stands inside of, from the inside out."""
        return self.analysis.ancestors(piece)

    def original(self, span: Span) -> Span:
        """Return where a piece of ``expanded`` comes from in ``text``.

        A piece that a variable brought comes from the variable as a whole: ``$interval``.
        """
        start, end = self._expansion.original(span)
        return Span(start + self.offset, end + self.offset)

    def written(self, span: Span) -> str:
        """Return a piece of ``expanded`` as it is written in the file, for messages."""
        start, end = self.original(span)
        return self.text[start:end]
