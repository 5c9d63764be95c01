"""The queue of accepted webhooks: a table, so that what was answered with 200 survives the process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from local_staging.service.work import UnitOfWork

_PUT = """
    INSERT INTO webhook_queue (body, available_at, inserted_at, updated_at)
    VALUES (%s, clock_timestamp() AT TIME ZONE 'UTC', %s, %s)
"""
# A row that another process works on is skipped, not waited for.
_TAKE = """
    SELECT id, body, attempts FROM webhook_queue WHERE available_at <= clock_timestamp() AT TIME ZONE 'UTC'
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_REMOVE = "DELETE FROM webhook_queue WHERE id = %s"
_POSTPONE = """
    UPDATE webhook_queue SET attempts = attempts + 1, updated_at = %s,
        available_at = clock_timestamp() AT TIME ZONE 'UTC' + %s
    WHERE id = %s
"""
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True)
class QueuedWebhook:
    """A webhook that waits.

    Attributes:
        id: Its row.
        body: The JSON that was signed.
        attempts: How often it was tried in vain.
    """

    id: int
    body: str
    attempts: int


def put(work: UnitOfWork, body: str) -> None:
    """Queue an accepted webhook."""
    work.connection.execute(_PUT, [body, work.now, work.now])


def take(work: UnitOfWork) -> QueuedWebhook | None:
    """Take the first webhook off the queue; it is back when the transaction is rolled back."""
    row = work.connection.execute(_TAKE).fetchone()
    if row is None:
        return None
    work.connection.execute(_REMOVE, [row["id"]])
    return QueuedWebhook(row["id"], row["body"], row["attempts"])


def remove(work: UnitOfWork, queued: QueuedWebhook) -> None:
    """Take one webhook off the queue for good."""
    work.connection.execute(_REMOVE, [queued.id])


def postpone(work: UnitOfWork, queued: QueuedWebhook) -> None:
    """Try a webhook again later: after 0.2 s, and twice as long each time, up to 30 s."""
    pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**queued.attempts)
    work.connection.execute(_POSTPONE, [work.now, timedelta(seconds=pause), queued.id])
