"""Recording events: each holds its object as it was at that moment."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import stripe

from local_staging.stripe_sandbox.clock import Clock
from local_staging.stripe_sandbox.store import Store, new_id


@dataclass(frozen=True)
class Cause:
    """The request that an event comes from; both are None for what happens by itself."""

    request_id: str | None = None
    idempotency_key: str | None = None


class EventLog:
    """Records events and hands them on for delivery.

    Args:
        store: Where events are kept.
        deliver: Takes every event; None when there is no webhook endpoint.
    """

    def __init__(self, store: Store, *, deliver: Callable[[dict[str, Any]], None] | None = None) -> None:
        self._store = store
        self._deliver = deliver

    def record(
        self,
        event_type: str,
        value: dict[str, Any],
        previous: dict[str, Any] | None = None,
        *,
        cause: Cause,
        clock: Clock,
    ) -> None:
        """Record that something happened.

        Args:
            event_type: The type, as in ``customer.created``.
            value: The object as it is now; a copy is kept.
            previous: For an update the former values of the fields that changed.
            cause: The request it comes from.
            clock: The time it happens at.
        """
        data: dict[str, Any] = {"object": copy.deepcopy(value)}
        if previous is not None:
            data["previous_attributes"] = copy.deepcopy(previous)
        event = {
            "id": new_id("evt"),
            "object": "event",
            "account": None,
            "api_version": stripe.api_version,
            "context": None,
            "created": clock.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1 if self._deliver else 0,
            "request": {"id": cause.request_id, "idempotency_key": cause.idempotency_key},
            "type": event_type,
        }
        self._store.add(event)
        if self._deliver:
            self._deliver(event)
