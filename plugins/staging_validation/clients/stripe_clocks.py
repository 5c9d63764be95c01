"""Stripe's test clocks: time that stands until it is moved forward, for the customers that live on it.

Stripe's limits (Stripe documentation, "Test clocks"): three customers a clock; forward only, and by at most two
intervals of the shortest subscription at a time; while a clock is being advanced, nothing on it can be changed. The
listings of customers and subscriptions leave out what lives on a clock, unless the clock is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from staging_validation.clients.polling import wait_for
from staging_validation.clients.stripe_calls import SERVICE, StripeCalls
from staging_validation.errors import ServiceAnswerError
from staging_validation.workflows.model import Row

_PAGE = 100

READY_SECONDS = 120.0
"""How long a clock may take to be ready: Stripe needs several seconds for a month, more when much happens in it."""

_UNDER_WAY = (409, 429)
"""How Stripe refuses to touch a clock that is being advanced."""


class StripeClocks:
    """The test clocks of an account.

    Args:
        calls: How Stripe is called.
    """

    def __init__(self, calls: StripeCalls) -> None:
        self._calls = calls

    def create(self, name: str, *, frozen_time: int, idempotency_key: str) -> Row:
        """Make a clock that stands at a moment, in Unix seconds; its name says whose it is."""
        return self._calls.make(
            lambda client: client.v1.test_helpers.test_clocks.create(
                {"name": name, "frozen_time": frozen_time}, {"idempotency_key": idempotency_key}
            )
        )

    def clock(self, clock_id: str) -> Row | None:
        """Return a clock; None when there is none."""
        return self._calls.find(lambda client: client.v1.test_helpers.test_clocks.retrieve(clock_id))

    def all(self) -> Iterator[Row]:
        """Yield every clock, newest first."""
        return self._calls.every_page(
            lambda client, query: client.v1.test_helpers.test_clocks.list(query), {"limit": _PAGE}
        )

    def customers(self, clock_id: str) -> Sequence[Row]:
        """Return the customers that live on a clock."""
        query: Any = {"test_clock": clock_id, "limit": _PAGE}
        return self._calls.first_page(lambda client: client.v1.customers.list(query))

    def advance(
        self,
        clock_id: str,
        to: int,
        *,
        timeout_seconds: float = READY_SECONDS,
        interval_seconds: float = 0.05,
    ) -> Row:
        """Move a clock forward, and wait until everything up to that moment has happened.

        Time that a clock has reached already is no error, so that a second try may follow a first one.

        Args:
            clock_id: The clock.
            to: The moment, in Unix seconds; at most two intervals of the shortest subscription ahead.
            timeout_seconds: How long to wait until the clock is ready.
            interval_seconds: Pause between two looks at it.

        Returns:
            The clock, standing at that moment. The events of what happened may still be on their way.

        Raises:
            DeadlineError: The clock was not ready in time.
            ServiceAnswerError: Stripe refuses the moment, the advancement broke, or there is no such clock.
        """
        waiting = {"timeout_seconds": timeout_seconds, "interval_seconds": interval_seconds}
        clock = self.wait_until_ready(clock_id, **waiting)
        frozen_time = clock.get("frozen_time")
        if isinstance(frozen_time, int) and frozen_time >= to:
            return clock
        self._calls.make(
            lambda client: client.v1.test_helpers.test_clocks.advance(clock_id, {"frozen_time": to})
        )
        return self.wait_until_ready(clock_id, **waiting)

    def wait_until_ready(
        self, clock_id: str, *, timeout_seconds: float = READY_SECONDS, interval_seconds: float = 0.05
    ) -> Row:
        """Wait until a clock is not being advanced any more, and return it.

        Raises:
            DeadlineError: The clock was not ready in time.
            ServiceAnswerError: Its advancement broke, or there is no such clock.
        """
        return wait_for(
            f"Stripe's test clock {clock_id} to be ready",
            lambda: self._ready(clock_id),
            timeout_seconds=timeout_seconds,
            interval_seconds=interval_seconds,
            remedy="look at the clock in Stripe's dashboard (Developers, test clocks)",
        )

    def delete(
        self, clock_id: str, *, timeout_seconds: float = READY_SECONDS, interval_seconds: float = 0.05
    ) -> None:
        """Delete a clock with everything that lives on it; one that is gone already is no error.

        While a clock is being advanced, Stripe refuses to delete it: that is waited for.

        Args:
            clock_id: The clock.
            timeout_seconds: How long to wait for an advancement's end.
            interval_seconds: Pause between two tries.

        Raises:
            DeadlineError: It was being advanced all the time.
            ServiceAnswerError: Stripe refuses for another reason.
        """
        wait_for(
            f"Stripe's test clock {clock_id} to let itself be deleted",
            lambda: self._deleted(clock_id),
            timeout_seconds=timeout_seconds,
            interval_seconds=interval_seconds,
            remedy="delete the clock in Stripe's dashboard (Developers, test clocks)",
        )

    def _deleted(self, clock_id: str) -> bool | None:
        """Delete a clock; None when it is being advanced."""
        found = self.clock(clock_id)
        if found is None or found.get("deleted"):
            return True
        if found.get("status") == "advancing":
            return None
        try:
            self._calls.find(lambda client: client.v1.test_helpers.test_clocks.delete(clock_id))
        except ServiceAnswerError as error:
            if error.status in _UNDER_WAY:
                return None
            raise
        return True

    def _ready(self, clock_id: str) -> Row | None:
        found = self.clock(clock_id) or {"status": "deleted"}
        status = found.get("status", "deleted")
        if status == "advancing":
            return None
        if status != "ready":
            raise ServiceAnswerError(
                SERVICE,
                f"says of the test clock {clock_id}, which should be ready: {status}",
                status=None,
                remedy="run again: the clock and its customers cannot be used any more",
            )
        return found
