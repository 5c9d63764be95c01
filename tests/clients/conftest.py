"""A throw-away PostgreSQL server for the tests of the clients; every test has a database of its own."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import psycopg
import pytest

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.ports import free_port as free_tcp_port
from local_staging.stack.postgres import PostgresServer
from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.source_files import read_source_files
from staging_validation.fixtures import CustomerState, parse_states
from staging_validation.project import include_dir

TEMPLATE = "platform"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory) -> Iterator[PostgresServer]:
    folder = tmp_path_factory.mktemp("postgres")
    server = PostgresServer(
        folder / "data", cache_dir=default_cache_dir(os.environ), databases=("staging", TEMPLATE)
    )
    with server:
        yield server


@pytest.fixture(scope="session")
def platform_template(postgres_server) -> str:
    """A database with the platform's tables, to be copied."""
    with psycopg.connect(postgres_server.dsn(TEMPLATE)) as admin:
        admin.execute(resources.files("local_staging.service").joinpath("schema.sql").read_bytes())
    return TEMPLATE


@pytest.fixture
def dsn(postgres_server, platform_template) -> Iterator[str]:
    """The address of a fresh database with the platform's tables."""
    name = f"staging_{next(_numbers)}"
    with psycopg.connect(postgres_server.dsn("staging"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {platform_template} STRATEGY FILE_COPY")
    yield postgres_server.dsn(name)
    postgres_server.drop(name)


@pytest.fixture
def settings(dsn) -> ConnectionSettings:
    return ConnectionSettings.from_airflow_value("staging_postgres", dsn)


@pytest.fixture
def connection(dsn) -> Iterator[psycopg.Connection]:
    """A connection that commits at once: what a test prepares, other connections see."""
    with psycopg.connect(dsn, autocommit=True) as opened:
        yield opened


@pytest.fixture(scope="session")
def states() -> tuple[CustomerState, ...]:
    """The states that the project ships."""
    folder = include_dir("fixtures", "customers")
    return parse_states(read_source_files(folder, ".yaml", relative_to=Path(include_dir()).parent))


@pytest.fixture
def free_port() -> int:
    """A port nobody listens on."""
    return free_tcp_port()
