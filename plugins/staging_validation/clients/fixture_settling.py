"""Waits until the platform has recorded the events of the states' Stripe objects, before a reset makes them known."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from staging_validation.clients.fixture_objects import read_objects
from staging_validation.clients.polling import wait_for
from staging_validation.clients.postgres import fetch, looking
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.clients.stripe_events import StripeEvents
from staging_validation.errors import DeadlineError
from staging_validation.results import CheckResult
from staging_validation.stripe_objects.settling import (
    Settling,
    is_about,
    must_be_told,
    settled_result,
    settling,
    spans,
    told_types,
    untold_result,
)

if TYPE_CHECKING:
    import psycopg

    from staging_validation.fixtures import SeededObjects
    from staging_validation.stripe_objects import FoundObjects

SETTLE_SECONDS = 60.0
"""How long events may take: Stripe delivers within seconds, and tries again after a failure for much longer."""

_INTERVAL_SECONDS = 0.25
_AHEAD_SECONDS = 600
"""How far ahead of ours Stripe's clock may be. Events of clocks that workflows moved into the future lie beyond, and
every later reset would read them again."""

_RECORDED = "SELECT stripe_event_id FROM billing_events WHERE stripe_event_id = ANY(%s)"


def settle_objects(
    stripe: StripeApi,
    connection: psycopg.Connection[Any],
    seeded: Mapping[str, SeededObjects],
    *,
    found: Mapping[str, FoundObjects] | None = None,
    timeout_seconds: float = SETTLE_SECONDS,
    interval_seconds: float = _INTERVAL_SECONDS,
) -> list[CheckResult]:
    """Wait until the platform has recorded every event of the states' objects that it is told of.

    Call it before the reset's transaction. Stripe's list says which events there are, the platform's
    ``billing_events`` say which it has processed. Where an account has no webhook endpoint there is nothing to wait
    for.

    Args:
        stripe: Stripe in test mode.
        connection: A connection to the staging database without an open transaction; it is only read.
        seeded: The states' objects.
        found: What Stripe shows of them; read now by default.
        timeout_seconds: How long to wait.
        interval_seconds: Pause between two looks.

    Returns:
        One result, ``reset.stripe.settled``: passed, skipped where no event can reach the platform, errored when
        events were on their way for too long. Nothing may be reset after an errored one.

    Raises:
        GuardRefusedError: An object is not of test mode.
        ServiceError: Stripe or the database cannot be asked.
    """
    began = time.monotonic()
    look = _Look(stripe, connection, seeded, read_objects(stripe, seeded) if found is None else found)
    try:
        state = wait_for(
            "the events of the customer states' Stripe objects",
            look.until_over,
            timeout_seconds=timeout_seconds,
            interval_seconds=interval_seconds,
        )
    except DeadlineError:
        state = look.state
    seconds = time.monotonic() - began
    if look.untold:
        return [untold_result(state, duration_seconds=seconds)]
    return [settled_result(state, look.endpoints, timeout_seconds=timeout_seconds, duration_seconds=seconds)]


class _Look:
    """Looks at Stripe's events and at what the platform recorded of them.

    Attributes:
        endpoints: The account's webhook endpoints that are enabled; None when the key may not list them.
        state: What the last look saw.
        untold: Whether no event can reach the platform.
    """

    def __init__(
        self,
        stripe: StripeApi,
        connection: psycopg.Connection[Any],
        seeded: Mapping[str, SeededObjects],
        found: Mapping[str, FoundObjects],
    ) -> None:
        self._events = StripeEvents(stripe)
        self._connection = connection
        self._customers = frozenset(objects.customer_id for objects in seeded.values())
        self._happenings = must_be_told(found.values(), now=int(time.time()))
        self._spans = spans(found.values())
        self.endpoints = self._events.endpoints()
        # Without an endpoint events may still come, from the command line tool of Stripe for example.
        self._told = told_types(self.endpoints or None)
        self.state = Settling()
        self.untold = False

    def until_over(self) -> Settling | None:
        """Look once; None while events are on their way."""
        latest = int(time.time()) + _AHEAD_SECONDS
        events = [
            event
            for start, end in self._spans
            for event in self._events.created(start, latest if end is None else end)
            if is_about(event, self._customers)
        ]
        recorded = self._recorded([str(event["id"]) for event in events])
        self.state = settling(events, self._happenings, recorded, self._told)
        self.untold = self.endpoints == [] and not recorded
        over = not self.state.unlisted if self.untold else self.state.done
        return self.state if over else None

    def _recorded(self, event_ids: Sequence[str]) -> frozenset[str]:
        with looking(self._connection), self._connection.transaction():
            return frozenset(row[0] for row in fetch(self._connection, _RECORDED, (list(event_ids),)))
