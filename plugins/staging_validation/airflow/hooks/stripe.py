"""Stripe from the connection ``stripe_default``; its key never leaves the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.log import mask_secret

from staging_validation.airflow.hooks.settings import settings_of
from staging_validation.clients.connections import STRIPE, ConnectionSettings
from staging_validation.errors import ConfigurationError

if TYPE_CHECKING:
    from staging_validation.clients.stripe_api import StripeApi


def stripe_settings() -> ConnectionSettings:
    """Return the settings of ``stripe_default`` after its secrets were handed to Airflow's log masker."""
    settings = settings_of(STRIPE)
    for secret in (settings.secret, settings.extra.get("webhook_secret")):
        if secret:
            mask_secret(str(secret))
    return settings


def stripe_api() -> StripeApi:
    """Build the Stripe client of the connection ``stripe_default``, after the guard's check.

    Raises:
        GuardRefusedError: No guard passed in this run, or something is not what it saw.
        ConfigurationError: The key, ``webhook_secret`` or ``pro_price_id`` is missing.
    """
    from staging_validation.airflow.hooks.environment import recheck
    from staging_validation.clients.stripe_api import StripeApi

    recheck()
    settings = stripe_settings()
    named = {"password": settings.secret} | {
        name: settings.extra.get(name) for name in ("webhook_secret", "pro_price_id")
    }
    missing = [name for name, value in named.items() if not value]
    if missing:
        raise ConfigurationError(
            f"The connection {STRIPE} lacks {', '.join(missing)}.",
            remedy=f"set the key as the password of {STRIPE}, and webhook_secret and pro_price_id in its extra field",
        )
    return StripeApi(
        str(named["password"]),
        base_url=settings.base_url if settings.host else None,
        pro_price_id=str(named["pro_price_id"]),
        webhook_secret=str(named["webhook_secret"]),
    )
