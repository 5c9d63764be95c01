"""Asks every source which environment this is, side by side and in bounded time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from staging_validation.clients.marker import identify, read_marker
from staging_validation.clients.postgres import database_errors
from staging_validation.environment import sources
from staging_validation.environment.evidence import Evidence, Reading
from staging_validation.environment.sighting import Sighting
from staging_validation.environment.verdict import REQUIRED_SOURCES, GuardVerdict, judge
from staging_validation.errors import (
    ConfigurationError,
    GuardRefusedError,
    ServiceAnswerError,
    ServiceError,
    ServiceUnreachableError,
)
from staging_validation.results.outcomes import Outcome

if TYPE_CHECKING:
    import psycopg

    from staging_validation.clients.http import HttpService
    from staging_validation.clients.prometheus import PrometheusClient

    Connect = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]

_REMEDY = "look at the guard's evidence; mark the database only if it is not production"


@dataclass(frozen=True)
class EnvironmentSources:
    """Where the evidence comes from.

    Attributes:
        declared: Declared environment names by where they were declared.
        connect: Opens a connection to the target database that is only read from.
        stripe_key: The Stripe key in use, in clear.
        stripe: The Stripe API, authenticated with that key; like the next two None where none is configured.
        billing_api: The billing API.
        prometheus: Prometheus.
        addresses: Base URLs of the services that a run changes, by connection id.
        health_path: The path of the billing API's health endpoint.
    """

    declared: Mapping[str, str | None]
    connect: Connect
    stripe_key: str | None
    stripe: HttpService | None
    billing_api: HttpService | None
    prometheus: PrometheusClient | None
    addresses: Mapping[str, str] = field(default_factory=dict)
    health_path: str = "/api/health"


@dataclass(frozen=True)
class Observation:
    """What the sources said.

    Attributes:
        verdict: What follows from it.
        sighting: The things that were looked at; None when the database could not be asked.
    """

    verdict: GuardVerdict
    sighting: Sighting | None


def observe(asked: EnvironmentSources, *, required: frozenset[str] = REQUIRED_SOURCES) -> Observation:
    """Ask all sources at once, and weigh what they say.

    Args:
        asked: The sources.
        required: Sources that must be positively non-production.

    Returns:
        The verdict with its evidence in a stable order (a source that cannot be asked is evidence too), and what
        was seen.
    """
    with ThreadPoolExecutor(max_workers=4) as pool:
        database = pool.submit(_database, asked)
        others = [pool.submit(question, asked) for question in (_stripe_account, _health, _prometheus)]
    evidence = [
        *sources.from_declared(asked.declared),
        sources.from_stripe_key(asked.stripe_key),
        *database.result()[0],
        *(piece for answer in others for piece in answer.result()),
    ]
    return Observation(judge(evidence, required=required), database.result()[1])


def look_at_database(connection: psycopg.Connection[Any]) -> tuple[list[Evidence], Sighting]:
    """Read the database's evidence on this very connection, inside whatever transaction it is in."""
    identity = identify(connection)
    marker = read_marker(connection)
    evidence = [
        sources.from_marker(marker, identity),
        sources.from_identity(identity),
        sources.from_replica(identity),
    ]
    return evidence, Sighting.of(identity, marker)


def confirm_target(connection: psycopg.Connection[Any], seen: Sighting | None = None) -> None:
    """Check again, on the connection and in the transaction that is about to be used, that it may be.

    Args:
        connection: The connection.
        seen: What the guard saw; None where no guard went before (then only the evidence counts).

    Raises:
        GuardRefusedError: The database behind this very connection is not positively non-production, or is not
            the one that the guard saw.
        ServiceError: It could not be asked.
    """
    with database_errors():
        evidence, now = look_at_database(connection)
    verdict = judge(evidence, required=frozenset({"marker"}))
    reasons = [*verdict.reasons, *(seen.database_differences(now) if seen else ())]
    if verdict.outcome is not Outcome.PASSED or reasons:
        raise GuardRefusedError(
            f"The database of this connection may not be touched: {'; '.join(reasons)}.", remedy=_REMEDY
        )


def confirm_observation(observation: Observation, seen: Sighting) -> None:
    """Check that everything still allows a change, and is still what the guard saw.

    Args:
        observation: What the sources say now.
        seen: What the guard saw.

    Raises:
        GuardRefusedError: A source refuses now, or something is not what the guard saw.
        ServiceUnreachableError: A source cannot be asked now.
    """
    verdict = observation.verdict
    if verdict.outcome is Outcome.ERRORED:
        raise ServiceUnreachableError("Environment guard", "; ".join(verdict.reasons))
    changed = (
        seen.differences(observation.sighting) if observation.sighting else ["the database was not seen"]
    )
    reasons = [*verdict.reasons, *changed]
    if verdict.outcome is not Outcome.PASSED or reasons:
        raise GuardRefusedError(f"Nothing may be changed: {'; '.join(reasons)}.", remedy=_REMEDY)


def _database(asked: EnvironmentSources) -> tuple[list[Evidence], Sighting | None]:
    try:
        with database_errors(), asked.connect() as connection:
            evidence, seen = look_at_database(connection)
    except (ServiceError, ConfigurationError) as error:
        return [sources.unreachable("marker", error.message, required=True, remedy=error.remedy)], None
    return evidence, seen.with_services(stripe_key=asked.stripe_key, addresses=asked.addresses)


def _stripe_account(asked: EnvironmentSources) -> list[Evidence]:
    in_test_mode = sources.from_stripe_key(asked.stripe_key).reading is Reading.NON_PRODUCTION
    if asked.stripe is None or not in_test_mode:
        # A live key must not be used even once, and an unknown one proves nothing: the key's evidence refuses.
        return []
    try:
        return [sources.from_stripe_balance(_object(asked.stripe, "/v1/balance"))]
    except ServiceError as error:
        return [sources.unreachable("stripe.account", error.message, required=True, remedy=error.remedy)]


def _health(asked: EnvironmentSources) -> list[Evidence]:
    if asked.billing_api is None:
        return []
    try:
        return [sources.from_health(_object(asked.billing_api, asked.health_path))]
    except ServiceError as error:
        return [sources.unreachable("billing_api.health", error.message, remedy=error.remedy)]


def _prometheus(asked: EnvironmentSources) -> list[Evidence]:
    if asked.prometheus is None:
        return []
    try:
        return [sources.from_prometheus_labels(asked.prometheus.external_labels())]
    except ServiceError as error:
        return [sources.unreachable("prometheus.labels", error.message, remedy=error.remedy)]


def _object(service: HttpService, path: str) -> Mapping[str, Any]:
    answer = service.json("GET", path)
    if not isinstance(answer, dict):
        raise ServiceAnswerError(
            service.name, f"GET {service.base_url}{path} answered JSON that is no object."
        )
    return answer
