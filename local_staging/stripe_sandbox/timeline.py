"""What happens by itself on a test clock: one happening after the other, in the order of their moments.

The next happening follows from the state alone, so that moving a clock in one go or in many small steps comes to
the same. Nothing in here reads the time: a happening takes place at its own moment.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from local_staging.stripe_sandbox import lifecycle
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.settings import Settings
from local_staging.stripe_sandbox.store import Store

_RUNNING = frozenset({"trialing", "active", "past_due", "unpaid"})


@dataclass(frozen=True)
class Happening:
    """Something that falls due.

    Args:
        at: Its moment in Unix seconds.
        step: What it does.
        value: The subscription or invoice it does it to.
    """

    at: int
    step: Callable[[Context, dict[str, Any]], None]
    value: dict[str, Any]

    def take_place(self, context: Context) -> None:
        """Carry it out at its moment."""
        self.step(context.at(self.at), self.value)


def next_happening(store: Store, settings: Settings, test_clock: str) -> Happening | None:
    """Return what happens next on a test clock; None when nothing ever will.

    Of several at one moment invoices come before subscriptions, and older objects before newer ones.

    Args:
        store: The state.
        settings: What the account decides about its billing.
        test_clock: The clock's id.
    """
    return min(_upcoming(store, settings, test_clock), key=operator.attrgetter("at"), default=None)


def _upcoming(store: Store, settings: Settings, test_clock: str) -> Iterator[Happening]:
    """Yield the next happening of everything on a clock that waits for something."""
    for invoice in store.filed(test_clock, "invoice"):
        if (moment := invoice["automatically_finalizes_at"]) is not None:
            yield Happening(moment, lifecycle.draft_due, invoice)
        elif invoice["status"] == "open" and (moment := invoice["next_payment_attempt"]) is not None:
            yield Happening(moment, lifecycle.attempt_due, invoice)
    for subscription in store.filed(test_clock, "subscription"):
        if subscription["status"] == "incomplete":
            moment = subscription["created"] + settings.incomplete_seconds
            yield Happening(moment, lifecycle.expire, subscription)
        elif subscription["status"] in _RUNNING:
            if notice := _trial_notice(store, settings, subscription):
                yield notice
            yield Happening(lifecycle.current_period(subscription)[1], lifecycle.period_over, subscription)


def _trial_notice(store: Store, settings: Settings, subscription: dict[str, Any]) -> Happening | None:
    """Return the announcement of a trial's end, unless it was made."""
    ending = subscription["trial_end"]
    if subscription["status"] != "trialing" or store.trial_notices.get(subscription["id"]) == ending:
        return None
    moment = max(ending - settings.trial_notice_seconds, subscription["trial_start"])
    return Happening(moment, lifecycle.announce_trial_end, subscription)
