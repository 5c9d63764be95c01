"""Tells people and programs of a run: over the channels, and as metrics. Nothing here changes an outcome."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.sdk import Variable, conf

from staging_validation.airflow.channels import existing_channels
from staging_validation.clients.connections import PUSHGATEWAY
from staging_validation.clients.notification_delivery import Patience, deliver, delivery_result
from staging_validation.clients.notification_memory import NotificationMemory
from staging_validation.clients.report_files import PAGE
from staging_validation.errors import ConfigurationError, GuardRefusedError, StagingValidationError
from staging_validation.notifications import (
    Event,
    Links,
    Memory,
    Message,
    RunName,
    late_message,
    not_green_message,
    recovered_message,
)
from staging_validation.results import CheckResult, Kind, Outcome, RunResults, Severity

if TYPE_CHECKING:
    from staging_validation.airflow.run import ValidationRun
    from staging_validation.clients.notification_delivery import Channel

REPORT_LINK_VARIABLE = "staging_validation_report_link"
"""Airflow variable: the address at which people open what lies in ``staging_validation_results_url``."""

PATIENCE = Patience()
"""How hard the report task tries."""

SECOND_LINE_PATIENCE = Patience(attempts=2, first_pause_seconds=0.5, timeout_seconds=5.0, longest_seconds=6.0)
"""How hard a callback tries: Airflow ends the process that runs it after 50 seconds ([dag_processor]
dag_file_processor_timeout), and three channels must fit into that."""

_log = logging.getLogger(__name__)


def tell_outcome(
    run: ValidationRun, results: RunResults, *, note: str | None = None, patience: Patience = PATIENCE
) -> list[CheckResult]:
    """Tell every channel of a run that is not green, or of the first green one after it. Nothing on a clean streak.

    Args:
        run: The run.
        results: What it found.
        note: What else there is to say.
        patience: How hard to try.

    Returns:
        What became of the messages, one result a channel; none where nothing was due.
    """
    telling = _Telling(run, patience)
    if results.outcome is Outcome.PASSED:
        return telling.recovery(results)
    message = not_green_message(_names(run), results, _links(run), note=note)
    return telling.bad_news(message)


def tell_lateness(run: ValidationRun, *, started_at: datetime | None, note: str) -> list[CheckResult]:
    """Tell every channel that a run has not ended by its deadline; see :func:`tell_outcome`."""
    message = late_message(_names(run), _links(run), started_at=started_at, note=note)
    return _Telling(run, SECOND_LINE_PATIENCE).bad_news(message)


def told_everywhere(run: ValidationRun) -> bool:
    """Return whether every channel has been tried already with the outcome of a run that is not green."""
    memory, _ = _remembered(NotificationMemory(run.folder().parent))
    names = [channel.name for channel in existing_channels()]
    return not memory.untold(run.name, Event.NOT_GREEN, names)


def push_metrics(run: ValidationRun, results: RunResults) -> list[CheckResult]:
    """Push a run's results as metrics.

    Args:
        run: The run.
        results: What it found.

    Returns:
        Nothing when it was done; else one result that says why not.
    """
    from staging_validation.airflow.hooks.services import ServiceHook
    from staging_validation.clients.result_metrics import push_results
    from staging_validation.notifications.metrics import results_registry

    try:
        http = ServiceHook("Pushgateway", PUSHGATEWAY).service()
        push_results(http, run.dag_id, results_registry(results))
    except GuardRefusedError as refused:
        return [_not_pushed(Outcome.SKIPPED, refused)]
    except StagingValidationError as error:
        return [_not_pushed(Outcome.FAILED, error)]
    return []


class _Telling:
    """Tells the channels one after the other, and keeps after each what has been told."""

    def __init__(self, run: ValidationRun, patience: Patience) -> None:
        self._run = run
        self._patience = patience
        self._channels = {channel.name: channel for channel in existing_channels()}
        self._store = NotificationMemory(run.folder().parent)
        self._memory, self._results = _remembered(self._store) if self._channels else (Memory(), [])

    def bad_news(self, message: Message) -> list[CheckResult]:
        """Tell every channel that has not been tried with this message yet."""
        for name in self._memory.untold(self._run.name, message.event, self._channels):
            delivered = self._deliver(message, self._channels[name])
            self._keep(
                self._memory.told(
                    self._run.name,
                    message.event,
                    name,
                    outcome=message.outcome,
                    at=datetime.now(timezone.utc),
                    delivered=delivered,
                )
            )
        return self._results

    def recovery(self, results: RunResults) -> list[CheckResult]:
        """Tell every channel that heard of bad news last; one that cannot be told now is told of the next green run."""
        for name, since in self._memory.waiting.items():
            if name not in self._channels:
                continue
            message = recovered_message(_names(self._run), results, _links(self._run), since=since)
            if self._deliver(message, self._channels[name]):
                self._keep(self._memory.recovered(self._run.name, name))
        return self._results

    def _deliver(self, message: Message, channel: Channel) -> bool:
        delivery = deliver(message, channel, self._patience)
        result = delivery_result(delivery)
        if result.outcome is Outcome.PASSED:
            _log.info("Told %s: %s", delivery.target, message.event.value)
        else:
            _log.warning("Could not tell %s: %s", delivery.target, result.actual)
        self._results.append(result)
        return delivery.delivered

    def _keep(self, memory: Memory) -> None:
        self._memory = memory
        try:
            self._store.save(memory)
        except ConfigurationError as error:
            _log.warning("%s", error)
            self._results.append(_memory_problem(error))


def _remembered(store: NotificationMemory) -> tuple[Memory, list[CheckResult]]:
    """Return what has been told. Where that cannot be read, people are rather told twice than not at all."""
    try:
        return store.load(), []
    except ConfigurationError as error:
        _log.warning("%s", error)
        return Memory(), [_memory_problem(error)]


def _names(run: ValidationRun) -> RunName:
    return RunName(run.dag_id, run.run_id, run.name)


def _links(run: ValidationRun) -> Links:
    address = conf.get("api", "base_url", fallback="") or ""
    page = run.folder() / PAGE
    shown = Variable.get(REPORT_LINK_VARIABLE, default="") or ""
    link = f"{shown.rstrip('/')}/{run.dag_id}/{run.name}/{PAGE}" if shown else str(page)
    return Links(
        airflow_run=f"{address.rstrip('/')}/dags/{run.dag_id}/runs/{quote(run.run_id)}" if address else None,
        report=link if page.exists() else None,
    )


def _not_pushed(outcome: Outcome, error: StagingValidationError) -> CheckResult:
    return _warning(
        "notification.metrics",
        "the results as metrics",
        "pushed to the Pushgateway",
        error,
        outcome=outcome,
        evidence={"reason": "nothing is pushed without the guard's consent"}
        if outcome is Outcome.SKIPPED
        else {},
    )


def _memory_problem(error: ConfigurationError) -> CheckResult:
    return _warning("notification.memory", "what has been told", "kept between two runs", error)


def _warning(
    id: str,  # noqa: A002 - the result's own word
    subject: str,
    expected: str,
    error: StagingValidationError,
    *,
    outcome: Outcome = Outcome.FAILED,
    evidence: dict[str, str] | None = None,
) -> CheckResult:
    return CheckResult(
        id=id,
        kind=Kind.NOTIFICATION,
        subject=subject,
        outcome=outcome,
        severity=Severity.WARNING,
        expected=expected,
        actual=error.message,
        evidence=dict(evidence or {}),
        remedy=error.remedy,
    )
