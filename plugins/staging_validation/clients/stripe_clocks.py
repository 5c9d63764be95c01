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
        self, clock_id: str, to: int, *, timeout_seconds: float = 60.0, interval_seconds: float = 0.05
    ) -> Row:
        """Move a clock forward, and wait until everything up to that moment has happened.

        Args:
            clock_id: The clock.
            to: The moment, in Unix seconds; at most two intervals of the shortest subscription ahead.
            timeout_seconds: How long to wait until the clock is ready.
            interval_seconds: Pause between two looks at it.

        Returns:
            The clock, standing at that moment. The events of what happened may still be on their way.

        Raises:
            DeadlineError: The clock was not ready in time.
            ServiceAnswerError: Stripe refuses the moment, or the advancement broke.
        """
        self._calls.make(
            lambda client: client.v1.test_helpers.test_clocks.advance(clock_id, {"frozen_time": to})
        )
        return wait_for(
            f"Stripe's test clock {clock_id} to be ready",
            lambda: self._ready(clock_id),
            timeout_seconds=timeout_seconds,
            interval_seconds=interval_seconds,
            remedy="look at the clock in Stripe's dashboard (Developers, test clocks)",
        )

    def delete(self, clock_id: str) -> None:
        """Delete a clock with everything that lives on it; one that is gone already is no error."""
        self._calls.find(lambda client: client.v1.test_helpers.test_clocks.delete(clock_id))

    def _ready(self, clock_id: str) -> Row | None:
        found = self.clock(clock_id) or {"status": "deleted"}
        if found["status"] == "advancing":
            return None
        if found["status"] != "ready":
            raise ServiceAnswerError(
                SERVICE,
                f"says of the test clock {clock_id}, which was being advanced: {found['status']}",
                status=None,
                remedy="run again: the clock and its customers cannot be used any more",
            )
        return found
