"""The staging database through the postgres provider's hook: one connection, one transaction, guarded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import attrs
from airflow.providers.postgres.hooks.postgres import PostgresHook

from staging_validation.airflow.hooks.record import guard_record
from staging_validation.airflow.hooks.settings import connection_of
from staging_validation.clients.connections import STAGING_POSTGRES
from staging_validation.clients.environment import confirm_target
from staging_validation.clients.postgres import database_errors
from staging_validation.errors import GuardRefusedError

if TYPE_CHECKING:
    import psycopg
    from airflow.sdk import Connection

DEFAULTS = {"connect_timeout": 5, "application_name": "staging-validation"}
"""libpq parameters that the connection's extra field may override; without a timeout a lost packet hangs a night."""


class StagingPostgresHook(PostgresHook):
    """Opens the staging database, and hands out no connection that the guard would not allow.

    Args:
        conn_id: The Airflow connection; its extra field holds further libpq parameters.
    """

    def __init__(self, conn_id: str = STAGING_POSTGRES) -> None:
        super().__init__(postgres_conn_id=conn_id)

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        """Return the connection with :data:`DEFAULTS` where its extra field says nothing."""
        connection = connection_of(conn_id)
        return attrs.evolve(connection, extra=json.dumps({**DEFAULTS, **connection.extra_dejson}))

    def get_conn(self) -> psycopg.Connection[Any]:
        """Open a connection after a check of everything, and of the database behind this very connection.

        Everything that the provider's hook offers (``run``, ``get_records``, …) comes through here.

        Raises:
            GuardRefusedError: No guard passed in this run, a source refuses now, or something is not what it saw.
            ServiceUnreachableError: A source cannot be asked now.
        """
        from staging_validation.airflow.hooks.environment import recheck

        recheck()
        connection = self._open()
        try:
            confirm_target(connection, guard_record())
            connection.rollback()
        except BaseException:
            connection.close()
            raise
        return connection

    def get_sqlalchemy_engine(self, engine_kwargs: dict[str, Any] | None = None) -> NoReturn:
        """Refuse: an engine opens connections of its own, behind which nobody looks.

        Raises:
            GuardRefusedError: Always.
        """
        raise GuardRefusedError(
            f"An SQLAlchemy engine for {self.postgres_conn_id} cannot be guarded ({engine_kwargs or 'no options'}).",
            remedy="use session() or get_conn()",
        )

    @contextmanager
    def session(self) -> Iterator[psycopg.Connection[Any]]:
        """Open a guarded connection for the length of a ``with`` block; what it did not commit is rolled back.

        Yields:
            A psycopg 3 connection that is not in autocommit mode.

        Raises:
            GuardRefusedError: See :meth:`get_conn`.
            ServiceError: The server cannot be reached, the connection was lost, or it refused a statement.
        """
        with database_errors(), closing(self.get_conn()) as connection:
            yield connection

    @contextmanager
    def look(self) -> Iterator[psycopg.Connection[Any]]:
        """Open a connection that can only read, for the guard itself.

        Raises:
            ServiceError: See :meth:`session`.
        """
        with database_errors(), closing(self._open()) as connection:
            connection.read_only = True
            yield connection

    def _open(self) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] = super().get_conn()  # type: ignore[assignment]
        return connection
