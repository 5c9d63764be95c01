"""How long a session waits, and how it reads until a value is good."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from staging_validation.clients.polling import wait_for
from staging_validation.errors import DeadlineError

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Patience:
    """How long a session waits.

    Attributes:
        effect_seconds: For an effect that must come, for example of a webhook.
        quiet_seconds: How long nothing must happen before it is believed that nothing will.
        interval_seconds: Pause between two questions.
        rate_limit_seconds: For a limit of requests to pass (onboarding allows ten a minute).
        rate_limit_interval_seconds: Pause before a request that met a limit is sent again.
        clock_seconds: For one advance of a Stripe test clock to come to its end; Stripe may take minutes.
    """

    effect_seconds: float = 30.0
    quiet_seconds: float = 1.0
    interval_seconds: float = 0.1
    rate_limit_seconds: float = 90.0
    rate_limit_interval_seconds: float = 5.0
    clock_seconds: float = 180.0

    def wait(self, read: Callable[[], _Value], good: Callable[[_Value], bool]) -> _Value:
        """Read until the value is good, for a bounded time; return the last value, good or not."""
        return self._read_until(read, good, self.effect_seconds)

    def hold(self, read: Callable[[], _Value], good: Callable[[_Value], bool]) -> _Value:
        """Read for a while as long as the value stays good; return the first that is not, else the last."""
        return self._read_until(read, lambda value: not good(value), self.quiet_seconds)

    def _read_until(
        self, read: Callable[[], _Value], enough: Callable[[_Value], bool], timeout_seconds: float
    ) -> _Value:
        last: list[_Value] = []

        def probe() -> bool | None:
            last[:] = [read()]
            return True if enough(last[0]) else None

        with suppress(DeadlineError):  # what was seen last is judged by the expectation
            wait_for(
                "a value", probe, timeout_seconds=timeout_seconds, interval_seconds=self.interval_seconds
            )
        return last[0]


PATIENT = Patience()
"""How long a session waits where nobody says otherwise."""
