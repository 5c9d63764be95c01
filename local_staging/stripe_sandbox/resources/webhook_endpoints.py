"""Webhook endpoints: who is told of events, of which, and with what secret they are signed."""

from __future__ import annotations

import re
from typing import Any

import stripe

from local_staging.stripe_sandbox.blanks import filled
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError
from local_staging.stripe_sandbox.listing import page
from local_staging.stripe_sandbox.operations import METADATA, PAGE, Call, Operation
from local_staging.stripe_sandbox.signing import SigningSecrets, new_signing_secret
from local_staging.stripe_sandbox.store import new_id
from local_staging.stripe_sandbox.updates import changed_fields

_PATH = "/v1/webhook_endpoints"
_URL = re.compile(r"https?://[^\s/]\S*")
MAX_ENDPOINTS = 16


def create(context: Context, call: Call) -> dict[str, Any]:
    """Make an endpoint; only this answer holds its signing secret."""
    if len(context.store.newest_first("webhook_endpoint")) >= MAX_ENDPOINTS:
        raise InvalidRequestError(f"You have reached the maximum of {MAX_ENDPOINTS} test webhook endpoints.")
    params = call.params
    secret = new_signing_secret()
    endpoint = make_endpoint(context, params["url"], secret, events=params["enabled_events"])
    endpoint.update(changed_fields(endpoint, params, ("description", "metadata")))
    return {**endpoint, "secret": secret}


def make_endpoint(context: Context, url: str, secret: str, *, events: list[str]) -> dict[str, Any]:
    """Make an endpoint with a known signing secret.

    Args:
        context: The surroundings of the request.
        url: Where events are posted.
        secret: The signing secret.
        events: The types it wants; ``*`` for all.
    """
    _check_url(url)
    endpoint = filled(
        "webhook_endpoint",
        id=new_id("we"),
        api_version=stripe.api_version,
        created=context.now(),
        description=None,
        enabled_events=list(events),
        metadata={},
        url=url,
    )
    context.store.signing_secrets[endpoint["id"]] = SigningSecrets(secret)
    return context.store.add(endpoint)


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one endpoint, without its secret."""
    return context.addressed("webhook_endpoint", call.id)


def update(context: Context, call: Call) -> dict[str, Any]:
    """Change what an endpoint is told of, and where."""
    endpoint = context.addressed("webhook_endpoint", call.id)
    params = call.params
    changes = changed_fields(endpoint, params, ("description", "metadata", "url"), required=("url",))
    if "url" in changes:
        _check_url(changes["url"])
    if "enabled_events" in params:
        changes["enabled_events"] = list(params["enabled_events"])
    if "disabled" in params:
        changes["status"] = "disabled" if params["disabled"] else "enabled"
    endpoint.update(changes)
    return endpoint


def list_endpoints(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of endpoints."""
    return page(context.store.newest_first("webhook_endpoint"), call.params, _PATH)


def delete(context: Context, call: Call) -> dict[str, Any]:
    """Delete an endpoint; what was not delivered to it never is."""
    endpoint = context.addressed("webhook_endpoint", call.id)
    del context.store.signing_secrets[call.id]
    endpoint.clear()
    endpoint.update(id=call.id, object="webhook_endpoint", deleted=True)
    return endpoint


def _check_url(url: str) -> None:
    if not _URL.fullmatch(url):
        raise InvalidRequestError(
            f"Invalid URL: {url}. It starts with http:// or https://.", code="url_invalid", param="url"
        )


_ACCEPTS = (*METADATA, "description", "enabled_events", "url")
OPERATIONS = (
    Operation("POST", _PATH, "WebhookEndpointCreateParams", create, _ACCEPTS),
    Operation("GET", _PATH, "WebhookEndpointListParams", list_endpoints, PAGE),
    Operation("GET", f"{_PATH}/{{id}}", "WebhookEndpointRetrieveParams", retrieve),
    Operation("POST", f"{_PATH}/{{id}}", "WebhookEndpointUpdateParams", update, (*_ACCEPTS, "disabled")),
    Operation("DELETE", f"{_PATH}/{{id}}", "WebhookEndpointDeleteParams", delete),
)
