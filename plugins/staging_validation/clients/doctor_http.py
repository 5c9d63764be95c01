"""What answers at an HTTP address: is it there, does it let us in, is it what its connection says? Reads only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.doctor_findings import Findings, how_to_set
from staging_validation.clients.http import HttpService
from staging_validation.errors import ConfigurationError, ServiceUnreachableError

LONGEST_SECONDS = 5.0
"""The longest wait for a connection and for each read; a shorter ``timeout`` of the connection is kept."""

ALERTMANAGER_STATUS = "/api/v2/status"
GRAFANA_HEALTH = "/api/health"
PROMETHEUS_BUILD = "/api/v1/status/buildinfo"
PROMETHEUS_QUERY = "/api/v1/query?query=vector(1)"
PUSHGATEWAY_STATUS = "/api/v1/status"
_NOT_ALLOWED = (401, 403)

Body = Mapping[str, Any]


def is_prometheus(body: Body) -> bool:
    """Tell Prometheus by its build information, or by the answer to a query (Prometheus documentation, HTTP API)."""
    data = body.get("data")
    return isinstance(data, dict) and ("version" in data or "resultType" in data)


def is_pushgateway(body: Body) -> bool:
    """Tell a Pushgateway by its status (Pushgateway documentation, management API)."""
    return isinstance(body.get("data"), dict) and "build_information" in body["data"]


def is_alertmanager(body: Body) -> bool:
    """Tell an Alertmanager by its status (Alertmanager API v2)."""
    return isinstance(body.get("versionInfo"), dict)


def is_grafana(body: Body) -> bool:
    """Tell Grafana by its health (Grafana documentation, other HTTP API): like a platform's, but it has no status."""
    return "database" in body and "status" not in body


def is_billing_api(body: Body) -> bool:
    """Tell the billing API by its health (platform contract, HTTP API)."""
    return isinstance(body.get("status"), str) and ("services" in body or "service" in body)


def is_stripe(body: Body) -> bool:
    """Tell Stripe by the shape of its errors and objects (Stripe API reference)."""
    error = body.get("error")
    return body.get("object") == "balance" or (isinstance(error, dict) and "type" in error)


_KNOWN: tuple[tuple[str, str, Callable[[Body], bool]], ...] = (
    ("a Prometheus", PROMETHEUS_BUILD, is_prometheus),
    ("a Pushgateway", PUSHGATEWAY_STATUS, is_pushgateway),
    ("an Alertmanager", ALERTMANAGER_STATUS, is_alertmanager),
    ("a Grafana", GRAFANA_HEALTH, is_grafana),
    ("the billing API", GRAFANA_HEALTH, is_billing_api),
    ("Stripe", "/v1/balance", is_stripe),
)


def bounded(settings: ConnectionSettings) -> ConnectionSettings:
    """Return the connection with a ``timeout`` that the doctor can wait for.

    Raises:
        ConfigurationError: Its address is none, its ``timeout`` is no number, or its ``verify`` or ``cert`` names a
            file that is not there.
    """
    try:
        urlsplit(settings.base_url if settings.host else "").port  # noqa: B018 - reading it raises
    except ValueError as error:
        raise ConfigurationError(
            f"host and port are no address ({error})", remedy=how_to_set(settings.conn_id, "host")
        ) from None
    given = settings.extra.get("timeout", LONGEST_SECONDS)
    try:
        seconds = float(str(given))
    except ValueError:
        raise ConfigurationError(
            f"extra.timeout is {given!r}, which is no number of seconds",
            remedy=how_to_set(settings.conn_id, "extra.timeout"),
        ) from None
    for name in ("verify", "cert"):
        named = settings.extra.get(name)
        if isinstance(named, str) and not Path(named).exists():
            raise ConfigurationError(
                f"extra.{name} names {named}, which does not exist here",
                remedy=f"mount the file, or correct {name} in the extra field of the connection {settings.conn_id}",
            )
    extra = {**settings.extra, "timeout": min(seconds, LONGEST_SECONDS)}
    return settings.model_copy(update={"extra": extra})


def to_look_at(name: str, settings: ConnectionSettings) -> HttpService:
    """Build a client that reads, and asks once.

    Raises:
        ConfigurationError: See :func:`bounded`.
    """
    service = HttpService.from_settings(name, bounded(settings))
    service.attempts, service.read_only = 1, True
    if settings.secret and not settings.login:
        # Grafana's service accounts, and what sits before other services: a token without a name.
        service.session.headers["Authorization"] = f"Bearer {settings.secret}"
    return service


def identified(
    found: Findings, service: HttpService, path: str, what: str, is_it: Callable[[Body], bool]
) -> Body | None:
    """Find out whether a service is there, lets us in, and is the right thing.

    Args:
        found: Gets what is found: ``reachable``, then ``authorised`` or ``thing`` where that is wrong.
        service: The service.
        path: Where it says what it is.
        what: What it should be, with its article.
        is_it: Tells it by the JSON at that path.

    Returns:
        The JSON; None where something is wrong, which has been added.
    """
    try:
        response = service.request("GET", path)
    except ServiceUnreachableError as error:
        found.error("reachable", error, remedy=_scheme_remedy(found.conn_id, str(error)) or error.remedy)
        return None
    if "to an HTTPS server" in response.text[:200]:
        told = f"{service.base_url} expects https and was asked with http"
        found.failed("reachable", told, remedy=f"set schema of the connection {found.conn_id} to https")
        return None
    found.passed("reachable", service.base_url)
    if response.status_code in _NOT_ALLOWED:
        not_allowed(found, service, path, response)
        return None
    body = json_object(response)
    if body is not None and is_it(body):
        return body
    other = recognised(service)
    said = f"is {other}" if other else f"answers GET {path} with {_described(response)}"
    remedy = f"exchange the addresses: {found.conn_id} must name {what}. " if other else ""
    found.failed(
        "thing",
        f"{service.base_url} {said}",
        expected=what,
        remedy=remedy + how_to_set(found.conn_id, "host"),
    )
    return None


def not_allowed(found: Findings, service: HttpService, path: str, response: requests.Response) -> None:
    """Add that a service does not let us in."""
    found.failed(
        "authorised",
        f"GET {service.base_url}{path} answered {response.status_code}",
        expected="an answer for this login",
        remedy=how_to_set(found.conn_id, "password")
        + " (with login for basic authentication; without one it is a bearer token)",
    )


def recognised(service: HttpService) -> str | None:
    """Return what a service is by its own signs, with its article; None when it is nothing we know."""
    for name, path, is_it in _KNOWN:
        body = json_object(service.request("GET", path))
        if body is not None and is_it(body):
            return name
    return None


def json_object(response: requests.Response) -> Body | None:
    """Return the JSON object of an answer; None when it is none."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def version_of(text: object) -> tuple[int, ...] | None:
    """Return the numbers of a version such as ``2.45.0``; None when it is none."""
    numbers = str(text).removeprefix("v").split("-")[0].split("+")[0].split(".")
    return tuple(int(number) for number in numbers) if all(number.isdigit() for number in numbers) else None


def _described(response: requests.Response) -> str:
    kind = response.headers.get("Content-Type", "").partition(";")[0] or "no content type"
    return f"{response.status_code} ({kind})"


def _scheme_remedy(conn_id: str, told: str) -> str | None:
    """Return what to do where TLS meets a server that speaks plain HTTP."""
    if "WRONG_VERSION_NUMBER" in told or "wrong version number" in told:
        return f"this port speaks plain HTTP: set schema of the connection {conn_id} to http"
    return None
