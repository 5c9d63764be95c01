"""The sandbox over HTTP: authentication, decoding, headers, and the shape of every answer."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import stripe
from aiohttp import web

from local_staging.stripe_sandbox import forms
from local_staging.stripe_sandbox.advancing import Advancer
from local_staging.stripe_sandbox.auth import authenticate
from local_staging.stripe_sandbox.clock import Clock, SystemClock
from local_staging.stripe_sandbox.errors import InvalidRequestError, StripeApiError, unsupported
from local_staging.stripe_sandbox.events import Cause
from local_staging.stripe_sandbox.idempotency import Answer
from local_staging.stripe_sandbox.operations import Operation
from local_staging.stripe_sandbox.rate_limit import RateLimit
from local_staging.stripe_sandbox.resources import OPERATIONS
from local_staging.stripe_sandbox.sandbox import Sandbox, require_form
from local_staging.stripe_sandbox.settings import Settings
from local_staging.stripe_sandbox.store import new_id
from local_staging.stripe_sandbox.webhooks import Delivery, Endpoint, Retries, WebhookSender

SANDBOX = web.AppKey("sandbox", Sandbox)
_LIMIT = web.AppKey("limit", RateLimit)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Options:
    """What can be set of a sandbox.

    Args:
        endpoint: The webhook endpoint there is from the start; None when nobody listens. Others can be made.
        retries: When an event that was not taken is posted again.
        settings: What the account decides about its billing.
        per_second: How many requests a second are answered; None for any number, because the sandbox is also
            what load is put on. Stripe's own limit is ``rate_limit.STRIPE_PER_SECOND``.
    """

    endpoint: Endpoint | None = None
    retries: Retries = field(default_factory=Retries)
    settings: Settings = field(default_factory=Settings)
    per_second: float | None = None


def create_app(
    *, pro_price_id: str, options: Options | None = None, clock: Clock | None = None
) -> web.Application:
    """Build the application.

    Args:
        pro_price_id: The id of the monthly price that exists from the start.
        options: What can be set.
        clock: The time of everything that is made and hangs on no test clock; the machine's by default.
    """
    chosen = options or Options()
    app = web.Application(middlewares=[_stripe_errors])
    app.cleanup_ctx.append(_account(pro_price_id, chosen, clock or SystemClock()))
    if chosen.per_second is not None:
        app[_LIMIT] = RateLimit(chosen.per_second)
    app.router.add_get("/healthz", _healthy)
    app.router.add_post("/sandbox/webhook_endpoints/{id}/roll_secret", _roll_secret)
    for operation in OPERATIONS:
        app.router.add_route(operation.method, operation.path, _endpoint(operation))
    return app


def _account(
    pro_price_id: str, options: Options, clock: Clock
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return what opens the account when the application starts, and ends its deliveries when it stops."""

    async def opened(app: web.Application) -> AsyncIterator[None]:
        async with WebhookSender(options.retries) as sender, Advancer() as advancer:

            def deliver(event: dict[str, object], endpoint: str) -> None:
                url = (sandbox.store.get(endpoint) or {})["url"]
                sender.deliver(Delivery(event, url, lambda: sandbox.signing_secrets(endpoint)))

            sandbox = app[SANDBOX] = Sandbox(
                clock,
                settings=options.settings,
                deliver=deliver,
                advance=lambda test_clock: advancer.begin(sandbox, test_clock),
            )
            sandbox.seed_pro_price(pro_price_id)
            if options.endpoint:
                sandbox.add_endpoint(options.endpoint.url, options.endpoint.secret)
            yield

    return opened


async def _healthy(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def _endpoint(operation: Operation) -> _Handler:
    """Return the handler of an operation's address."""

    async def handle(request: web.Request) -> web.StreamResponse:
        api_key = _admit(request)
        _check_headers(request)
        body = require_form(request.content_type, await request.read())
        cause = Cause(new_id("req"), request.headers.get("Idempotency-Key"))
        given = forms.decode(request.query_string, body)
        answer = request.app[SANDBOX].answer(
            operation, dict(request.match_info), given, api_key=api_key, cause=cause
        )
        return _respond(answer, cause)

    return handle


async def _roll_secret(request: web.Request) -> web.StreamResponse:
    """Give a webhook endpoint a new signing secret; on Stripe that is done in the dashboard, not by the API."""
    _admit(request)
    given = forms.decode(request.query_string, require_form(request.content_type, await request.read()))
    keep = given.get("keep_seconds", "0")
    if set(given) - {"keep_seconds"} or not isinstance(keep, str) or not keep.isdecimal():
        raise InvalidRequestError(
            "Rolling a signing secret takes one parameter: keep_seconds, how long the former one stays valid."
        )
    endpoint = request.match_info["id"]
    secret = request.app[SANDBOX].roll_secret(endpoint, keep_seconds=int(keep))
    request_id = new_id("req")
    return _respond(Answer(200, {"id": endpoint, "secret": secret}, request_id), Cause(request_id))


def _admit(request: web.Request) -> str:
    """Return the API key of a request that may be answered."""
    api_key = authenticate(request.headers.get("Authorization"))
    if limit := request.app.get(_LIMIT):
        limit.take(time.monotonic())
    return api_key


def _check_headers(request: web.Request) -> None:
    """Refuse headers that would change the meaning of a request if Stripe read them."""
    version = request.headers.get("Stripe-Version", stripe.api_version)
    if version != stripe.api_version:
        raise unsupported(f"the API version {version} (it speaks {stripe.api_version})")
    if "Stripe-Account" in request.headers or "Stripe-Context" in request.headers:
        raise unsupported("requests on behalf of another account")


@web.middleware
async def _stripe_errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Give refusals, and addresses that lead nowhere, the shape of Stripe's errors."""
    try:
        return await handler(request)
    except StripeApiError as error:
        refusal = error
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        refusal = InvalidRequestError(
            f"Unrecognized request URL ({request.method}: {request.path}). If Stripe has it, the Stripe sandbox "
            "does not.",
            status=404,
        )
    request_id = new_id("req")
    return _respond(Answer(refusal.status, refusal.body(), request_id), Cause(request_id))


def _respond(answer: Answer, cause: Cause) -> web.Response:
    headers = {"Request-Id": cause.request_id or "", "Stripe-Version": str(stripe.api_version)}
    if cause.idempotency_key is not None:
        headers["Idempotency-Key"] = cause.idempotency_key
    if answer.replayed:
        headers.update({"Idempotent-Replayed": "true", "Original-Request": answer.request_id})
    return web.json_response(answer.body, status=answer.status, headers=headers)
