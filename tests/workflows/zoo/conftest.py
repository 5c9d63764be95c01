"""A staging whose service and sandbox both run in this process, where faults can be switched on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from threading import Thread
from typing import Any

import pytest
import uvicorn
from aiohttp import web

from local_staging.service.app import create_app as create_service
from local_staging.service.database import migrate
from local_staging.service.settings import ServiceSettings
from local_staging.stack.cache import default_cache_dir
from local_staging.stack.ports import free_port
from local_staging.stack.postgres import PostgresServer
from local_staging.stack.supervisor import Supervisor
from local_staging.stripe_sandbox.app import Options
from local_staging.stripe_sandbox.app import create_app as create_sandbox
from local_staging.stripe_sandbox.webhooks import Endpoint, Retries
from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.fixture_objects import seed_objects
from staging_validation.clients.fixture_settling import settle_objects
from staging_validation.clients.polling import wait_for
from staging_validation.clients.postgres import connect
from staging_validation.clients.reset import reset_staging
from staging_validation.clients.reset_files import read_customer_states
from staging_validation.clients.stripe_api import StripeApi
from tests.workflows.shared import RealStaging

STRIPE_KEY = "sk_test_zoo"
WEBHOOK_SECRET = "whsec_zoo"
PRO_PRICE = "price_local_pro"
FEW_RETRIES = Retries(attempts=2, first_seconds=0.2)
"""A webhook that a fault had refused shall not come when the next fault is on."""


@contextmanager
def service_at(port: int, settings: ServiceSettings) -> Iterator[None]:
    """Serve the billing service from a thread."""
    config = uvicorn.Config(
        create_service(settings),
        host="127.0.0.1",
        port=port,
        access_log=False,
        log_level="critical",  # what faults break is not news
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, name="billing service", daemon=True)
    thread.start()
    try:
        wait_for("the billing service to start", lambda: server.started or None, timeout_seconds=30)
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def sandbox_at(port: int, webhooks: str) -> Iterator[None]:
    """Serve the Stripe sandbox from a thread."""
    options = Options(endpoint=Endpoint(webhooks, WEBHOOK_SECRET), retries=FEW_RETRIES)
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="Stripe sandbox", daemon=True)
    thread.start()

    def run(work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(timeout=10)

    runner = web.AppRunner(
        create_sandbox(pro_price_id=PRO_PRICE, options=options), access_log=None, shutdown_timeout=0.5
    )
    run(runner.setup())
    run(web.TCPSite(runner, "127.0.0.1", port).start())
    try:
        yield
    finally:
        run(runner.cleanup())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture(scope="module")
def real_staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStaging]:
    """Start the parts once, on free ports; everything ends with the module."""
    folder = tmp_path_factory.mktemp("zoo")
    service_port, sandbox_port = free_port(), free_port()
    sandbox = f"http://127.0.0.1:{sandbox_port}"
    with (
        Supervisor() as supervisor,
        PostgresServer(
            folder / "postgres",
            cache_dir=default_cache_dir(os.environ),
            databases=("staging",),
            supervisor=supervisor,
        ) as server,
    ):
        dsn = server.dsn("staging")
        migrate(dsn)
        settings = ServiceSettings(
            database_url=dsn,
            stripe_api_key=STRIPE_KEY,
            stripe_api_base=sandbox,
            webhook_secrets=(WEBHOOK_SECRET,),
            pro_price_id=PRO_PRICE,
            onboard_per_minute=100_000,
        )
        with (
            sandbox_at(sandbox_port, f"http://127.0.0.1:{service_port}/api/webhooks/stripe"),
            service_at(service_port, settings),
        ):
            yield RealStaging(
                api=ConnectionSettings(conn_id="staging_api", host="127.0.0.1", port=service_port),
                database=ConnectionSettings.from_airflow_value("staging_postgres", dsn),
                stripe=ConnectionSettings(
                    conn_id="stripe_default",
                    host=sandbox,
                    password=STRIPE_KEY,
                    extra={"webhook_secret": WEBHOOK_SECRET, "pro_price_id": PRO_PRICE},
                ),
                dsn=dsn,
            )


@pytest.fixture(scope="module")
def ten_customers(real_staging: RealStaging) -> None:
    """The ten test customers, seeded as a reset does."""
    states = read_customer_states()
    with (
        closing(connect(real_staging.database)) as connection,
        closing(StripeApi.from_settings(real_staging.stripe)) as stripe,
    ):
        objects = seed_objects(stripe, states, run_id="reset-zoo")
        settle_objects(stripe, connection, objects)
        now = datetime.now(timezone.utc)
        reset_staging(connection, states, confirm=lambda _: None, now=now, stripe=objects)
