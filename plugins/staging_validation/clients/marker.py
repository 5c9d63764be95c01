"""Reads and writes the marker inside the target database, and asks the server who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from staging_validation.environment.marker import DatabaseIdentity, Marker

if TYPE_CHECKING:
    import psycopg

_CREATE = """
CREATE SCHEMA IF NOT EXISTS staging_validation;
CREATE TABLE IF NOT EXISTS staging_validation.marker (
    only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    environment       text NOT NULL,
    system_identifier text NOT NULL,
    marked_by         text NOT NULL,
    marked_at         timestamptz NOT NULL DEFAULT now(),
    reason            text NOT NULL
);
CREATE TABLE IF NOT EXISTS staging_validation.marker_history (
    environment       text NOT NULL,
    system_identifier text NOT NULL,
    marked_by         text NOT NULL,
    marked_at         timestamptz NOT NULL,
    reason            text NOT NULL,
    replaced_at       timestamptz NOT NULL DEFAULT now()
)
"""

_KEEP_FORMER = """
INSERT INTO staging_validation.marker_history (environment, system_identifier, marked_by, marked_at, reason)
SELECT environment, system_identifier, marked_by, marked_at, reason FROM staging_validation.marker
"""

_IDENTITY = """
SELECT current_database(),
       coalesce(host(inet_server_addr()), 'local socket') || ':' || coalesce(inet_server_port()::text, ''),
       (SELECT system_identifier::text FROM pg_control_system()),
       pg_is_in_recovery()
"""


def identify(connection: psycopg.Connection[Any]) -> DatabaseIdentity:
    """Ask the server which database, server, cluster and role this connection has."""
    row = connection.execute(_IDENTITY).fetchone()
    database, server, system_identifier, is_replica = row or ("", "", "", True)
    return DatabaseIdentity(database, server, system_identifier, is_replica, connection.info.host)


def read_marker(connection: psycopg.Connection[Any]) -> Marker | None:
    """Return the database's marker, or None when it carries none, or more than one, which proves nothing."""
    found = connection.execute("SELECT to_regclass('staging_validation.marker') IS NOT NULL").fetchone()
    if not found or not found[0]:
        return None
    rows = connection.execute(
        "SELECT environment, system_identifier, marked_by, marked_at, reason FROM staging_validation.marker"
    ).fetchall()
    return Marker(*rows[0]) if len(rows) == 1 else None


def mark(connection: psycopg.Connection[Any], *, environment: str, marked_by: str, reason: str) -> None:
    """Write the marker; a former one goes to ``staging_validation.marker_history``. The caller commits.

    Args:
        connection: A connection to the database to mark.
        environment: The environment's name, for example ``staging``.
        marked_by: Who marks it.
        reason: Why.
    """
    connection.execute(_CREATE)
    connection.execute(_KEEP_FORMER)
    connection.execute(
        """
        INSERT INTO staging_validation.marker (environment, system_identifier, marked_by, reason)
        VALUES (%s, (SELECT system_identifier::text FROM pg_control_system()), %s, %s)
        ON CONFLICT (only_row) DO UPDATE SET environment = excluded.environment,
            system_identifier = excluded.system_identifier, marked_by = excluded.marked_by,
            marked_at = now(), reason = excluded.reason
        """,
        (environment, marked_by, reason),
    )
