"""Taking a webhook in: check it, queue it, count it."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
from pydantic import ValidationError
from pydantic_core import from_json

from local_staging.service.metrics import HANDLED_EVENT_TYPES
from local_staging.service.stripe_objects import StripeEvent
from local_staging.service.webhooks import queue
from local_staging.service.webhooks.signature import SignatureError, verify
from local_staging.service.work import Platform


class PayloadError(Exception):
    """A signed webhook holds no event."""


def accept(platform: Platform, body: bytes, signature: str | None, wake: Callable[[], None]) -> None:
    """Queue a webhook that Stripe signed. It is processed later.

    Args:
        platform: The platform.
        body: The raw body.
        signature: The ``Stripe-Signature`` header.
        wake: Told once it is queued.

    Raises:
        SignatureError: It is not signed as it must be.
        PayloadError: It holds no event.
        psycopg.Error: It cannot be queued; Stripe will send it again.
    """
    began = time.monotonic()
    try:
        verify(body, signature, platform.settings.webhook_secrets, time.time())
        event = _event(body)
        with platform.unit_of_work() as work:
            queue.put(work, body.decode())
    except SignatureError as error:
        _count(platform, began, _claimed_type(body), status="failed", failure_reason=error.reason)
        raise
    except (PayloadError, psycopg.Error):
        _count(platform, began, _claimed_type(body), status="failed")
        raise
    _count(platform, began, event.type, status="success")
    wake()


def _event(body: bytes) -> StripeEvent:
    try:
        return StripeEvent.model_validate_json(body)
    except ValidationError as error:
        raise PayloadError from error


def _count(platform: Platform, began: float, event_type: str | None, **labels: str) -> None:
    duration = (time.monotonic() - began) * 1000
    platform.telemetry.record(
        "stripe_webhook_received", {"duration": duration}, {"event_type": event_type, **labels}
    )


def _claimed_type(body: bytes) -> str | None:
    """Return the type that an unaccepted body claims, if it is one of ours: a stranger makes no new series."""
    try:
        claimed = from_json(body)
    except ValueError:
        return None
    event_type = claimed.get("type") if isinstance(claimed, dict) else None
    return event_type if event_type in HANDLED_EVENT_TYPES else None
