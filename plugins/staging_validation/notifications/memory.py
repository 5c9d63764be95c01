"""What has been told of a DAG's runs, so that nothing is told twice and a recovery is told once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from staging_validation.notifications.message import Event
from staging_validation.results.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_KEPT = 20
"""A run is asked about within minutes of its end; the last few are more than enough."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Attempt(_Part):
    """That a message was sent, or given up.

    Attributes:
        run_id: The run it was about.
        event: What it said.
        channel: Where it went.
    """

    run_id: str
    event: Event
    channel: str


class Waiting(_Part):
    """What a channel was told last and has not been told to be over.

    Attributes:
        run_id: The run.
        event: What was told: not green, or late.
        outcome: The run's outcome; None where it was late.
        told_at: When, with time zone.
    """

    run_id: str
    event: Event
    outcome: Outcome | None = None
    told_at: AwareDatetime


class Memory(_Part):
    """What the channels have been told of the runs of one DAG.

    Attributes:
        schema_version: Version of the file it is kept in.
        attempts: The last messages that were sent or given up.
        waiting: The channels that still wait to hear of a recovery.
    """

    schema_version: Literal[1] = 1
    attempts: tuple[Attempt, ...] = ()
    waiting: Mapping[str, Waiting] = {}

    def untold(self, run_id: str, event: Event, channels: Iterable[str]) -> list[str]:
        """Return the channels to which nobody has tried to say this yet."""
        done = {
            attempt.channel for attempt in self.attempts if (attempt.run_id, attempt.event) == (run_id, event)
        }
        return [channel for channel in channels if channel not in done]

    def told(
        self,
        run_id: str,
        event: Event,
        channel: str,
        *,
        outcome: Outcome | None,
        at: datetime,
        delivered: bool,
    ) -> Memory:
        """Return the memory after an attempt to tell bad news.

        Args:
            run_id: The run.
            event: Not green, or late.
            channel: Where it went.
            outcome: The run's outcome, where it has one.
            at: When, with time zone.
            delivered: Whether it arrived. A channel that did not hear of a failure waits for no recovery.
        """
        attempt = Attempt(run_id=run_id, event=event, channel=channel)
        waiting = dict(self.waiting)
        if delivered:
            waiting[channel] = Waiting(run_id=run_id, event=event, outcome=outcome, told_at=at)
        return Memory(attempts=(*self.attempts, attempt)[-_KEPT:], waiting=waiting)

    def recovered(self, run_id: str, channel: str) -> Memory:
        """Return the memory after a channel has heard of a recovery.

        Args:
            run_id: The green run. When somebody runs it again and it fails then, that is news.
            channel: The channel.
        """
        kept = tuple(
            attempt for attempt in self.attempts if (attempt.run_id, attempt.channel) != (run_id, channel)
        )
        waiting = {name: since for name, since in self.waiting.items() if name != channel}
        return Memory(attempts=kept, waiting=waiting)
