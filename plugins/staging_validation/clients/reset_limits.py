"""Bounds every wait of a reset, and keeps a second one out until it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from staging_validation.clients.postgres import SERVICE, fetch
from staging_validation.errors import ServiceAnswerError

if TYPE_CHECKING:
    from collections.abc import Sequence

STATEMENT_TIMEOUT_SECONDS = 60.0
"""The longest that one statement may take in a reset of an ordinary size."""

CUSTOMERS_A_SECOND = 2000.0
"""What the time for the delete grows with: a fifth of the rate at which a small machine deletes customers with
their dependants, so that an honest delete never meets its limit and one without an index does."""

LOCK_TIMEOUT_SECONDS = 10.0
"""The longest wait for a lock, the one that keeps other resets out included."""

WORK_MEMORY = "64MB"
"""What the server may use to join the doomed rows with a table, so that a million of them fit."""

# row_security: fail rather than overlook rows that a policy hides.
_LIMITS = """
SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true),
       set_config('timezone', 'UTC', true), set_config('row_security', 'off', true),
       set_config('work_mem', %s, true)
"""
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('staging_validation.reset', 0))"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('staging_validation.reset', 0))"
_HOLDER = """
SELECT a.pid, coalesce(nullif(a.application_name, ''), 'an unnamed application'), a.xact_start::text
FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (l.classid::bigint << 32) | l.objid::bigint = hashtextextended('staging_validation.reset', 0)
"""


def begin(connection: psycopg.Connection[Any], *, exclusive: bool) -> None:
    """Bound every wait of the transaction.

    Args:
        connection: A connection inside a transaction.
        exclusive: Whether to wait until no other reset is at work, and keep others out.

    Raises:
        ServiceAnswerError: Another reset is at work, and did not end within the lock timeout.
    """
    limits = (_seconds(STATEMENT_TIMEOUT_SECONDS), _seconds(LOCK_TIMEOUT_SECONDS), WORK_MEMORY)
    fetch(connection, _LIMITS, limits)
    if not exclusive or fetch(connection, _TRY_LOCK)[0][0]:
        return
    holders = fetch(connection, _HOLDER)
    try:
        fetch(connection, _LOCK)
    except psycopg.errors.LockNotAvailable as error:
        raise ServiceAnswerError(
            SERVICE,
            f"another reset is at work on this database ({_named(holders)}) and did not end within "
            f"{LOCK_TIMEOUT_SECONDS:g} s.",
            remedy="let it end and try again; when nobody is resetting, end its session with pg_terminate_backend",
        ) from error


def bound_statements(connection: psycopg.Connection[Any], *, customers: int) -> None:
    """Give the statements of the rest of the transaction the time that a number of customers may take."""
    seconds = STATEMENT_TIMEOUT_SECONDS + customers / CUSTOMERS_A_SECOND
    fetch(connection, "SELECT set_config('statement_timeout', %s, true)", (_seconds(seconds),))


def _seconds(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"


def _named(holders: Sequence[tuple[Any, ...]]) -> str:
    return (
        ", ".join(f"{name}, backend {pid}, since {since}" for pid, name, since in holders) or "unknown to us"
    )
