"""The worker that empties the queue of accepted webhooks, one after the other, in a thread of its own."""

from __future__ import annotations

import logging
import threading

import psycopg

from local_staging.service.stripe_objects import StripeEvent
from local_staging.service.webhooks import queue
from local_staging.service.webhooks.processing import process, record_refused
from local_staging.service.work import Platform

_LOG = logging.getLogger(__name__)
_POLL_SECONDS = 0.5
"""How long a webhook waits that nobody told the worker about: a postponed one, or another process's."""

_PASSING = (psycopg.OperationalError, psycopg.InterfaceError)
"""Faults that pass: no connection, a deadlock, a lock or a statement that took too long."""


class WebhookWorker:
    """Processes queued webhooks until it is stopped.

    Args:
        platform: The platform.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhook-worker", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether it runs, or has no job; a fault of its own ends it, and the service is degraded then."""
        return self._thread.is_alive() or not self._platform.settings.process_webhooks

    def start(self) -> None:
        """Begin, with what a former process left in the queue; where another instance does it, do nothing."""
        if self._platform.settings.process_webhooks:
            self._thread.start()

    def wake(self) -> None:
        """Say that there is something in the queue."""
        self._wake.set()

    def stop(self, timeout_seconds: float = 2.0) -> None:
        """Finish the webhook in hand and end; what is queued stays queued."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                worked = self.work_once()
            except _PASSING as error:
                _LOG.warning("The queue of webhooks cannot be read, it is tried again: %s", error)
                worked = False
            if not worked:
                self._wake.wait(_POLL_SECONDS)
                self._wake.clear()

    def work_once(self) -> bool:
        """Process the first webhook in the queue.

        Returns:
            Whether there was one.

        Raises:
            psycopg.OperationalError: The database is away; the queue is as it was.
        """
        taken: queue.QueuedWebhook | None = None
        try:
            with self._platform.unit_of_work() as work:
                taken = queue.take(work)
                if taken is not None:
                    process(self._platform, work, StripeEvent.model_validate_json(taken.body))
        except _PASSING as error:
            if taken is None:
                raise
            _LOG.warning("Webhook %s is tried again later: %s", taken.id, error)
            self._postpone(taken)
        except psycopg.Error as error:
            if taken is None:
                raise
            _LOG.exception("Webhook %s cannot be applied", taken.id)
            self._refuse(taken, error)
        return taken is not None

    def _postpone(self, taken: queue.QueuedWebhook) -> None:
        with self._platform.unit_of_work() as work:
            queue.postpone(work, taken)

    def _refuse(self, taken: queue.QueuedWebhook, error: psycopg.Error) -> None:
        event = StripeEvent.model_validate_json(taken.body)
        with self._platform.unit_of_work() as work:
            queue.remove(work, taken)
            record_refused(work, event, f"database: {type(error).__name__} ({error.sqlstate})")
