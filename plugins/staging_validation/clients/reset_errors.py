"""What went wrong in a reset, and what became of the data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from staging_validation.clients.postgres import SERVICE, database_errors
from staging_validation.errors import ServiceAnswerError, ServiceUnreachableError

_REMEDIES = {
    "25006": "the server is a replica, or the role may only read: point the connection staging_postgres at the "
    "primary, with a role that may write",
    "42501": "grant the connection's role SELECT, INSERT, UPDATE and DELETE on the platform's tables, and TEMPORARY on "
    "the database",
    "53100": "make room on the server's disk, then reset again",
    "57014": "the server is slow or busy, or an index is missing: `staging-validation reset --plan` names those; "
    "look for long transactions in pg_stat_activity",
}
"""What to do about errors of a reset, by SQLSTATE (PostgreSQL documentation, appendix A)."""

_EXTENDS_FILES = frozenset({"mdextend", "mdzeroextend"})

_UNCHANGED = "Everything was rolled back: nothing has changed."


@dataclass
class Progress:
    """How far a reset has come: once it commits, losing the connection leaves open whether it did."""

    committing: bool = False


@contextmanager
def reset_errors(progress: Progress) -> Iterator[None]:
    """Turn the driver's errors into this package's, and say what became of the data.

    Args:
        progress: Kept up to date by the caller.

    Raises:
        ServiceUnreachableError: The connection was lost.
        ServiceAnswerError: The server refused a statement.
    """
    try:
        with database_errors():
            yield
    except ServiceUnreachableError as error:
        became = (
            "It was being committed: either all of it has happened or nothing of it."
            if progress.committing
            else _UNCHANGED
        )
        raise ServiceUnreachableError(
            SERVICE, f"{_bare(error)} {became}", remedy="check that the server runs, and reset again"
        ) from error
    except ServiceAnswerError as error:
        remedy = _REMEDIES.get(_state(error), error.remedy)
        raise ServiceAnswerError(SERVICE, f"{_bare(error)} {_UNCHANGED}", remedy=remedy) from error


def _state(error: ServiceAnswerError) -> str:
    """Return the SQLSTATE of what the server refused; of a file that may not grow, that of a full disk."""
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return ""
    # A quota or a limit of file sizes is reported as an internal error of the function that extends files.
    if cause.diag.source_function in _EXTENDS_FILES:
        return psycopg.errors.DiskFull.sqlstate or ""
    return cause.sqlstate or ""


def _bare(error: ServiceUnreachableError | ServiceAnswerError) -> str:
    return error.message.removeprefix(f"{SERVICE}: ")
