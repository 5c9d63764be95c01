"""Weighs all evidence to one verdict.

The rule, in this order: any source that says *production* refuses; a required source that was asked and is not
positively *non-production* refuses; a source that could not be asked makes the guard errored; else it passes.
There is no bypass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from staging_validation.environment.evidence import Evidence, Reading
from staging_validation.results.outcomes import Outcome, worst

REQUIRED_SOURCES = frozenset({"marker", "stripe.key", "stripe.account"})
"""Sources without which no verdict can be positive."""


@dataclass(frozen=True)
class GuardVerdict:
    """What the guard decided.

    Attributes:
        outcome: Passed, refused or errored.
        evidence: Everything it was decided on.
        reasons: The sentences that decided it; empty when it passed.
    """

    outcome: Outcome
    evidence: tuple[Evidence, ...]
    reasons: tuple[str, ...]


def outcome_of(evidence: Evidence) -> Outcome:
    """Return what one piece of evidence means for the run on its own."""
    if evidence.reading is Reading.PRODUCTION:
        return Outcome.REFUSED
    if evidence.reading is Reading.UNREACHABLE:
        return Outcome.ERRORED
    if evidence.required and evidence.reading is not Reading.NON_PRODUCTION:
        return Outcome.REFUSED
    return Outcome.PASSED


def judge(evidence: Iterable[Evidence], *, required: frozenset[str] = REQUIRED_SOURCES) -> GuardVerdict:
    """Weigh evidence to a verdict.

    Args:
        evidence: What the sources say, in any order.
        required: Names of sources that must be among them.

    Returns:
        The verdict; a required source that is missing altogether refuses.
    """
    gathered = tuple(evidence)
    absent = required - {piece.source for piece in gathered}
    weighed = gathered + tuple(
        Evidence(source, Reading.UNKNOWN, f"{source} was not asked", required=True)
        for source in sorted(absent)
    )
    outcome = worst(outcome_of(piece) for piece in weighed)
    reasons = tuple(piece.because for piece in weighed if outcome_of(piece) is not Outcome.PASSED)
    return GuardVerdict(outcome, weighed, reasons)
