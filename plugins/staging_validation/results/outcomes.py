"""The five outcomes, their order, and the exit statuses they stand for."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Outcome(str, Enum):
    """What became of a check, of a task or of a whole run."""

    PASSED = "passed"
    """It was checked, and it is as it should be."""
    FAILED = "failed"
    """It was checked, and it is wrong. Never retried."""
    ERRORED = "errored"
    """It could not be checked: a service is down, a file is broken. Worth a retry."""
    REFUSED = "refused"
    """The guard said no: nothing was touched."""
    SKIPPED = "skipped"
    """It was not checked, for the reason that its evidence names."""

    @property
    def exit_status(self) -> int:
        """The command line's exit status for a run with this outcome (4 is a crash of our own)."""
        return _EXIT_STATUS[self]


_EXIT_STATUS = {
    Outcome.PASSED: 0,
    Outcome.SKIPPED: 0,
    Outcome.FAILED: 1,
    Outcome.ERRORED: 2,
    Outcome.REFUSED: 3,
}

CRASH_EXIT_STATUS = 4
"""Exit status of a crash of our own: neither a finding nor an outage, but a bug to report."""

_WORST_FIRST = (Outcome.REFUSED, Outcome.FAILED, Outcome.ERRORED, Outcome.PASSED)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Roll outcomes up to one: refused before failed before errored before passed.

    Args:
        outcomes: Any number of outcomes. Skipped ones carry no weight.

    Returns:
        The worst of them. Nothing at all, or nothing but skipped checks, has shown nothing and is
        therefore *failed*: a step that checks nothing has not passed.
    """
    seen = set(outcomes)
    return next((outcome for outcome in _WORST_FIRST if outcome in seen), Outcome.FAILED)
