"""One sample: a series and its value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """A series with its value at one time.

    Attributes:
        name: The metric's name; empty for the result of an expression.
        labels: The series' labels, without the name.
        value: The value; may be NaN or infinite.
    """

    name: str
    labels: Mapping[str, str]
    value: float

    @property
    def series(self) -> str:
        """The series as Prometheus writes it: ``name{label="value"}``, labels in alphabetical order."""
        inside = ",".join(f'{label}="{value}"' for label, value in sorted(self.labels.items()))
        return f"{self.name}{{{inside}}}" if inside else self.name
