"""Signing webhooks: Stripe's scheme v1, with as many signatures as there are valid secrets."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import stripe


def new_signing_secret() -> str:
    """Return a fresh signing secret (``whsec_…``)."""
    return f"whsec_{secrets.token_hex(24)}"


@dataclass
class SigningSecrets:
    """The secrets of one webhook endpoint: the current one, and former ones for as long as they stay valid.

    Args:
        current: The newest secret.
    """

    current: str = field(repr=False)
    _former: list[tuple[str, int]] = field(default_factory=list, repr=False)

    def roll(self, secret: str, *, former_until: int) -> None:
        """Put a new secret in the place of the current one.

        Args:
            secret: The new secret.
            former_until: When the one it replaces stops being used, in Unix seconds.
        """
        self._former.append((self.current, former_until))
        self.current = secret

    def valid(self, now: int) -> list[str]:
        """Return the secrets to sign with at a time, the newest first."""
        return [self.current, *(secret for secret, until in reversed(self._former) if now < until)]


def signature_header(body: str, signing_secrets: list[str], timestamp: int | None = None) -> str:
    """Return the ``Stripe-Signature`` header of a webhook: one ``v1`` for each secret.

    Args:
        body: What is posted.
        signing_secrets: The valid secrets, at least one.
        timestamp: The time of the signature in Unix seconds; the machine's by default, because that is what
            receivers compare it with.
    """
    first, *others = (
        stripe.WebhookSignature.generate_signature_header(body, secret, timestamp)
        for secret in signing_secrets
    )
    if timestamp is None and others:
        # The library reads the machine's time at each call; all signatures have to be of one moment.
        return signature_header(body, signing_secrets, int(first.partition(",")[0].removeprefix("t=")))
    return ",".join([first, *(header.partition(",")[2] for header in others)])
