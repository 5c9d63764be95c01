"""What a handler works with: the state, the time, the account's settings, and a place to report events to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from local_staging.stripe_sandbox.clock import Clock, Instant
from local_staging.stripe_sandbox.errors import InvalidRequestError, RateLimitError
from local_staging.stripe_sandbox.settings import Settings
from local_staging.stripe_sandbox.store import Store

TEST_CLOCK = "test_helpers.test_clock"
# Takes an event: its type, the object as it is now, for an update the former values, and the time.
Record = Callable[[str, dict[str, Any], "dict[str, Any] | None", int], None]
# How Stripe's "No such …" names the kinds that it does not name as the object field does.
_NAMES = {"payment_method": "PaymentMethod", TEST_CLOCK: "test clock"}


@dataclass(frozen=True)
class Context:
    """The surroundings of one request.

    Args:
        store: The state.
        clock: The time.
        record: Takes the events.
        settings: What the account decides about its billing.
    """

    store: Store
    clock: Clock
    record: Record
    settings: Settings = field(default_factory=Settings)

    def now(self) -> int:
        """Return the time in Unix seconds."""
        return self.clock.now()

    def emit(self, event: str, value: dict[str, Any], previous: dict[str, Any] | None) -> None:
        """Report an event: its type, the object as it is now, and for an update the former values."""
        self.record(event, value, previous, self.now())

    def at(self, moment: int) -> Context:
        """Return the same surroundings at another time (Unix seconds)."""
        return replace(self, clock=Instant(moment))

    def of(self, value: Mapping[str, Any] | None) -> Context:
        """Return the surroundings of a change to an object: its test clock's time, where it hangs on one.

        Args:
            value: A customer, or something that has a ``test_clock`` or a ``customer``; None stands for neither.

        Raises:
            RateLimitError: Its test clock is being advanced.
        """
        found = value or {}
        owner = found if "test_clock" in found else self.store.get(found.get("customer") or "") or {}
        test_clock = self.store.get(owner.get("test_clock") or "")
        if test_clock is None or test_clock.get("deleted"):
            return self
        if test_clock["status"] == "advancing":
            raise RateLimitError(
                f"Test clock advancement underway - cannot perform modification. Wait until {test_clock['id']} "
                "is ready, then send the request again."
            )
        return self.at(test_clock["frozen_time"])

    def addressed(self, kind: str, identifier: str) -> dict[str, Any]:
        """Return the object that a request's address names.

        Raises:
            InvalidRequestError: 404, there is none of this kind.
        """
        return self._find(kind, identifier, param="id", status=404)

    def referenced(self, kind: str, identifier: str, param: str) -> dict[str, Any]:
        """Return the object that a request's parameter names.

        Raises:
            InvalidRequestError: 400, there is none of this kind, or it was deleted.
        """
        return self._find(kind, identifier, param=param, status=400)

    def _find(self, kind: str, identifier: str, *, param: str, status: int) -> dict[str, Any]:
        found = self.store.get(identifier)
        if found is None or found["object"] != kind or found.get("deleted"):
            raise InvalidRequestError(
                f"No such {_NAMES.get(kind, kind)}: '{identifier}'",
                status=status,
                code="resource_missing",
                param=param,
            )
        return found
