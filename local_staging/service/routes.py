"""The HTTP API (platform contract, HTTP API)."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import psycopg
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic_core import from_json

from local_staging.service.authentication import authenticate
from local_staging.service.errors import InvalidFieldsError, RefusedError
from local_staging.service.fix_attempts import create_fix_attempt
from local_staging.service.metrics import count_active_subscriptions
from local_staging.service.onboarding import onboard
from local_staging.service.rate_limit import RateLimiter
from local_staging.service.requests import FixAttemptRequest, OnboardRequest, parse
from local_staging.service.webhooks.intake import PayloadError, accept
from local_staging.service.webhooks.signature import SignatureError
from local_staging.service.webhooks.worker import WebhookWorker
from local_staging.service.work import Platform

SERVICE = "billing"


async def json_body(request: Request) -> object:
    """Return the request's JSON; None when it is none."""
    try:
        parsed: object = from_json(await request.body())
    except ValueError:
        return None
    return parsed


JsonBody = Annotated[object, Depends(json_body)]
ApiKey = Annotated[str | None, Header(alias="x-api-key")]


def public_routes(platform: Platform, worker: WebhookWorker) -> APIRouter:
    """Build the routes that everybody may use.

    Args:
        platform: The platform.
        worker: Processes the webhooks that are accepted.
    """
    router = APIRouter()
    router.include_router(_customer_routes(platform))
    router.include_router(_keyed_routes(platform, worker))
    router.include_router(_webhook_routes(platform, worker.wake))
    return router


def _customer_routes(platform: Platform) -> APIRouter:
    router = APIRouter()
    limiter = RateLimiter(platform.settings.onboard_per_minute)

    @router.post("/api/v1/customers/onboard", status_code=201)
    def onboard_customer(request: Request, body: JsonBody) -> dict[str, Any]:
        address = request.client.host if request.client else "unknown"
        if limiter.take(address).retry_after is not None:
            raise RefusedError(429, "RATE_LIMITED", "Too many sign-ups; try again in a minute.")
        try:
            signed_up = onboard(platform, parse(OnboardRequest, body))
        except InvalidFieldsError as error:
            raise RefusedError(422, "VALIDATION_FAILED", error.sentence) from error
        return {"customer": signed_up.customer, "api_key": signed_up.api_key}

    return router


def _keyed_routes(platform: Platform, worker: WebhookWorker) -> APIRouter:
    router = APIRouter()
    limiter = RateLimiter(platform.settings.api_per_minute)

    def authorize(api_key: str | None, response: Response) -> int:
        """Return whose key it is, and count the call."""
        with platform.database.transaction() as connection:
            customer_id = authenticate(connection, api_key)
        allowance = limiter.take(str(customer_id))
        response.headers.update(allowance.headers)
        if allowance.retry_after is not None:
            raise RefusedError(429, "RATE_LIMITED", "Too many requests; see retry-after.", allowance.headers)
        return customer_id

    @router.post("/api/v1/fix-attempts", status_code=201)
    def fix_attempt(response: Response, body: JsonBody, x_api_key: ApiKey = None) -> Any:
        customer_id = authorize(x_api_key, response)
        try:
            request = parse(FixAttemptRequest, body)
        except InvalidFieldsError as error:
            return JSONResponse({"errors": error.errors}, 422, headers=dict(response.headers))
        return create_fix_attempt(platform, customer_id, request)

    @router.get("/api/health")
    def health(response: Response, x_api_key: ApiKey = None) -> dict[str, Any]:
        database = _database_answers(platform)
        if database and x_api_key is not None:
            authorize(x_api_key, response)
        healthy = database and worker.alive
        response.status_code = 200 if healthy else 503
        return {
            "status": "ok" if healthy else "degraded",
            "service": SERVICE,
            "version": _version(),
            "environment": platform.settings.environment,
            "services": {
                "database": "ok" if database else "unavailable",
                "webhooks": "ok" if worker.alive else "stopped",
            },
        }

    @router.get("/metrics")
    def metrics() -> Response:
        with platform.database.transaction() as connection:
            active = count_active_subscriptions(connection)
        return Response(platform.telemetry.render(active), media_type=CONTENT_TYPE_LATEST)

    return router


def _webhook_routes(platform: Platform, wake: Callable[[], None]) -> APIRouter:
    router = APIRouter()

    @router.post("/api/webhooks/stripe")
    async def stripe_webhook(
        request: Request, stripe_signature: Annotated[str | None, Header()] = None
    ) -> Any:
        body = await request.body()
        try:
            await run_in_threadpool(accept, platform, body, stripe_signature, wake)
        except SignatureError as error:
            return JSONResponse({"error": error.message}, error.status)
        except PayloadError:
            return JSONResponse({"error": "Invalid payload"}, 400)
        return {"status": "success"}

    return router


def _database_answers(platform: Platform) -> bool:
    try:
        with platform.database.transaction() as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _version() -> str:
    try:
        return version("staging-validation")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"
