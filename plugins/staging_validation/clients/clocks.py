"""How far another clock is ahead of ours, from an answer that says what it takes for the time."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

_HALF_A_SECOND = 0.5
"""A ``Date`` header leaves the fraction of its second out."""


def timed(ask: Callable[[], requests.Response]) -> tuple[requests.Response, float]:
    """Send a request, and say when it was answered.

    Args:
        ask: Sends it.

    Returns:
        The answer, and our time in the middle between asking and having it, in Unix seconds.
    """
    asked = time.time()
    response = ask()
    return response, (asked + time.time()) / 2


def date_offset(response: requests.Response, ours: float) -> float | None:
    """Return by how many seconds the ``Date`` of an answer is ahead of ours; None when it has none.

    Args:
        response: The answer.
        ours: Our time when it was made, in Unix seconds.
    """
    try:
        date = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        return None
    return date.timestamp() + _HALF_A_SECOND - ours
