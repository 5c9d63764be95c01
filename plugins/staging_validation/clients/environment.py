"""Asks every source which environment this is, side by side and in bounded time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from staging_validation.clients.marker import identify, read_marker
from staging_validation.clients.postgres import database_errors
from staging_validation.environment import sources
from staging_validation.environment.evidence import Evidence, Reading
from staging_validation.environment.verdict import judge
from staging_validation.errors import ConfigurationError, GuardRefusedError, ServiceError
from staging_validation.results.outcomes import Outcome

if TYPE_CHECKING:
    import psycopg

    from staging_validation.clients.connections import ConnectionSettings
    from staging_validation.clients.http import HttpService

    Connect = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]

STRIPE_API_URL = "https://api.stripe.com"
"""Stripe itself (Stripe API reference); used where the connection names no host."""


@dataclass(frozen=True)
class EnvironmentSources:
    """Where the evidence comes from.

    Attributes:
        declared: Declared environment names by where they were declared.
        connect: Opens a connection to the target database.
        stripe_key: The Stripe key in use, in clear.
        stripe: Makes the Stripe API client, authenticated with that key.
        billing_api: Makes the billing API client.
        health_path: The path of its health endpoint.
    """

    declared: Mapping[str, str | None]
    connect: Connect
    stripe_key: str | None
    stripe: Callable[[], HttpService]
    billing_api: Callable[[], HttpService]
    health_path: str = "/api/health"


def gather_evidence(asked: EnvironmentSources) -> list[Evidence]:
    """Ask all sources at once.

    Args:
        asked: The sources.

    Returns:
        All evidence, in a stable order. A source that cannot be asked is evidence too (*unreachable*).
    """
    questions: tuple[Callable[[], list[Evidence]], ...] = (
        lambda: _database(asked),
        lambda: _stripe_account(asked),
        lambda: _health(asked),
    )
    evidence = [*sources.from_declared(asked.declared), sources.from_stripe_key(asked.stripe_key)]
    with ThreadPoolExecutor(max_workers=len(questions)) as pool:
        for answers in pool.map(lambda question: question(), questions):
            evidence.extend(answers)
    return evidence


def stripe_service(settings: ConnectionSettings) -> HttpService:
    """Build a bare client of the Stripe API, for the one question the guard asks (no Stripe library: it is fast)."""
    import requests

    from staging_validation.clients.http import HttpService

    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {settings.secret}"
    return HttpService("Stripe", settings.base_url if settings.host else STRIPE_API_URL, session=session)


def database_evidence(connection: psycopg.Connection[Any]) -> list[Evidence]:
    """Read the database's evidence on this very connection, inside whatever transaction it is in."""
    identity = identify(connection)
    return [sources.from_marker(read_marker(connection), identity), sources.from_replica(identity)]


def _database(asked: EnvironmentSources) -> list[Evidence]:
    try:
        with database_errors(), asked.connect() as connection:
            return database_evidence(connection)
    except (ServiceError, ConfigurationError) as error:
        return [sources.unreachable("marker", error.message, required=True, remedy=error.remedy)]


def _stripe_account(asked: EnvironmentSources) -> list[Evidence]:
    if sources.from_stripe_key(asked.stripe_key).reading is not Reading.NON_PRODUCTION:
        # A live key must not be used even once, and an unknown one proves nothing: the key's evidence refuses.
        return []
    try:
        return [sources.from_stripe_balance(asked.stripe().json("GET", "/v1/balance"))]
    except (ServiceError, ConfigurationError) as error:
        return [sources.unreachable("stripe.account", error.message, required=True, remedy=error.remedy)]


def _health(asked: EnvironmentSources) -> list[Evidence]:
    try:
        return [sources.from_health(asked.billing_api().json("GET", asked.health_path))]
    except (ServiceError, ConfigurationError) as error:
        return [sources.unreachable("billing_api.health", error.message, remedy=error.remedy)]


def confirm_target(connection: psycopg.Connection[Any]) -> None:
    """Check again, on the connection and in the transaction that is about to be used, that it may be.

    Raises:
        GuardRefusedError: The database behind this very connection is not positively non-production.
    """
    verdict = judge(database_evidence(connection), required=frozenset({"marker"}))
    if verdict.outcome is not Outcome.PASSED:
        raise GuardRefusedError(
            f"The database of this connection may not be touched: {'; '.join(verdict.reasons)}.",
            remedy="look at the guard's evidence; mark the database only if it is not production",
        )
