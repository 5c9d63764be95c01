"""Composes messages out of what a run found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from staging_validation.notifications.message import EarlierRun, Event, JobCount, Links, Message, RunName
from staging_validation.notifications.telling import MOST_FINDINGS, as_finding, telling_results
from staging_validation.reporting.wording import JOB_TITLES, by_job, count_statuses

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from staging_validation.notifications.memory import Waiting
    from staging_validation.results.model import CheckResult, RunResults


def not_green_message(run: RunName, results: RunResults, links: Links, *, note: str | None = None) -> Message:
    """Say that a run has ended and that not everything passed.

    Args:
        run: The run's names.
        results: What it found.
        links: Where to read on.
        note: What else there is to say.
    """
    telling = telling_results(results.results)
    return Message(
        event=Event.NOT_GREEN,
        findings=tuple(as_finding(result) for result in telling[:MOST_FINDINGS]),
        further_findings=max(0, len(telling) - MOST_FINDINGS),
        note=note,
        links=links,
        **_names(run, Event.NOT_GREEN),
        **_ended(results),
    )


def recovered_message(run: RunName, results: RunResults, links: Links, *, since: Waiting) -> Message:
    """Say that a run is green after one that people were told of.

    Args:
        run: The run's names.
        results: What it found.
        links: Where to read on.
        since: What people were told.
    """
    earlier = EarlierRun(run_id=since.run_id, event=since.event, outcome=since.outcome, told_at=since.told_at)
    return Message(
        event=Event.RECOVERED,
        recovered_from=earlier,
        links=links,
        **_names(run, Event.RECOVERED, since.run_id),
        **_ended(results),
    )


def late_message(run: RunName, links: Links, *, started_at: datetime | None, note: str) -> Message:
    """Say that a run has not ended by its deadline.

    Args:
        run: The run's names.
        links: Where to read on.
        started_at: When it began; None where it has not begun.
        note: Which deadline it missed.
    """
    return Message(event=Event.LATE, started_at=started_at, links=links, note=note, **_names(run, Event.LATE))


def count_jobs(results: Iterable[CheckResult]) -> tuple[JobCount, ...]:
    """Count results by job and status, in the order of a run."""
    return tuple(
        JobCount(
            job=kind,
            title=JOB_TITLES[kind],
            counts={status.name: count for status, count in count_statuses(group)},
        )
        for kind, group in by_job(results)
    )


def _names(run: RunName, event: Event, *also: str) -> dict[str, str]:
    return {
        "dag_id": run.dag_id,
        "airflow_run_id": run.airflow_run_id,
        "run_id": run.run_id,
        "event_id": ":".join([run.run_id, event.value, *also]),
    }


def _ended(results: RunResults) -> dict[str, object]:
    return {
        "outcome": results.outcome,
        "started_at": results.started_at,
        "finished_at": results.finished_at,
        "jobs": count_jobs(results.results),
    }
