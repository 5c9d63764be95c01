"""What a template uses, and the values that flow through its pipelines."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from staging_validation.alerts.template_functions import Kind
from staging_validation.promql.tree import Span


class UseKind(str, Enum):
    """What a template uses."""

    LABEL = "label"
    VALUE = "value"
    EXTERNAL_LABEL = "external label"
    FUNCTION = "function"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """One thing that a template uses.

    Attributes:
        kind: What it is.
        name: The label's or function's name, or the query's text. Empty for all labels at once, for the value, and for
            a query that is put together when the alert fires.
        span: Its place in the template; a query's without the quotes.
        pipeline: The functions that a label or the value then goes through, the first one first.
    """

    kind: UseKind
    name: str
    span: Span
    pipeline: tuple[str, ...] = ()


@dataclass(slots=True)
class Source:
    """A use of a label or of the value whose pipeline is still being read."""

    kind: UseKind
    name: str
    span: Span
    pipeline: list[str] = field(default_factory=list)

    def use(self) -> TemplateUse:
        """Return what was read."""
        return TemplateUse(self.kind, self.name, self.span, tuple(self.pipeline))


@dataclass(frozen=True, slots=True)
class Operand:
    """A value in a pipeline.

    Attributes:
        kind: What it is.
        span: The piece it comes from.
        sources: The labels and values it was made of.
        literal: The text between its quotes, where it is a quoted text.
        formatted: Whether a function has made a text for people of it.
        is_call: Whether it is the result of a function.
    """

    kind: Kind
    span: Span
    sources: tuple[Source, ...] = ()
    literal: str | None = None
    formatted: bool = False
    is_call: bool = False
