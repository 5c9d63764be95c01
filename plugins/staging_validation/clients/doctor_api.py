"""The doctor's look at the billing API: health, and which operations of the contract it has. Reads only."""

from __future__ import annotations

from collections.abc import Mapping

import requests

from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.doctor_findings import Findings, how_to_set
from staging_validation.clients.doctor_http import Body, identified, is_billing_api, to_look_at
from staging_validation.clients.http import HttpService
from staging_validation.errors import ConfigurationError

_NOWHERE = "/staging-validation-doctor/no-such-path"
_ASKED_ALREADY = ("health", "metrics")
_OPERATORS_REMEDY = (
    'name its path in the extra field of the connection staging_api, {"paths": {"%s": "/…"}}, or null where the '
    "platform does not have it: what needs it is then skipped"
)

SEEN_BY_WORKFLOWS = (
    "signup's test domains, test clocks at signup, idempotency keys and webhook effects change something: the "
    "workflows show them"
)


def look_at_api(found: Findings, connections: Mapping[str, ConnectionSettings]) -> None:
    """Check that the billing API is one, is healthy, and offers the operations of the contract."""
    service, api = _client(found, connections[found.conn_id])
    if api is None:
        return
    health = api.paths["health"]
    if health is None:
        found.skipped("health", "extra.paths says that this platform has no health")
    else:
        body = identified(found, service, health, "the billing API", is_billing_api)
        if body is None:
            return
        _health(found, body)
    _operations(found, service, api)
    _metrics(found, service, api.paths["metrics"])
    found.skipped("changes", SEEN_BY_WORKFLOWS)


def look_at_strict_api(found: Findings, connections: Mapping[str, ConnectionSettings]) -> None:
    """Check that the instance with its limits in force is a billing API too."""
    service, api = _client(found, connections[found.conn_id])
    if api is None or (health := api.paths["health"]) is None:
        return
    body = identified(found, service, health, "the billing API", is_billing_api)
    if body is not None:
        _health(found, body)


def _client(found: Findings, settings: ConnectionSettings) -> tuple[HttpService, BillingApi | None]:
    service = to_look_at("Billing API", settings)
    try:
        return service, BillingApi.from_settings(settings)
    except ConfigurationError as error:
        found.misconfigured("paths", error)
        return service, None


def _health(found: Findings, body: Body) -> None:
    services = body.get("services")
    status = f"status {body['status']}"
    if isinstance(services, dict):
        status += f" ({', '.join(f'{name} {state}' for name, state in services.items())})"
    if body["status"] in ("degraded", "error", "unhealthy"):
        found.failed(
            "health", status, remedy="look at the platform's own logs; its database or queue is down"
        )
    else:
        found.passed("health", status)
    if isinstance(body.get("environment"), str):
        found.passed("environment", str(body["environment"]))
    else:
        found.skipped("environment", "/api/health names no environment: the guard counts it as unknown")


def _operations(found: Findings, service: HttpService, api: BillingApi) -> None:
    """Look for the operations' routes with GET alone: a route answers otherwise than a path that nobody has."""
    nowhere = _answer(service.request("GET", _NOWHERE), _NOWHERE)
    seen = []
    for operation, path in api.paths.items():
        if operation in _ASKED_ALREADY:
            continue
        if path is None:
            found.skipped(
                operation, f"extra.paths says that this platform lacks {operation}: skipped in runs"
            )
            continue
        asked = path.replace("{id}", "0")
        response = service.request("GET", asked)
        if response.status_code in (401, 403):
            _gated(found, operation, asked, response.status_code)
        elif _answer(response, asked) == nowhere:
            found.failed(
                operation,
                f"{path} answers GET as a path that nobody has ({response.status_code})",
                expected="a route of the platform",
                # Some frameworks answer so for a route that takes POST only.
                warning=True,
                remedy=_OPERATORS_REMEDY % operation,
            )
        else:
            seen.append(operation)
    if seen:
        found.passed("operations", f"has {', '.join(seen)}")


def _gated(found: Findings, operation: str, path: str, status: int) -> None:
    found.failed(
        operation,
        f"GET {path} answered {status}",
        expected="a route that this login may use",
        remedy=how_to_set(found.conn_id, "password") + " (what the gateway before the operations asks for)",
    )


def _metrics(found: Findings, service: HttpService, path: str | None) -> None:
    if path is None:
        found.skipped("metrics", "extra.paths says that this platform has no metrics of its own")
        return
    response = service.request("GET", path)
    if response.status_code == 200 and "rsolv_billing_" in response.text:
        found.passed("metrics", f"{path} shows billing metrics")
    elif response.status_code == 200:
        found.skipped("metrics", f"{path} shows no billing metrics: what compares with them is skipped")
    else:
        found.failed(
            "metrics",
            f"GET {path} answered {response.status_code}",
            expected="a text exposition",
            warning=True,
            remedy=_OPERATORS_REMEDY % "metrics",
        )


def _answer(response: requests.Response, path: str) -> tuple[int, str]:
    """Return an answer without the path, which some frameworks repeat in it."""
    return response.status_code, response.text[:2000].replace(path, "")
