"""Recording events: each holds its object as it was at that moment."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import stripe

from local_staging.stripe_sandbox.store import Store, new_id


@dataclass(frozen=True)
class Cause:
    """The request that an event comes from; both are None for what happens by itself."""

    request_id: str | None = None
    idempotency_key: str | None = None


class EventLog:
    """Records events and hands them on for delivery.

    Args:
        store: Where events are kept, and where the webhook endpoints are.
        deliver: Takes every event with the id of an endpoint that wants it; None when nothing is posted.
    """

    def __init__(self, store: Store, *, deliver: Callable[[dict[str, Any], str], None] | None = None) -> None:
        self._store = store
        self._deliver = deliver

    def record(
        self,
        event_type: str,
        value: dict[str, Any],
        previous: dict[str, Any] | None,
        at: int,
        *,
        cause: Cause,
    ) -> None:
        """Record that something happened.

        Args:
            event_type: The type, as in ``customer.created``.
            value: The object as it is now; a copy is kept.
            previous: For an update the former values of the fields that changed.
            at: When it happens, in Unix seconds; for what hangs on a test clock that clock's time.
            cause: The request it comes from.
        """
        data: dict[str, Any] = {"object": copy.deepcopy(value)}
        if previous is not None:
            data["previous_attributes"] = copy.deepcopy(previous)
        receivers = self._receivers(event_type)
        event = {
            "id": new_id("evt"),
            "object": "event",
            "account": None,
            "api_version": stripe.api_version,
            "context": None,
            "created": at,
            "data": data,
            "livemode": False,
            "pending_webhooks": len(receivers),
            "request": {"id": cause.request_id, "idempotency_key": cause.idempotency_key},
            "type": event_type,
        }
        self._store.add(event)
        if self._deliver:
            for receiver in receivers:
                self._deliver(event, receiver)

    def _receivers(self, event_type: str) -> list[str]:
        """Return the ids of the endpoints that an event of this type is posted to."""
        if self._deliver is None:
            return []
        endpoints = self._store.newest_first("webhook_endpoint")
        return [endpoint["id"] for endpoint in endpoints if _is_wanted(endpoint, event_type)]


def _is_wanted(endpoint: dict[str, Any], event_type: str) -> bool:
    return endpoint["status"] == "enabled" and not {event_type, "*"}.isdisjoint(endpoint["enabled_events"])
