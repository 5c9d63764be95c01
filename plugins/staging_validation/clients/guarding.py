"""The guard without Airflow: the same questions, asked through the same connections."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import requests

from staging_validation.clients.connections import (
    PROMETHEUS,
    PUSHGATEWAY,
    STAGING_API,
    STAGING_POSTGRES,
    STRIPE,
    ConnectionSettings,
)
from staging_validation.clients.environment import EnvironmentSources, observe
from staging_validation.clients.http import DEFAULT_TIMEOUT_SECONDS, HttpService
from staging_validation.clients.postgres import connect
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.environment import GuardVerdict, Sighting
from staging_validation.environment.results import verdict_results
from staging_validation.environment.verdict import REQUIRED_SOURCES
from staging_validation.errors import ConfigurationError, GuardRefusedError
from staging_validation.results import CheckResult, Outcome

if TYPE_CHECKING:
    import psycopg

STRIPE_API_URL = "https://api.stripe.com"
"""Stripe itself (Stripe API reference); used where the connection names no host."""

ASKED = (STAGING_POSTGRES, STAGING_API, STRIPE, PROMETHEUS)
"""Connections that the guard asks."""

CHANGED = (STAGING_API, PUSHGATEWAY, STRIPE)
"""Connections to services that a run changes: their addresses must stay what the guard saw."""


@dataclass(frozen=True)
class GuardReport:
    """What the guard says.

    Attributes:
        verdict: The verdict with its evidence.
        sighting: What was looked at; None when the database could not be asked.
        results: The same as results.
    """

    verdict: GuardVerdict
    sighting: Sighting | None
    results: tuple[CheckResult, ...]

    def require_passed(self) -> None:
        """Let only a passed guard through.

        Raises:
            GuardRefusedError: It refused, or could not tell.
        """
        if self.verdict.outcome is not Outcome.PASSED:
            raise GuardRefusedError(
                f"The guard says {self.verdict.outcome.value}: {'; '.join(self.verdict.reasons)}.",
                remedy="`staging-validation guard` shows all evidence",
            )


def weigh(asked: EnvironmentSources, *, required: frozenset[str] = REQUIRED_SOURCES) -> GuardReport:
    """Ask all sources, weigh what they say, and time it.

    Args:
        asked: The sources.
        required: Sources that must be positively non-production.
    """
    started = time.monotonic()
    observation = observe(asked, required=required)
    results = verdict_results(observation.verdict, duration_seconds=time.monotonic() - started)
    return GuardReport(observation.verdict, observation.sighting, tuple(results))


def guard(
    connections: Mapping[str, ConnectionSettings],
    *,
    declared: Mapping[str, str | None],
    required: frozenset[str] = REQUIRED_SOURCES,
) -> GuardReport:
    """Ask everything that the connections name which environment this is.

    Args:
        connections: Connections by id, see :func:`~staging_validation.clients.connections.load_connections`.
        declared: What is declared, by where: see :func:`staging_validation.environment.declared_names`.
        required: Sources that must be positively non-production.

    Raises:
        ConfigurationError: The connection to the database is missing, or a connection has no address.
    """
    return weigh(_sources(connections, declared), required=required)


def require_connections(connections: Mapping[str, ConnectionSettings]) -> None:
    """Check that all connections that the guard asks are there.

    Raises:
        ConfigurationError: One is missing; the message names it.
    """
    missing = [conn_id for conn_id in ASKED if conn_id not in connections]
    if missing:
        raise ConfigurationError(
            f"No connection {', '.join(missing)} is configured, so the guard cannot ask everything it must.",
            remedy="set it in airflow_settings.yaml, or as an AIRFLOW_CONN_… environment variable",
        )


def changed_addresses(connections: Mapping[str, ConnectionSettings]) -> dict[str, str]:
    """Return the addresses of the services that a run changes, by connection id."""
    known = {conn_id: connections[conn_id] for conn_id in CHANGED if conn_id in connections}
    return {
        conn_id: settings.base_url if settings.host else STRIPE_API_URL
        for conn_id, settings in known.items()
        if settings.host or conn_id == STRIPE
    }


def stripe_service(settings: ConnectionSettings) -> HttpService:
    """Build a bare client of the Stripe API, for the one question the guard asks (no Stripe library: it is fast)."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {settings.secret}"
    return HttpService(
        "Stripe",
        settings.base_url if settings.host else STRIPE_API_URL,
        session=session,
        timeout_seconds=float(str(settings.extra.get("timeout", DEFAULT_TIMEOUT_SECONDS))),
    )


def _sources(
    connections: Mapping[str, ConnectionSettings], declared: Mapping[str, str | None]
) -> EnvironmentSources:
    database = connections.get(STAGING_POSTGRES)
    if database is None:
        raise ConfigurationError(
            f"No connection {STAGING_POSTGRES} is configured.",
            remedy="set it in airflow_settings.yaml, or as AIRFLOW_CONN_STAGING_POSTGRES",
        )
    api, stripe, prometheus = (connections.get(conn_id) for conn_id in (STAGING_API, STRIPE, PROMETHEUS))
    return EnvironmentSources(
        declared=declared,
        connect=partial(_read_only, database),
        stripe_key=stripe.secret if stripe else None,
        stripe=stripe_service(stripe) if stripe else None,
        billing_api=HttpService.from_settings("Billing API", api) if api else None,
        prometheus=PrometheusClient(HttpService.from_settings("Prometheus", prometheus))
        if prometheus
        else None,
        addresses=changed_addresses(connections),
    )


@contextmanager
def _read_only(settings: ConnectionSettings) -> Iterator[psycopg.Connection[Any]]:
    with closing(connect(settings, application_name="staging-validation guard")) as connection:
        connection.read_only = True
        yield connection
