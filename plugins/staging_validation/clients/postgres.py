"""PostgreSQL: one connection with bounded waits, and errors that say what to do."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Timer
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from staging_validation.errors import ConfigurationError, ServiceAnswerError, ServiceUnreachableError

if TYPE_CHECKING:
    from staging_validation.clients.connections import ConnectionSettings

SERVICE = "PostgreSQL"
APPLICATION_NAME = "staging_validation"

_PASSED_ON = ("sslmode", "sslrootcert", "sslcert", "sslkey", "options", "target_session_attrs")
"""Fields of a connection's extra that are libpq parameters and handed on."""

_BUSY = "another transaction holds rows or locks that are needed; try again, and find long ones in pg_stat_activity"
_REMEDIES = {
    "55P03": _BUSY,
    "57014": "the server is slow or busy; look for missing indexes and for long transactions in pg_stat_activity",
    "40P01": _BUSY,
    "42P01": "create the platform's tables (migrate), or point the connection staging_postgres at the right database",
    "42501": "grant the connection's role what the statement needs",
}
"""What to do about errors, by SQLSTATE (PostgreSQL documentation, appendix A)."""


LOOK_SECONDS = 30.0
"""The longest wait for a look at rows: it takes milliseconds."""


def connect(
    settings: ConnectionSettings,
    *,
    application_name: str = APPLICATION_NAME,
    connect_timeout_seconds: int = 5,
) -> psycopg.Connection[Any]:
    """Open a connection; use it as a context manager, which commits or rolls back, and closes.

    Args:
        settings: The connection ``staging_postgres``, or another one to PostgreSQL. TLS parameters
            (``sslmode`` and its companions) and ``options`` are taken from its extra field.
        application_name: How the server's ``pg_stat_activity`` names the connection.
        connect_timeout_seconds: The longest wait for the server.

    Raises:
        ConfigurationError: The connection names no host or no database.
        ServiceUnreachableError: The server does not answer, or does not let this user in.
    """
    if not settings.host or not settings.database:
        missing = "host" if not settings.host else "database (schema)"
        raise ConfigurationError(
            f"Connection {settings.conn_id} has no {missing}.",
            remedy=f"set host, schema, login and password of the connection {settings.conn_id}",
        )
    extra = {name: str(settings.extra[name]) for name in _PASSED_ON if name in settings.extra}
    try:
        return psycopg.connect(
            host=settings.host,
            port=settings.port or 5432,
            dbname=settings.database,
            user=settings.login,
            password=settings.secret,
            application_name=application_name,
            connect_timeout=connect_timeout_seconds,
            **extra,  # type: ignore[arg-type]
        )
    except psycopg.Error as error:
        cause = " ".join(str(error).split())
        raise ServiceUnreachableError(
            SERVICE,
            f"no connection to database {settings.database!r} on {settings.host}:{settings.port or 5432} ({cause}).",
            remedy=f"check that the server runs and that the connection {settings.conn_id} names address, "
            "database, login and password",
        ) from error


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn the driver's errors inside the block into this package's.

    Raises:
        ServiceUnreachableError: The connection was lost.
        ServiceAnswerError: The server refused a statement; the message holds its reason and SQLSTATE.
    """
    try:
        yield
    except psycopg.Error as error:
        reason = " ".join((error.diag.message_primary or str(error)).split())
        if _is_lost(error):
            raise ServiceUnreachableError(
                SERVICE,
                f"there is no connection, or it was lost ({reason}).",
                remedy="check that the server runs, and try again",
            ) from error
        detail = f" {error.diag.message_detail}" if error.diag.message_detail else ""
        raise ServiceAnswerError(
            SERVICE,
            f"a statement failed: {reason}.{detail} (SQLSTATE {error.sqlstate})",
            remedy=_REMEDIES.get(error.sqlstate or ""),
        ) from error


@contextmanager
def answering_within(connection: psycopg.Connection[Any], seconds: float) -> Iterator[None]:
    """Give up on a server that does not answer inside the block; the connection is ended then.

    The server's own limits do not help where it, or the network before it, has fallen silent.

    Args:
        connection: The connection that is used in the block.
        seconds: The longest wait for the whole block.

    Raises:
        ServiceUnreachableError: The time was over.
    """
    over = Event()

    def end() -> None:
        over.set()
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as server:
            server.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except psycopg.OperationalError as error:
        if not over.is_set():
            raise
        raise ServiceUnreachableError(
            SERVICE,
            f"gave no answer within {seconds:g} s.",
            remedy="check that the server runs; look for locks and long transactions in pg_stat_activity",
        ) from error
    finally:
        timer.cancel()


def look_only(connection: psycopg.Connection[Any]) -> None:
    """Make a connection read-only, without a transaction that stays open between two looks."""
    with database_errors():
        connection.autocommit = True
        connection.execute("SET default_transaction_read_only = on")


@contextmanager
def looking(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Read inside the block, which gives up after :data:`LOOK_SECONDS`.

    Raises:
        ServiceUnreachableError: The connection was lost, or the server did not answer in time.
        ServiceAnswerError: See :func:`database_errors`.
    """
    with database_errors(), answering_within(connection, LOOK_SECONDS):
        yield


def _is_lost(error: psycopg.Error) -> bool:
    """Say whether the connection is gone: without a SQLSTATE, or with one of the classes 08 and 57P."""
    if error.sqlstate is None:
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    return error.sqlstate.startswith(("08", "57P"))


def fetch(
    connection: psycopg.Connection[Any], query: str | sql.SQL | sql.Composed, parameters: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    """Run a query and return its rows as tuples, whatever row factory the connection has."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query, parameters).fetchall()
