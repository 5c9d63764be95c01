"""The sandbox over HTTP: authentication, decoding, headers, and the shape of every answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import stripe
from aiohttp import web

from local_staging.stripe_sandbox import forms
from local_staging.stripe_sandbox.auth import authenticate
from local_staging.stripe_sandbox.clock import Clock, SystemClock
from local_staging.stripe_sandbox.errors import InvalidRequestError, StripeApiError, unsupported
from local_staging.stripe_sandbox.events import Cause
from local_staging.stripe_sandbox.idempotency import Answer
from local_staging.stripe_sandbox.operations import Operation
from local_staging.stripe_sandbox.resources import OPERATIONS
from local_staging.stripe_sandbox.sandbox import Sandbox, require_form
from local_staging.stripe_sandbox.store import new_id
from local_staging.stripe_sandbox.webhooks import Endpoint, WebhookSender

SANDBOX = web.AppKey("sandbox", Sandbox)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(
    *, pro_price_id: str, endpoint: Endpoint | None = None, clock: Clock | None = None
) -> web.Application:
    """Build the application.

    Args:
        pro_price_id: The id of the monthly price that exists from the start.
        endpoint: Where events go; None when nobody listens.
        clock: The time of everything that is made; the machine's by default.
    """
    app = web.Application(middlewares=[_stripe_errors])
    app.cleanup_ctx.append(_account(pro_price_id, endpoint, clock or SystemClock()))
    app.router.add_get("/healthz", _healthy)
    for operation in OPERATIONS:
        app.router.add_route(operation.method, operation.path, _endpoint(operation))
    return app


def _account(
    pro_price_id: str, endpoint: Endpoint | None, clock: Clock
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return what opens the account when the application starts, and ends its deliveries when it stops."""

    async def opened(app: web.Application) -> AsyncIterator[None]:
        if endpoint is None:
            app[SANDBOX] = Sandbox(clock)
            app[SANDBOX].seed_pro_price(pro_price_id)
            yield
            return
        async with WebhookSender(endpoint) as sender:
            app[SANDBOX] = Sandbox(clock, deliver=sender.deliver)
            app[SANDBOX].seed_pro_price(pro_price_id)
            yield

    return opened


async def _healthy(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def _endpoint(operation: Operation) -> _Handler:
    """Return the handler of an operation's address."""

    async def handle(request: web.Request) -> web.StreamResponse:
        api_key = authenticate(request.headers.get("Authorization"))
        _check_headers(request)
        body = require_form(request.content_type, await request.read())
        cause = Cause(new_id("req"), request.headers.get("Idempotency-Key"))
        given = forms.decode(request.query_string, body)
        answer = request.app[SANDBOX].answer(
            operation, dict(request.match_info), given, api_key=api_key, cause=cause
        )
        return _respond(answer, cause)

    return handle


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
