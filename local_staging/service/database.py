"""PostgreSQL: a small pool of connections, and the schema."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from threading import BoundedSemaphore
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

Connection = psycopg.Connection[DictRow]

APPLICATION_NAME = "billing_service"
_MIGRATION_LOCK = 0x62696C6C
_OPTIONS = (
    "-c timezone=UTC -c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
)


class Database:
    """Connections to one database, reused.

    Args:
        url: The database's ``postgresql://`` URL.
        size: The most connections at a time.
        wait_seconds: How long a caller waits for a free one.
    """

    def __init__(self, url: str, *, size: int = 16, wait_seconds: float = 10.0) -> None:
        self._url = url
        self._wait_seconds = wait_seconds
        self._free = BoundedSemaphore(size)
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give out a connection for one transaction: committed at the end, rolled back on any error.

        Raises:
            psycopg.OperationalError: The database cannot be reached, or no connection became free in time.
        """
        if not self._free.acquire(timeout=self._wait_seconds):
            raise psycopg.OperationalError(f"no connection became free within {self._wait_seconds:g} s")
        try:
            connection = self._take()
            try:
                with connection.transaction():
                    yield connection
            finally:
                self._give_back(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close the idle connections."""
        while (connection := self._pop()) is not None:
            connection.close()

    def _take(self) -> Connection:
        while (connection := self._pop()) is not None:
            if _answers(connection):
                return connection
            connection.close()
        return connect(self._url)

    def _pop(self) -> Connection | None:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return None

    def _give_back(self, connection: Connection) -> None:
        if not connection.closed:
            self._idle.put(connection)


def connect(url: str) -> Connection:
    """Open a connection whose waits are bounded and whose clock is UTC.

    Raises:
        psycopg.OperationalError: The database cannot be reached.
    """
    return psycopg.connect(
        url,
        autocommit=True,
        row_factory=dict_row,
        application_name=APPLICATION_NAME,
        connect_timeout=5,
        options=_OPTIONS,
    )


def migrate(url: str) -> None:
    """Create what is missing of the schema, in one transaction; two at once do not disturb each other.

    Raises:
        psycopg.Error: The database cannot be reached, or refuses.
    """
    schema: Any = resources.files("local_staging.service").joinpath("schema.sql").read_text("utf-8")
    with connect(url) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_MIGRATION_LOCK])
        connection.execute("SET LOCAL client_min_messages = warning")
        connection.execute(schema)


def _answers(connection: Connection) -> bool:
    """Say whether an idle connection is still one: the server may have been restarted meanwhile."""
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
