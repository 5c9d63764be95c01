"""A staging for the doctor: servers on loopback, a real PostgreSQL, and all connections to them."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from importlib import resources
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.postgres import PostgresServer
from staging_validation import cli
from staging_validation.clients.marker import mark
from tests.cli.doctor.shared import (
    HTTP,
    KEY,
    PROJECT,
    SECRET,
    Server,
    healthy,
)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory) -> Iterator[PostgresServer]:
    folder = tmp_path_factory.mktemp("doctor")
    server = PostgresServer(
        folder / "data", cache_dir=default_cache_dir(os.environ), databases=("staging", "empty")
    )
    with server:
        with psycopg.connect(server.dsn("staging")) as admin:
            admin.execute(resources.files("local_staging.service").joinpath("schema.sql").read_bytes())
            mark(admin, environment="staging", marked_by="test", reason="test")
        yield server


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, Server]]:
    running = {name: Server() for name in HTTP}
    yield running
    for server in running.values():
        server.http.stop()


@pytest.fixture
def staging(servers, postgres, monkeypatch) -> SimpleNamespace:
    """A staging in which everything is as it should be, with all connections in the environment."""
    ports = {name: server.port for name, server in servers.items()}
    for name, answers in healthy(ports).items():
        servers[name].reset(answers)
    monkeypatch.chdir(PROJECT)

    def connect(conn_id: str, **fields: Any) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))

    def forget(conn_id: str) -> None:
        monkeypatch.delenv(f"AIRFLOW_CONN_{conn_id.upper()}")

    database = {
        "host": postgres.host,
        "port": postgres.port,
        "schema": "staging",
        "login": postgres.user,
        "password": postgres.password,
    }
    connect("staging_postgres", conn_type="postgres", **database)
    for name in HTTP:
        connect(name, host="127.0.0.1", port=ports[name])
    stripe = {
        "host": f"http://127.0.0.1:{ports['stripe_default']}",
        "password": KEY,
        "extra": {"webhook_secret": SECRET, "pro_price_id": "price_pro"},
    }
    connect("stripe_default", **stripe)
    return SimpleNamespace(
        servers=servers, connect=connect, forget=forget, ports=ports, database=database, stripe=stripe
    )


@pytest.fixture
def doctor(capsys) -> Callable[..., tuple[int, dict[str, dict[str, Any]]]]:
    """Run ``doctor --json``; its exit status, and its results by id without ``connection.``."""

    def run(*arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
        status = cli.main(["doctor", "--json", *arguments])
        found = json.loads(capsys.readouterr().out)
        return status, {result["id"].removeprefix("connection."): result for result in found}

    return run


@pytest.fixture
def dead_port() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A port where somebody listens and never answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen(16)
        yield held.getsockname()[1]


@pytest.fixture
def own_database(postgres) -> Iterator[psycopg.Connection[Any]]:
    """A copy of the database to break; the connection commits at once."""
    with psycopg.connect(postgres.dsn("empty"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE broken TEMPLATE staging STRATEGY FILE_COPY")
    with psycopg.connect(postgres.dsn("broken"), autocommit=True) as connection:
        yield connection
    postgres.drop("broken")
