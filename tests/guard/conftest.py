"""Real parts that record what is done to them: PostgreSQL with its statement log, a standby, and HTTP servers."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from local_staging.stack import postgres as postgres_module
from local_staging.stack.cache import default_cache_dir
from local_staging.stack.postgres import PostgresServer
from local_staging.stack.postgres_binaries import unprivileged_account
from staging_validation.clients.marker import mark

TESTS = "guard tests"
"""The application name of what the tests themselves do to the database; everything else is the package's doing."""

TEMPLATE = "template_of_staging"
_ENTRY = re.compile(r"^«(?P<application>[^|]*)\|(?P<database>[^»]*)»(?P<text>.*(?:\n(?!«).*)*)", re.MULTILINE)
_STATEMENT = re.compile(r"LOG:\s+(?:statement|execute [^:]*): (?P<statement>.*)", re.DOTALL)
_WRITING = re.compile(
    r"\b(insert\s+into|delete\s+from|update\s+(only\s+)?[\w.\"]+(\s+(as\s+)?\w+)?\s+set|merge\s+into|truncate|copy|create"
    r"|alter|drop|grant|revoke|refresh|reindex|call|do\s+\$)",
    re.IGNORECASE,
)
_LEGACY = """
INSERT INTO customers (name, email, inserted_at, updated_at) VALUES
    ('Left over', 'left-over@test.example.com', now(), now()), ('A real one', 'someone@corp.example.net', now(), now());
INSERT INTO usage_records (customer_id, provider, inserted_at, updated_at)
    SELECT id, 'anthropic', now(), now() FROM customers;
"""
_TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
_numbers = itertools.count(1)


class Cluster:
    """A PostgreSQL server that logs every statement.

    Args:
        server: The running server.
    """

    def __init__(self, server: PostgresServer) -> None:
        self.server = server

    def fields(self, database: str) -> dict[str, Any]:
        """Return the fields of an Airflow connection to a database."""
        server = self.server
        return {
            "conn_type": "postgres",
            "host": server.host,
            "port": server.port,
            "schema": database,
            "login": server.user,
            "password": server.password,
        }

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """Open a connection of the tests' own."""
        return psycopg.connect(self.server.dsn(database), autocommit=True, application_name=TESTS)

    def administer(self, database: str) -> psycopg.Connection[Any]:
        """Open a connection of the tests' own as the server's administrator, whom no permission stops."""
        server = self.server
        dsn = server._dsn("postgres", server._superuser_password, database)
        return psycopg.connect(dsn, autocommit=True, application_name=TESTS)

    @contextmanager
    def fresh(self, name: str = "staging") -> Iterator[str]:
        """Make a copy of the marked template for the length of a ``with`` block."""
        database = f"{name}_{next(_numbers)}"
        with self.administer("postgres") as admin:
            owner = self.server.user
            admin.execute(
                f'CREATE DATABASE "{database}" TEMPLATE {TEMPLATE} OWNER {owner} STRATEGY FILE_COPY'
            )
        yield database
        self.server.drop(database)

    def content(self, database: str) -> str:
        """Return one digest of every row of every table."""
        with self.administer(database) as connection:
            tables = [name for (name,) in connection.execute(_TABLES)]
            rows = "SELECT '{0}', row::text FROM {0} AS row"
            every = " UNION ALL ".join(rows.format(table) for table in tables)
            found = connection.execute(
                f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM ({every}) AS t"
            )
            return f"{len(tables)} tables: {found.fetchone()}"

    def log_size(self) -> int:
        """Return how much has been logged so far, in bytes."""
        return self.server.log.stat().st_size

    def statements(self, since: int) -> list[str]:
        """Return the statements that were logged, the tests' own left out."""
        with self.server.log.open("rb") as log:
            log.seek(since)
            text = log.read().decode(errors="replace")
        entries = [entry for entry in _ENTRY.finditer(text) if entry["application"] != TESTS]
        found = (_STATEMENT.search(entry["text"]) for entry in entries)
        return [match["statement"].strip() for match in found if match]

    def writes(self, since: int) -> list[str]:
        """Return the statements among them that write."""
        return [statement for statement in self.statements(since) if _WRITING.search(statement)]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    """A cluster with one marked template database: the platform's tables, some customers, the marker."""
    folder = tmp_path_factory.mktemp("guard-postgres")
    logging = {"log_statement": "all", "log_line_prefix": "«%a|%d»", "log_min_duration_statement": "-1"}
    replicable = {"wal_level": "replica"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres_module, "_SETTINGS", {**postgres_module._SETTINGS, **logging, **replicable})
        server = PostgresServer(
            folder / "data", cache_dir=default_cache_dir(os.environ), databases=("staging", TEMPLATE)
        )
        with server:
            made = Cluster(server)
            _fill(made)
            yield made


