"""Deletes objects in Stripe, several at a time, and says why some are left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from staging_validation.clients.stripe_calls import AT_ONCE
from staging_validation.errors import DeadlineError, ServiceError

Removal = tuple[Callable[[str], None], str]
"""What deletes an object, and the object's id."""


def remove_all(removals: Iterable[Removal], *, longest_seconds: float = float("inf")) -> dict[str, str]:
    """Delete objects by their ids, each for itself.

    Args:
        removals: The objects, in the order in which their deletions begin.
        longest_seconds: After this long no further deletion is begun.

    Returns:
        Why some are left, by id.

    Raises:
        GuardRefusedError: One of them is not of test mode.
    """
    tasks = list(removals)
    deadline = time.monotonic() + longest_seconds

    def reason_left(task: Removal) -> str | None:
        remove, identifier = task
        if time.monotonic() > deadline:
            return f"the time of {longest_seconds:g} s was over"
        try:
            remove(identifier)
        except (ServiceError, DeadlineError) as error:
            return error.message
        return None

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="stripe") as pool:
        reasons = pool.map(reason_left, tasks)
        return {
            identifier: reason
            for (_, identifier), reason in zip(tasks, reasons, strict=True)
            if reason is not None
        }
