"""The application: its parts put together, and the answers to everything that goes wrong."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from local_staging.service.database import Database
from local_staging.service.errors import InvalidFieldsError, RefusedError
from local_staging.service.internal_routes import internal_routes
from local_staging.service.metrics import Telemetry, load_catalogue
from local_staging.service.routes import public_routes
from local_staging.service.settings import ServiceSettings
from local_staging.service.stripe_gateway import StripeGateway
from local_staging.service.webhooks.worker import WebhookWorker
from local_staging.service.work import Platform

_LOG = logging.getLogger(__name__)


def create_app(settings: ServiceSettings) -> FastAPI:
    """Build the application. Its worker runs as long as it is served.

    Args:
        settings: The service's settings.
    """
    platform = Platform(
        settings=settings,
        database=Database(settings.database_url),
        stripe=StripeGateway(
            settings.stripe_api_key, settings.stripe_api_base, pro_price_id=settings.pro_price_id
        ),
        telemetry=Telemetry(load_catalogue()),
    )
    return build_app(platform)


def build_app(platform: Platform) -> FastAPI:
    """Build the application on parts that exist already.

    Args:
        platform: The platform.
    """
    worker = WebhookWorker(platform)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        worker.start()
        try:
            yield
        finally:
            await run_in_threadpool(worker.stop)
            platform.database.close()

    app = FastAPI(title="Billing service", lifespan=lifespan)
    app.include_router(public_routes(platform, worker))
    app.include_router(internal_routes(platform))
    _answer_errors(app)
    return app


def _answer_errors(app: FastAPI) -> None:
    """Give every kind of failure its answer."""

    @app.exception_handler(RefusedError)
    def refused(_: Request, error: RefusedError) -> JSONResponse:
        return _answer(error.status, error.code, error.message, error.headers)

    @app.exception_handler(InvalidFieldsError)
    def invalid_fields(_: Request, error: InvalidFieldsError) -> JSONResponse:
        return _answer(422, "VALIDATION_FAILED", error.sentence)

    @app.exception_handler(RequestValidationError)
    def invalid_address(_: Request, __: RequestValidationError) -> JSONResponse:
        return _answer(404, "not_found", "There is nothing at this address: a customer's id is a number.")

    @app.exception_handler(psycopg.DataError)
    def invalid_data(_: Request, __: psycopg.DataError) -> JSONResponse:
        return _answer(422, "VALIDATION_FAILED", "A value cannot be stored.")

    @app.exception_handler(psycopg.InterfaceError)
    @app.exception_handler(psycopg.OperationalError)
    def database_away(_: Request, error: psycopg.Error) -> JSONResponse:
        _LOG.warning("The database is not available: %s", error)
        return _answer(503, "SERVICE_UNAVAILABLE", "The database is not available; try again later.")


def _answer(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"message": message, "code": code}}, status, headers)
