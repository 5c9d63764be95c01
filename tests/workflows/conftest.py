"""Two platforms for workflows: one in memory with faults to switch on, and the real parts on loopback."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from threading import Thread
from typing import Any

import psycopg
import pytest
import uvicorn

from local_staging.service.app import create_app
from local_staging.service.database import migrate
from local_staging.service.settings import ServiceSettings
from local_staging.stack.cache import default_cache_dir
from local_staging.stack.monitoring import http_answers
from local_staging.stack.ports import free_port
from local_staging.stack.postgres import PostgresServer
from local_staging.stack.processes import Program
from local_staging.stack.stack import python_environment
from local_staging.stack.supervisor import Supervisor
from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.fixture_objects import seed_objects
from staging_validation.clients.fixture_settling import settle_objects
from staging_validation.clients.polling import wait_for
from staging_validation.clients.postgres import connect
from staging_validation.clients.reset import reset_staging
from staging_validation.clients.reset_files import read_customer_states
from staging_validation.clients.staging_session import Patience, open_session
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.clients.workflow_files import load_workflow
from staging_validation.results import Outcome
from staging_validation.workflows import Workflow, run_workflow
from tests.workflows.fake_platform import FakeStaging
from tests.workflows.shared import IMPATIENT, PROJECT, WORKFLOWS, RealStaging

STRIPE_KEY = "sk_test_workflows"
WEBHOOK_SECRET = "whsec_workflows"
PRO_PRICE = "price_local_pro"
_runs = itertools.count(1)


@pytest.fixture
def fake_staging() -> Callable[..., FakeStaging]:
    return lambda *faults: FakeStaging(faults)


@pytest.fixture
def shipped() -> Callable[[str], Workflow]:
    return lambda name: load_workflow(WORKFLOWS / f"{name}.py")


@contextmanager
def served(app: Any, port: int) -> Iterator[None]:
    """Serve an application on loopback from a thread of this process, where tests can reach into it."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=1,
        )
    )
    thread = Thread(target=server.run, name="billing service", daemon=True)
    thread.start()
    try:
        wait_for("the billing service to start", lambda: server.started or None, timeout_seconds=30)
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def serve() -> Callable[[Any, int], Any]:
    """Serve an application from a thread of this process."""
    return served


@pytest.fixture(scope="session")
def real_staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStaging]:
    """Start the real parts once, on free ports, the service in this process; everything ends with the tests."""
    folder = tmp_path_factory.mktemp("real_staging")
    service_port, sandbox_port = free_port(), free_port()
    webhooks = f"http://127.0.0.1:{service_port}/api/webhooks/stripe"
    sandbox = f"http://127.0.0.1:{sandbox_port}"
    program = Program(
        "sandbox",
        (
            *(sys.executable, "-m", "local_staging.stripe_sandbox", "--port", str(sandbox_port)),
            *("--webhook-url", webhooks, "--pro-price-id", PRO_PRICE),
        ),
        log=folder / "sandbox.log",
        env={**python_environment(os.environ), "STRIPE_SANDBOX_WEBHOOK_SECRET": WEBHOOK_SECRET},
        cwd=PROJECT,
    )
    with Supervisor() as supervisor:
        child = supervisor.start(program)
        server = PostgresServer(
            folder / "postgres",
            cache_dir=default_cache_dir(os.environ),
            databases=("staging",),
            supervisor=supervisor,
        )
        with server:
            migrate(server.dsn("staging"))
            settings = ServiceSettings(
                database_url=server.dsn("staging"),
                stripe_api_key=STRIPE_KEY,
                stripe_api_base=sandbox,
                webhook_secrets=(WEBHOOK_SECRET,),
                pro_price_id=PRO_PRICE,
                onboard_per_minute=100_000,
            )
            with served(create_app(settings), service_port):
                child.wait_until(
                    "be ready",
                    http_answers(f"{sandbox}/healthz"),
                    timeout_seconds=60,
                    interruption=supervisor.interruption,
                )
                yield RealStaging(
                    api=ConnectionSettings(conn_id="staging_api", host="127.0.0.1", port=service_port),
                    database=ConnectionSettings.from_airflow_value("staging_postgres", server.dsn("staging")),
                    stripe=ConnectionSettings(
                        conn_id="stripe_default",
                        host=sandbox,
                        password=STRIPE_KEY,
                        extra={"webhook_secret": WEBHOOK_SECRET, "pro_price_id": PRO_PRICE},
                    ),
                    dsn=server.dsn("staging"),
                )


@pytest.fixture(scope="session")
def seed_ten_customers(real_staging: RealStaging) -> Callable[[], None]:
    """Seed the ten test customers, with their objects in the sandbox, as a reset does."""
    times = itertools.count(1)

    def seed() -> None:
        states = read_customer_states()
        with (
            closing(connect(real_staging.database)) as connection,
            closing(StripeApi.from_settings(real_staging.stripe)) as stripe,
        ):
            objects = seed_objects(stripe, states, run_id=f"reset-{next(times)}")
            (settled,) = settle_objects(stripe, connection, objects)
            assert settled.outcome is Outcome.PASSED, settled.actual
            now = datetime.now(timezone.utc)
            reset_staging(connection, states, confirm=lambda _: None, now=now, stripe=objects)

    return seed


@pytest.fixture(scope="session")
def ten_customers(seed_ten_customers: Callable[[], None]) -> None:
    """The ten test customers, seeded."""
    seed_ten_customers()


@pytest.fixture
def run_id() -> str:
    return f"workflows-{next(_runs)}"


@pytest.fixture
def admin(real_staging: RealStaging) -> Iterator[psycopg.Connection[Any]]:
    """A connection to tamper with."""
    with psycopg.connect(real_staging.dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def run(real_staging, shipped, run_id) -> Callable[..., list[Any]]:
    """Run a shipped workflow on the real parts."""

    def on_the_real_parts(name: str, patience: Patience = IMPATIENT) -> list[Any]:
        parts = {"api": real_staging.api, "database": real_staging.database, "stripe": real_staging.stripe}
        with open_session(name, run_id, **parts, patience=patience) as session:
            return run_workflow(shipped(name), session)

    return on_the_real_parts
