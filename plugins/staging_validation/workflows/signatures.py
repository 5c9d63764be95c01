"""Signatures of webhooks as Stripe makes them (Stripe documentation, "Verify webhook signatures manually")."""

from __future__ import annotations

import hashlib
import hmac


def signature(body: str, timestamp: str, secret: str) -> str:
    """Return the ``v1`` value of a signature.

    Args:
        body: The raw body.
        timestamp: The ``t`` value, Unix time in seconds.
        secret: The endpoint's signing secret.
    """
    return hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()


def timestamp_of(header: str) -> str:
    """Return the ``t`` value of a ``Stripe-Signature`` header that was made with one secret."""
    return header.partition(",")[0].removeprefix("t=")
