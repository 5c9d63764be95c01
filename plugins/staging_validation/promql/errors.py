"""What is wrong with a query: its grammar, or the types of its parts."""

from __future__ import annotations

from dataclasses import dataclass

from staging_validation.errors import CheckFailedError
from staging_validation.promql.tree import Span


class PromqlSyntaxError(CheckFailedError):
    """A text is not a PromQL expression.

    Args:
        message: What was expected and what stands there instead.
        span: The wrong piece.
        remedy: What to write instead.
    """

    def __init__(self, message: str, span: Span, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.span = span


@dataclass(frozen=True, slots=True)
class TypeFault:
    """A well-formed expression that Prometheus refuses, because a part is of a type that does not belong there.

    Attributes:
        message: What is wrong.
        span: The wrong piece.
        remedy: What to write instead.
    """

    message: str
    span: Span
    remedy: str
