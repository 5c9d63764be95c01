"""The one way to wait: ask until a state is there, for a bounded time, and say what was seen last."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from staging_validation.errors import DeadlineError

_Value = TypeVar("_Value")


def wait_for(
    what: str,
    probe: Callable[[], _Value | None],
    *,
    timeout_seconds: float,
    interval_seconds: float = 0.1,
    seen: Callable[[], object] | None = None,
    remedy: str | None = None,
) -> _Value:
    """Call ``probe`` until it returns something other than None.

    Args:
        what: What is waited for, as it should read in "waited 5 s for …".
        probe: Asks once. Returns None while the state is not there; may raise to give up at once.
        timeout_seconds: The longest wait; the probe is asked at least once, and once more at the end.
        interval_seconds: The pause between two questions.
        seen: Returns what the last probe saw, for the error message.
        remedy: What to do when the state does not come.

    Returns:
        The first value of ``probe`` that is not None.

    Raises:
        DeadlineError: The state did not come in time.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        last_try = time.monotonic() >= deadline
        value = probe()
        if value is not None:
            return value
        if last_try:
            last = f" Last seen: {seen()}." if seen else ""
            raise DeadlineError(f"Waited {timeout_seconds:g} s for {what}, in vain.{last}", remedy=remedy)
        time.sleep(max(0.0, min(interval_seconds, deadline - time.monotonic())))  # noqa: TID251 - the one place
