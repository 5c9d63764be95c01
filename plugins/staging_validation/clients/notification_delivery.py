"""Delivers a message: tries again what may pass, in bounded time, and says what became of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import tenacity

from staging_validation.errors import (
    ConfigurationError,
    ServiceAnswerError,
    ServiceError,
    ServiceUnreachableError,
    StagingValidationError,
)
from staging_validation.notifications.message import Message
from staging_validation.results.model import CheckResult, Kind, Severity
from staging_validation.results.outcomes import Outcome

_PASSING_ANSWERS = frozenset({408, 425, 429})


class Channel(Protocol):
    """A way to people or programs."""

    @property
    def name(self) -> str:
        """Its name, one word: ``email``, ``slack``, ``webhook``."""

    @property
    def target(self) -> str:
        """Where it leads, in people's words and without secrets."""

    def send(self, message: Message, *, timeout_seconds: float) -> str | None:
        """Send a message once.

        Returns:
            What went wrong although the message was delivered (one of several addresses was refused); else None.

        Raises:
            ServiceUnreachableError: It did not get through; another try may.
            ServiceAnswerError: It was not accepted.
            ConfigurationError: The connection or a variable is wrong.
        """


@dataclass(frozen=True)
class Patience:
    """How hard a delivery is tried.

    Attributes:
        attempts: How often at most.
        first_pause_seconds: The pause after the first failure; each further one is twice as long.
        timeout_seconds: For each answer of the network.
        longest_seconds: After this time no further try begins.
    """

    attempts: int = 3
    first_pause_seconds: float = 1.0
    timeout_seconds: float = 10.0
    longest_seconds: float = 60.0


@dataclass(frozen=True)
class Delivery:
    """What became of a message on one channel.

    Attributes:
        channel: The channel's name.
        target: Where it leads.
        attempts: How often it was tried.
        seconds: How long that took.
        error: Why it was given up; None where it was delivered.
        remark: What went wrong although it was delivered.
    """

    channel: str
    target: str
    attempts: int
    seconds: float
    error: StagingValidationError | None = None
    remark: str | None = None

    @property
    def delivered(self) -> bool:
        """Whether the message arrived."""
        return self.error is None


def deliver(message: Message, channel: Channel, patience: Patience) -> Delivery:
    """Send a message over a channel, again where that may help.

    Args:
        message: The message. Its ``event_id`` is the same at every try, so a receiver can drop a repetition.
        channel: The channel.
        patience: How hard to try.

    Returns:
        What became of it; nothing is raised for a channel that does not work.
    """
    started = time.monotonic()
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(patience.attempts)
        | tenacity.stop_after_delay(patience.longest_seconds),
        wait=tenacity.wait_exponential(multiplier=patience.first_pause_seconds, max=30.0),
        retry=tenacity.retry_if_exception(_may_pass),
        reraise=True,
    )
    error: StagingValidationError | None = None
    remark = None
    try:
        remark = retrying(channel.send, message, timeout_seconds=patience.timeout_seconds)
    except (ServiceError, ConfigurationError) as refused:
        error = refused
    attempts = int(retrying.statistics.get("attempt_number", 1))
    return Delivery(channel.name, channel.target, attempts, time.monotonic() - started, error, remark)


def delivery_result(delivery: Delivery) -> CheckResult:
    """Say in a report what became of a message. A failed delivery is a warning: it fails no run."""
    problem = delivery.error.message if delivery.error else delivery.remark
    return CheckResult(
        id=f"notification.{delivery.channel}",
        kind=Kind.NOTIFICATION,
        subject=f"message to {delivery.target}",
        outcome=Outcome.FAILED if problem else Outcome.PASSED,
        severity=Severity.WARNING,
        expected="delivered",
        actual=problem or "delivered",
        evidence={"attempts": delivery.attempts},
        remedy=_remedy(delivery) if problem else None,
        duration_seconds=delivery.seconds,
    )


def _remedy(delivery: Delivery) -> str:
    named = delivery.error.remedy if delivery.error else None
    return named or "correct the channel's connection; docs/notifications.md describes it field by field"


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, ServiceAnswerError):
        return error.status is not None and (error.status >= 500 or error.status in _PASSING_ANSWERS)
    return isinstance(error, ServiceUnreachableError)