def _fill(cluster: Cluster) -> None:
    with cluster.connect(TEMPLATE) as connection:
        connection.execute(resources.files("local_staging.service").joinpath("schema.sql").read_bytes())
        connection.execute(_LEGACY)
        mark(connection, environment="staging", marked_by="alice", reason="ours")
    with cluster.server._connect() as superuser:
        superuser.execute("CREATE ROLE stranger LOGIN PASSWORD 'stranger'")


@pytest.fixture(scope="session")
def standby(cluster, tmp_path_factory) -> Iterator[Cluster]:
    """A hot standby made from a copy of the cluster's files: the same identifier, the same rows, read only."""
    folder = tmp_path_factory.mktemp("guard-standby")
    primary, account = cluster.server, unprivileged_account()
    copy = PostgresServer(folder / "data", cache_dir=default_cache_dir(os.environ))
    copy._initialised = True
    copy.user, copy.password = primary.user, primary.password
    copy._superuser_password = primary._superuser_password
    target = copy._data_folder(shared=account is not None)
    primary.stop()
    shutil.copytree(primary._data_folder(shared=account is not None), target, ignore=_without_lock)
    primary.start()
    (target / "standby.signal").touch()
    if account is not None:
        for path in (target, *target.rglob("*")):
            os.chown(path, account.uid, account.gid)
    target.chmod(0o700)
    with copy:
        yield Cluster(copy)


def _without_lock(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "postmaster.pid"]


class Recorder:
    """An HTTP server that says what it is told to say, and remembers what was sent to it.

    Args:
        server: The running server.
    """

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.released = threading.Event()

    @property
    def url(self) -> str:
        """The server's address."""
        return self.server.url_for("").rstrip("/")

    def says(self, path: str, answer: Any = None, *, status: int = 200, text: str | None = None) -> None:
        """Answer GET requests for a path with JSON, or with a text as it is."""
        self.server.clear_all_handlers()
        expected = self.server.expect_request(path, method="GET")
        if text is None:
            expected.respond_with_json(answer, status=status)
        else:
            expected.respond_with_data(text, status=status)

    def hangs(self, path: str) -> None:
        """Answer nothing before the test is over."""

        def wait(_request: Request) -> Response:
            self.released.wait(20)
            return Response(status=503)

        self.server.clear_all_handlers()
        self.server.expect_request(path).respond_with_handler(wait)

    def requests(self, *methods: str) -> list[str]:
        """Return the requests that came in with one of these methods, or with any."""
        came = [request for request, _ in self.server.log]
        return [
            f"{request.method} {request.path}" for request in came if not methods or request.method in methods
        ]

    def headers(self, name: str) -> list[str]:
        """Return the values of one header in all requests."""
        return [request.headers.get(name, "") for request, _ in self.server.log]


@pytest.fixture(scope="session")
def servers() -> Iterator[Mapping[str, HTTPServer]]:
    """One HTTP server a service, and a spare one that a connection may be pointed at."""
    names = ("stripe", "api", "prometheus", "gateway", "elsewhere")
    running = {name: HTTPServer(host="127.0.0.1", threaded=True) for name in names}
    for server in running.values():
        server.start()
    yield running
    for server in running.values():
        server.clear()
        server.stop()


@pytest.fixture
def services(servers) -> Iterator[Mapping[str, Recorder]]:
    """The services, saying the truth about a staging."""
    recorders = {name: Recorder(server) for name, server in servers.items()}
    recorders["stripe"].says("/v1/balance", {"object": "balance", "livemode": False})
    recorders["api"].says("/api/health", {"status": "ok", "environment": "staging"})
    recorders["prometheus"].says("/api/v1/status/config", prometheus_config("environment: staging"))
    yield recorders
    for recorder in recorders.values():
        recorder.released.set()
        recorder.server.clear()


def prometheus_config(*labels: str) -> dict[str, Any]:
    """Return Prometheus' answer about its configuration, with these external labels."""
    lines = ["global:", "  scrape_interval: 1s", *(["  external_labels:"] if labels else [])]
    return {"status": "success", "data": {"yaml": "\n".join([*lines, *(f"    {label}" for label in labels)])}}


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port on loopback that is bound but never listens: connections to it are refused."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


class _Greeting(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(b"220 mail.example.com ESMTP\r\n")
        self.request.recv(64)


@pytest.fixture(scope="session")
def mail_port() -> Iterator[int]:
    """A port where something answers that is no PostgreSQL."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Greeting) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def airflow_db() -> None:
    """Airflow's own database, for the situations that need a whole DAG."""
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def project() -> Path:
    """The project's folder."""
    return Path(__file__).resolve().parents[2]
