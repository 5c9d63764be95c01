"""What is known of the labels of an expression's series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from staging_validation.promql.known import LabelValues
from staging_validation.promql.tree import Span


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of an expression's series.

    Attributes:
        guaranteed: Those that every series has.
        possible: Those that a series may have, the guaranteed ones included; None where any may be there.
        lost: Those that the metrics have and an operator took away, each with the operator's place.
        closed_at: The operator that says which labels there are, whatever the metrics have: an aggregation.
        values: What is known of their values, by label.
        scalar: Whether the expression is a number (or text) without labels and not a set of series.
    """

    guaranteed: frozenset[str] = frozenset()
    possible: frozenset[str] | None = frozenset()
    lost: Mapping[str, Span] = field(default_factory=dict)
    closed_at: Span | None = None
    values: Mapping[str, LabelValues] = field(default_factory=dict)
    scalar: bool = False

    @property
    def gone(self) -> frozenset[str]:
        """The labels that an operator took away."""
        return frozenset(self.lost)

    def may_have(self, label: str) -> bool:
        """Return whether a series can have a label."""
        return self.possible is None or label in self.possible

    def lost_at(self, label: str) -> Span | None:
        """Return the place of the operator that took a label away; None where the label may be there."""
        if self.may_have(label):
            return None
        return self.lost.get(label, self.closed_at)

    def without(self, labels: frozenset[str], span: Span) -> Labels:
        """Return what is left when an operator at a place takes labels away."""
        taken = labels if self.possible is None else labels & self.possible
        return self._losing(taken, span) if taken else self

    def only(self, labels: frozenset[str], span: Span) -> Labels:
        """Return what is left when an operator at a place takes all other labels away."""
        taken = (self.guaranteed if self.possible is None else self.possible) - labels
        left = self._losing(taken, span) if taken else self
        possible = labels if left.possible is None else left.possible
        return Labels(left.guaranteed, possible, left.lost, self.closed_at or span, left.values)

    def _losing(self, taken: frozenset[str], span: Span) -> Labels:
        values = self.values
        if not taken.isdisjoint(values):
            values = {label: known for label, known in values.items() if label not in taken}
        possible = None if self.possible is None else self.possible - taken
        lost = {**self.lost, **dict.fromkeys(taken, span)}
        return Labels(self.guaranteed - taken, possible, lost, self.closed_at, values)

    def having(self, label: str, values: LabelValues | None = None) -> Labels:
        """Return the labels with one that every series has."""
        known = {name: value for name, value in self.values.items() if name != label}
        if values is not None:
            known[label] = values
        return self._with(label, self.guaranteed | {label}, known)

    def maybe_having(self, label: str) -> Labels:
        """Return the labels with one that some series may have, with a value that is not known."""
        known = {name: value for name, value in self.values.items() if name != label}
        return self._with(label, self.guaranteed - {label}, known)

    def _with(self, label: str, guaranteed: frozenset[str], values: Mapping[str, LabelValues]) -> Labels:
        lost = self.lost
        if label in lost:
            lost = {name: span for name, span in lost.items() if name != label}
        possible = None if self.possible is None else self.possible | {label}
        return Labels(guaranteed, possible, lost, self.closed_at, values)


def either(left: Labels, right: Labels) -> Labels:
    """Return the labels of series of which some come from one side and some from the other: ``or``."""
    both = left.possible is not None and right.possible is not None
    return Labels(
        guaranteed=left.guaranteed & right.guaranteed,
        possible=(left.possible or frozenset()) | (right.possible or frozenset()) if both else None,
        lost={
            label: span
            for label, span in {**right.lost, **left.lost}.items()
            if not left.may_have(label) and not right.may_have(label)
        },
        closed_at=left.closed_at or right.closed_at,
        values={
            label: LabelValues(
                known.values | right.values[label].values, known.open or right.values[label].open
            )
            for label, known in left.values.items()
            if label in right.values
        },
    )
