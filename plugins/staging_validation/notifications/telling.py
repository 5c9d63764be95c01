"""Chooses the few results that tell why a run is not green."""

from __future__ import annotations

from typing import TYPE_CHECKING

from staging_validation.notifications.message import Finding
from staging_validation.reporting.wording import brief, needing_attention
from staging_validation.results.model import CheckResult, Kind
from staging_validation.results.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_FINDINGS = 3
"""So many fit on a phone."""

_LONGEST_TEXT = 300
_WEIGHTY = frozenset({Outcome.REFUSED, Outcome.FAILED, Outcome.ERRORED})


def telling_results(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Order the results that brought a run to its outcome by how much they tell.

    The worst outcome comes first: what was found wrong says more than what could not be checked. Within an outcome
    every job has its say before a job has its second one, because one cause often fails many checks of one job.

    Args:
        results: All results of the run.

    Returns:
        Those that fail a run, the most telling first; warnings are left out.
    """
    weighty = [result for result in needing_attention(results) if result.counts_as in _WEIGHTY]
    seen: dict[tuple[Outcome, Kind], int] = {}
    ranked = []
    for position, result in enumerate(weighty):
        place = (result.outcome, result.kind)
        seen[place] = seen.get(place, 0) + 1
        ranked.append((_order(weighty, result.outcome), seen[place], position, result))
    return [result for *_, result in sorted(ranked, key=lambda entry: entry[:3])]


def as_finding(result: CheckResult) -> Finding:
    """Put a result into a few lines of text."""
    because = result.evidence.get("because")
    return Finding(
        id=result.id,
        job=result.kind,
        subject=result.subject,
        outcome=result.outcome,
        severity=result.severity,
        expected=None if result.expected is None else brief(result.expected, _LONGEST_TEXT),
        actual=None if result.actual is None else brief(result.actual, _LONGEST_TEXT),
        because=brief(because, _LONGEST_TEXT) if because else None,
        remedy=brief(result.remedy, _LONGEST_TEXT) if result.remedy else None,
    )


def _order(weighty: Sequence[CheckResult], outcome: Outcome) -> int:
    """Return an outcome's place among those that occur: they come the worst first already."""
    return list(dict.fromkeys(result.outcome for result in weighty)).index(outcome)
