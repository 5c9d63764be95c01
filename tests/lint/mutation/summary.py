"""What the verdicts over many mutants come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.lint.mutation.judge import Outcome, Verdict

if TYPE_CHECKING:
    from pydantic import JsonValue

DEMANDED = 0.95
"""The share of the mutants that must be caught: by the right rule, at the right place."""

LEAST_EACH, LEAST_IN_ALL = 3, 200
"""How many mutants there must be of each defect class, and in all."""


@dataclass(frozen=True)
class Tally:
    """How many mutants there were, and how many were caught.

    Attributes:
        mutants: How many.
        caught: How many of them were caught.
    """

    mutants: int
    caught: int

    @property
    def rate(self) -> float:
        """The share that was caught."""
        return self.caught / self.mutants if self.mutants else 0.0


def by_class(verdicts: Iterable[Verdict]) -> Mapping[str, Tally]:
    """Return the tally of each defect class, in the order of the catalogue of defects."""
    mutants: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for verdict in verdicts:
        mutants[verdict.mutant.operator.defect] += 1
        caught[verdict.mutant.operator.defect] += verdict.outcome is Outcome.CAUGHT
    return {defect: Tally(mutants[defect], caught[defect]) for defect in sorted(mutants, key=_order)}


def in_all(verdicts: Iterable[Verdict]) -> Tally:
    """Return the tally of all."""
    tallies = by_class(verdicts).values()
    return Tally(sum(tally.mutants for tally in tallies), sum(tally.caught for tally in tallies))


def misses(verdicts: Iterable[Verdict]) -> list[str]:
    """Return what was not caught, each with what became of it."""
    return [
        f"{verdict.mutant.operator.defect} {verdict.mutant.id}: {verdict.outcome.value}"
        for verdict in verdicts
        if verdict.outcome is not Outcome.CAUGHT
    ]


def told(verdicts: Iterable[Verdict]) -> str:
    """Return the rates in a few lines: in all, and of each class."""
    listed = list(verdicts)
    tallies = by_class(listed)
    total = in_all(listed)
    classes = [f"{defect} {tally.caught}/{tally.mutants}" for defect, tally in tallies.items()]
    rows = [", ".join(classes[start : start + 8]) for start in range(0, len(classes), 8)]
    head = f"{total.caught} of {total.mutants} mutants caught: {total.rate:.1%} (demanded: {DEMANDED:.0%})"
    return "\n".join([head, *rows])


def summary(verdicts: Iterable[Verdict]) -> dict[str, JsonValue]:
    """Return the figures as JSON values."""
    listed = list(verdicts)
    total = in_all(listed)
    outcomes = Counter(verdict.outcome.value for verdict in listed)
    missed: list[JsonValue] = list(misses(listed))
    return {
        "mutants": total.mutants,
        "caught": total.caught,
        "rate": round(total.rate, 4),
        "demanded": DEMANDED,
        "operators": len({verdict.mutant.operator.name for verdict in listed}),
        "controls": len({verdict.mutant.control.name for verdict in listed}),
        "outcomes": dict(sorted(outcomes.items())),
        "classes": {
            defect: {"mutants": tally.mutants, "caught": tally.caught}
            for defect, tally in by_class(listed).items()
        },
        "with_findings_of_other_rules": sum(bool(verdict.others) for verdict in listed),
        "not_caught": missed,
    }


def _order(defect: str) -> tuple[str, int]:
    return defect[0], int(defect[1:])
