"""Waits until the platform has processed what it has accepted."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from staging_validation.clients.polling import wait_for
from staging_validation.errors import DeadlineError
from staging_validation.results import CheckResult, Kind, Outcome

if TYPE_CHECKING:
    from staging_validation.clients.billing_api import BillingApi
    from staging_validation.clients.load_records import LoadRecords
    from staging_validation.workflows.model import WebhookEvent

_SUBJECT = "the platform's queue of webhooks"


@dataclass(frozen=True)
class Draining:
    """How long the platform is given to process what it has accepted.

    Attributes:
        longest_seconds: Altogether.
        quiet_seconds: How long nothing new must be recorded, after the last event was, before what is missing counts
            as lost.
        interval_seconds: The pause between two questions.
    """

    longest_seconds: float = 60.0
    quiet_seconds: float = 3.0
    interval_seconds: float = 0.2


PATIENT = Draining()
"""As long as a platform may take that keeps up with the load."""


def wait_until_through(
    api: BillingApi,
    records: LoadRecords,
    marker: WebhookEvent,
    signature: str,
    accepted: Collection[str],
    draining: Draining,
) -> CheckResult:
    """Send one last event, and wait until it and everything before it is recorded, or nothing moves any more.

    Args:
        api: The billing API.
        records: The staging database.
        marker: The last event, of a type that is only recorded.
        signature: Its signature.
        accepted: The ids of the events that were accepted before.
        draining: How long to wait.

    Raises:
        ServiceError: The platform or the database does not answer.
    """
    began = time.monotonic()
    answer = api.send_webhook(marker.body, signature)
    names, seen = sorted(accepted), _Seen()

    def through() -> bool | None:
        marked = records.count_recorded([marker.id]) == 1
        seen.note(records.count_recorded(names))
        quiet = seen.quiet_seconds() >= draining.quiet_seconds
        return True if marked and (quiet or seen.recorded == len(names)) else None

    try:
        wait_for(
            f"the platform's queue of webhooks to be through (the last one is {marker.id}, answered {answer.status})",
            through,
            timeout_seconds=draining.longest_seconds,
            interval_seconds=draining.interval_seconds,
            seen=lambda: f"{seen.recorded} of {len(names)} accepted events are recorded",
            remedy="read the service's log: its worker stands still, or is slower than the load",
        )
    except DeadlineError as error:
        return CheckResult.from_error(
            error,
            id="load.effects.queue",
            kind=Kind.LOAD,
            subject=_SUBJECT,
            expected="empty soon after the load",
        )
    took = time.monotonic() - began
    return CheckResult(
        id="load.effects.queue",
        kind=Kind.LOAD,
        subject=_SUBJECT,
        outcome=Outcome.PASSED,
        expected=f"empty within {draining.longest_seconds:g} s after the load",
        actual=f"through after {took:.1f} s",
        evidence={"accepted": len(names), "recorded": seen.recorded, "marker": marker.id},
        duration_seconds=took,
    )


class _Seen:
    """How many events were recorded at the last look, and when that number last grew."""

    def __init__(self) -> None:
        self.recorded = -1
        self._grew = time.monotonic()

    def note(self, recorded: int) -> None:
        if recorded > self.recorded:
            self.recorded, self._grew = recorded, time.monotonic()

    def quiet_seconds(self) -> float:
        return time.monotonic() - self._grew
