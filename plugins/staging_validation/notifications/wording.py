"""The sentences that every channel shares."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from staging_validation.notifications.message import Event
from staging_validation.reporting.wording import duration
from staging_validation.results.outcomes import Outcome

if TYPE_CHECKING:
    from staging_validation.notifications.message import Finding, JobCount, Message

SYMBOLS = {
    Outcome.REFUSED: "⊘",
    Outcome.FAILED: "✗",
    Outcome.ERRORED: "!",
    Outcome.PASSED: "✓",
    Outcome.SKIPPED: "○",
}
"""Signs that tell outcomes apart without colour, as on the report's page."""

_SENTENCES = {
    Outcome.FAILED: "has failed: something that was checked is wrong",
    Outcome.ERRORED: "has errored: something could not be checked",
    Outcome.REFUSED: "was refused: this environment may not be touched",
}


def headline(message: Message) -> str:
    """Say in one line what has happened: the subject of an e-mail."""
    if message.event is Event.RECOVERED:
        return f"{message.dag_id} has recovered"
    if message.event is Event.LATE:
        return f"{message.dag_id} is late"
    return f"{message.dag_id} {message.outcome.value if message.outcome else 'not green'}"


def lead(message: Message) -> str:
    """Say in one or two sentences what has happened to which run."""
    run = f"Run {message.run_id}"
    if message.event is Event.LATE:
        said = f"{run} has not ended by its deadline."
    elif message.event is Event.RECOVERED:
        said = f"{run} is green again.{_since(message)}"
    else:
        said = f"{run} {_SENTENCES.get(message.outcome or Outcome.ERRORED, 'is not green')}."
    return f"{said} {message.note}" if message.note else said


def times(message: Message) -> str:
    """Say when the run began and how long it took; empty where that is not known."""
    if message.started_at is None:
        return ""
    began = f"Started {moment(message.started_at)}"
    if message.finished_at is None:
        return began
    return f"{began}, took {duration((message.finished_at - message.started_at).total_seconds())}"


def moment(at: datetime) -> str:
    """Write a time to the second, in UTC."""
    return f"{at.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def counted(job: JobCount) -> str:
    """Write a job's counts: ``2 failed, 10 passed``."""
    return ", ".join(f"{count} {status}" for status, count in job.counts.items())


def facts(finding: Finding) -> list[tuple[str, str]]:
    """Return what a finding says, by name; what it does not say is left out."""
    named = {
        "expected": finding.expected,
        "actual": finding.actual,
        "because": finding.because,
        "remedy": finding.remedy,
    }
    return [(name, text) for name, text in named.items() if text]


def further(message: Message) -> str:
    """Say how many more results there are like those shown; empty when there are none."""
    count = message.further_findings
    return f"and {count} more in the report" if count else ""


def _since(message: Message) -> str:
    earlier = message.recovered_from
    if earlier is None:
        return ""
    was = earlier.outcome.value if earlier.outcome else "late"
    return f" Run {earlier.run_id} was {was}, as told on {moment(earlier.told_at)}."
