"""The doctor's look at Stripe: the mode of the key before any call, then the Pro price and the webhook endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import requests
from pydantic import JsonValue

from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.connections import STAGING_API, ConnectionSettings
from staging_validation.clients.doctor_findings import Findings, how_to_set
from staging_validation.clients.doctor_http import Body, bounded, json_object
from staging_validation.clients.guarding import stripe_service
from staging_validation.clients.http import HttpService
from staging_validation.environment import Reading
from staging_validation.environment.sources import from_stripe_key
from staging_validation.errors import ConfigurationError, ServiceUnreachableError

PRO_PRICE: Mapping[str, JsonValue] = {
    "currency": "usd",
    "unit_amount": 59_900,
    "interval": "month",
    "interval_count": 1,
    "active": True,
}
"""What Pro costs (platform contract, credits and prices), in the words of Stripe's price object."""

NEEDED_EVENTS = (
    "invoice.payment_succeeded",
    "invoice.payment_failed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
)
"""The events that the platform acts on (platform contract, Stripe)."""


def look_at_stripe(found: Findings, connections: Mapping[str, ConnectionSettings]) -> None:
    """Check the key, the Pro price, the signing secret's shape and the webhook endpoint. A live key is never used."""
    settings = connections[found.conn_id]
    key = from_stripe_key(settings.secret)
    if key.reading is not Reading.NON_PRODUCTION:
        found.refused("key", f"{key.because}; Stripe was not asked", remedy=key.remedy)
        return
    found.passed("key", key.because)
    _secret(found, str(settings.extra["webhook_secret"]))
    service = stripe_service(bounded(settings))
    service.attempts, service.read_only = 1, True
    if not _price(found, service, str(settings.extra["pro_price_id"])):
        return
    api = connections.get(STAGING_API)
    if api is not None and api.host:
        _endpoint(found, service, api)


def _secret(found: Findings, secret: str) -> None:
    if secret.startswith("whsec_"):
        found.passed("webhook_secret", "is a signing secret")
        return
    found.failed(
        "webhook_secret",
        "does not begin as Stripe's signing secrets do (whsec_)",
        remedy="take the signing secret of staging's webhook endpoint (Stripe, Developers, Webhooks); "
        + how_to_set(found.conn_id, "extra.webhook_secret"),
    )


def _price(found: Findings, service: HttpService, price_id: str) -> bool:
    """Check the Pro price; return whether Stripe answers this key at all."""
    path = f"/v1/prices/{price_id}"
    try:
        response = service.request("GET", path)
    except ServiceUnreachableError as error:
        found.error("reachable", error)
        return False
    body = json_object(response)
    if body is None or (response.status_code == 404 and "error" not in body):
        found.failed(
            "thing",
            f"{service.base_url} answers {response.status_code} without Stripe's JSON",
            expected="Stripe",
            remedy=f"leave the host of the connection {found.conn_id} empty for Stripe itself",
        )
        return False
    found.passed("reachable", service.base_url)
    if response.status_code in (401, 403):
        found.failed(
            "authorised",
            f"{response.status_code}: {_reason(body)}",
            remedy="make a new key in test mode (a restricted one needs read access to prices and balance, and write "
            "access to customers, payment methods and subscriptions); "
            + how_to_set(found.conn_id, "password"),
        )
        return False
    if response.status_code == 404:
        found.failed(
            "price",
            f"there is no price {price_id} in this account's test mode",
            expected="a price of 599.00 USD a month",
            remedy="make it (Stripe, Product catalogue, in test mode), or "
            + how_to_set(found.conn_id, "extra.pro_price_id"),
        )
        return True
    if response.status_code != 200:
        found.error("price", service.unexpected("GET", path, response))
        return True
    _compare(found, price_id, body)
    return True


def _compare(found: Findings, price_id: str, price: Body) -> None:
    recurring = price.get("recurring")
    known = {**price, **(recurring if isinstance(recurring, dict) else {})}
    actual = {name: known.get(name) for name in PRO_PRICE}
    if actual == PRO_PRICE:
        found.passed("price", f"{price_id}: 59,900 cents (USD) a month")
        return
    found.failed(
        "price",
        {name: value for name, value in actual.items() if value != PRO_PRICE[name]},
        expected={name: value for name, value in PRO_PRICE.items() if actual[name] != value},
        remedy="a price's amount cannot be changed: make a new one, give it to the platform too, and "
        + how_to_set(found.conn_id, "extra.pro_price_id"),
    )


def _endpoint(found: Findings, service: HttpService, api: ConnectionSettings) -> None:
    """Check that Stripe sends staging's events to staging."""
    try:
        path = BillingApi.from_settings(api).paths["webhook"]
    except ConfigurationError:
        return  # said of the billing API's own connection
    response = service.request("GET", "/v1/webhook_endpoints", params={"limit": 100})
    if response.status_code in (401, 403):
        found.skipped(
            "webhook_endpoint", "this key may not list webhook endpoints (a restricted key need not)"
        )
        return
    if response.status_code != 200:
        found.error("webhook_endpoint", service.unexpected("GET", "/v1/webhook_endpoints", response))
        return
    _judge(found, _endpoints(response), f"{api.base_url}{path}")


def _judge(found: Findings, endpoints: Sequence[Body], wanted: str) -> None:
    how = f"stripe webhook_endpoints create --url {wanted} with the events {', '.join(NEEDED_EVENTS)} (test mode)"
    ours = [endpoint for endpoint in endpoints if str(endpoint.get("url", "")).rstrip("/") == wanted]
    enabled = [endpoint for endpoint in ours if endpoint.get("status") == "enabled"]
    if not enabled:
        others = ", ".join(str(endpoint.get("url")) for endpoint in endpoints) or "none at all"
        found.failed(
            "webhook_endpoint",
            f"the endpoint {wanted} is disabled" if ours else f"no endpoint is {wanted}; there are: {others}",
            # Inside a cluster the platform has another address than for Stripe: this can be right.
            warning=not ours and bool(endpoints),
            remedy=f"if Stripe reaches staging by none of these, {how}",
        )
        return
    events = {str(event) for endpoint in enabled for event in endpoint.get("enabled_events", ())}
    missing = [] if "*" in events else [event for event in NEEDED_EVENTS if event not in events]
    if missing:
        found.failed(
            "webhook_endpoint",
            f"{wanted} is not told of {', '.join(missing)}",
            expected=f"all of {', '.join(NEEDED_EVENTS)}",
            remedy="add the events to the endpoint (Stripe, Developers, Webhooks, in test mode)",
        )
        return
    found.passed("webhook_endpoint", wanted)


def _endpoints(response: requests.Response) -> list[dict[str, Any]]:
    data = (json_object(response) or {}).get("data")
    return [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []


def _reason(body: Body) -> str:
    error = body.get("error")
    return str(error.get("message")) if isinstance(error, dict) else "no reason given"
