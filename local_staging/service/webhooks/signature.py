"""The signature of Stripe's webhooks (Stripe documentation, "Verify webhook signatures manually")."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

TOLERANCE_SECONDS = 300
"""How old a signature may be, or how far ahead its clock (platform contract, Stripe)."""

_UNIX_TIME = re.compile(r"[0-9]{1,15}")


class SignatureError(Exception):
    """A webhook is not signed as it must be.

    Args:
        status: The HTTP status of the answer.
        message: What the answer says.
        reason: The same as the metric catalogue names it.
    """

    def __init__(self, status: int, message: str, reason: str) -> None:
        self.status = status
        self.message = message
        self.reason = reason
        super().__init__(message)


def verify(body: bytes, header: str | None, secrets: Sequence[str], now: float) -> None:
    """Check that Stripe signed a webhook, and did so just now.

    Args:
        body: The raw body.
        header: The ``Stripe-Signature`` header: ``t=<unix>,v1=<hex>``, with one ``v1`` for each secret in use.
        secrets: The secrets that are accepted.
        now: The time in Unix seconds.

    Raises:
        SignatureError: There is no signature, none that fits, or it is too old or too new.
    """
    if not header:
        raise SignatureError(401, "Missing signature", "missing_signature")
    timestamp, signatures = _parse(header)
    if timestamp is None or not any(
        hmac.compare_digest(_sign(body, timestamp, secret), signature)
        for secret in secrets
        for signature in signatures
    ):
        raise SignatureError(401, "Invalid signature", "invalid_signature")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureError(400, "Signature expired", "signature_expired")


def _parse(header: str) -> tuple[str | None, list[bytes]]:
    pairs = [part.strip().partition("=")[::2] for part in header.split(",")]
    timestamps = [value for name, value in pairs if name == "t"]
    usable = len(timestamps) == 1 and _UNIX_TIME.fullmatch(timestamps[0])
    return (timestamps[0] if usable else None), [value.encode() for name, value in pairs if name == "v1"]


def _sign(body: bytes, timestamp: str, secret: str) -> bytes:
    payload = timestamp.encode() + b"." + body
    return hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest().encode()
