"""The service's settings, from its environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from staging_validation.errors import ConfigurationError

ONBOARD_PER_MINUTE = 10
"""Onboarding requests a minute for each client address (platform contract, HTTP API)."""

API_PER_MINUTE = 500
"""Keyed API calls a minute for each customer (platform contract, HTTP API)."""

_TEST_KEY = re.compile(r"(sk|rk)_test_\w+")


@dataclass(frozen=True)
class ServiceSettings:
    """Everything that differs between two instances of the service.

    Attributes:
        database_url: The database, as a ``postgresql://`` URL.
        stripe_api_key: A Stripe key of the test mode.
        stripe_api_base: The Stripe API's base URL; empty for Stripe itself.
        webhook_secrets: The secrets that webhooks may be signed with: several while one is being rotated.
        pro_price_id: The Stripe price of the Pro plan.
        environment: What ``/api/health`` says this environment is.
        onboard_per_minute: See :data:`ONBOARD_PER_MINUTE`.
        api_per_minute: See :data:`API_PER_MINUTE`.
        process_webhooks: Whether it processes queued webhooks; of several instances on one database, one does, so that
            its metrics tell of all of them.
    """

    database_url: str = field(repr=False)
    stripe_api_key: str = field(repr=False)
    stripe_api_base: str
    webhook_secrets: tuple[str, ...] = field(repr=False)
    pro_price_id: str
    environment: str = "staging"
    onboard_per_minute: int = ONBOARD_PER_MINUTE
    api_per_minute: int = API_PER_MINUTE
    process_webhooks: bool = True

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> ServiceSettings:
        """Read the settings.

        Args:
            environ: The process's environment.

        Raises:
            ConfigurationError: A variable is missing or wrong; the Stripe key is none of the test mode.
        """
        key = _required(environ, "STRIPE_API_KEY")
        if not _TEST_KEY.fullmatch(key):
            raise ConfigurationError(
                "STRIPE_API_KEY is no key of Stripe's test mode, and this service works in no other.",
                remedy="set STRIPE_API_KEY to a key that begins with sk_test_ or rk_test_",
            )
        secrets = tuple(
            part.strip() for part in _required(environ, "STRIPE_WEBHOOK_SECRET").split(",") if part.strip()
        )
        return cls(
            database_url=database_url(environ),
            stripe_api_key=key,
            stripe_api_base=environ.get("STRIPE_API_BASE", "").rstrip("/"),
            webhook_secrets=secrets,
            pro_price_id=_required(environ, "STRIPE_PRO_PRICE_ID"),
            environment=environ.get("BILLING_ENVIRONMENT") or "staging",
            onboard_per_minute=_limit(environ, "BILLING_ONBOARD_PER_MINUTE", ONBOARD_PER_MINUTE),
            api_per_minute=_limit(environ, "BILLING_API_PER_MINUTE", API_PER_MINUTE),
            process_webhooks=_switch(environ, "BILLING_PROCESS_WEBHOOKS"),
        )


def database_url(environ: Mapping[str, str]) -> str:
    """Return the database's URL.

    Raises:
        ConfigurationError: ``DATABASE_URL`` is missing or names no PostgreSQL.
    """
    url = _required(environ, "DATABASE_URL")
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError(
            "DATABASE_URL names no PostgreSQL database.",
            remedy="write it as postgresql://user:password@host/name",
        )
    return url


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip(" ,")
    if not value:
        raise ConfigurationError(
            f"{name} is not set, and the billing service needs it.", remedy=f"set {name}"
        )
    return value


def _limit(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or int(text) < 1:
        raise ConfigurationError(f"{name} is {text!r}, which is no number of requests, 1 or more.")
    return int(text)


def _switch(environ: Mapping[str, str], name: str) -> bool:
    """Read a variable that is on or off; on by default."""
    text = (environ.get(name) or "on").strip().lower()
    if text not in ("on", "off"):
        raise ConfigurationError(f"{name} is {text!r}, which is neither on nor off.")
    return text == "on"
