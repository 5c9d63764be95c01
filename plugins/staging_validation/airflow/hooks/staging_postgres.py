"""The staging database through the postgres provider's hook: one connection, one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs
from airflow.providers.postgres.hooks.postgres import PostgresHook

from staging_validation.airflow.hooks.settings import connection_of
from staging_validation.clients.connections import STAGING_POSTGRES
from staging_validation.clients.postgres import database_errors

if TYPE_CHECKING:
    import psycopg
    from airflow.sdk import Connection

DEFAULTS = {"connect_timeout": 5, "application_name": "staging-validation"}
"""libpq parameters that the connection's extra field may override; without a timeout a lost packet hangs a night."""


class StagingPostgresHook(PostgresHook):
    """Opens the staging database.

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

    @contextmanager
    def session(self) -> Iterator[psycopg.Connection[Any]]:
        """Open a connection for the length of a ``with`` block; what it did not commit is rolled back.

        Yields:
            A psycopg 3 connection that is not in autocommit mode.

        Raises:
            ServiceUnreachableError: The server cannot be reached, or the connection was lost.
            ServiceError: The server refused a statement.
        """
        with database_errors():
            connection: psycopg.Connection[Any] = self.get_conn()  # type: ignore[assignment]
            try:
                yield connection
            finally:
                connection.close()
