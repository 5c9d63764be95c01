"""Rate limits: so many requests a minute for each caller."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

WINDOW_SECONDS = 60.0


@dataclass(frozen=True)
class Allowance:
    """What is left for a caller.

    Attributes:
        limit: Requests a minute.
        remaining: Requests left until the reset.
        reset: When the count begins anew, in Unix seconds.
        retry_after: Seconds until then; None while requests are allowed.
    """

    limit: int
    remaining: int
    reset: int
    retry_after: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that tell a caller (platform contract, HTTP API)."""
        told = {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.reset),
        }
        return told if self.retry_after is None else {**told, "retry-after": str(self.retry_after)}


class RateLimiter:
    """Counts the requests of each caller; a caller's minute begins with the first request.

    Args:
        limit: Requests a minute.
        now: Returns the time in Unix seconds.
    """

    def __init__(self, limit: int, now: Callable[[], float] = time.time) -> None:
        self._limit = limit
        self._now = now
        self._lock = Lock()
        self._windows: dict[str, tuple[float, int]] = {}
        self._swept = 0.0

    def take(self, caller: str) -> Allowance:
        """Count one request, and say whether it is allowed and what is left."""
        now = self._now()
        with self._lock:
            self._sweep(now)
            began, used = self._windows.get(caller, (now, 0))
            if now - began >= WINDOW_SECONDS:
                began, used = now, 0
            self._windows[caller] = (began, used + 1)
        reset = math.ceil(began + WINDOW_SECONDS)
        if used >= self._limit:
            return Allowance(
                self._limit, 0, reset, retry_after=max(1, math.ceil(began + WINDOW_SECONDS - now))
            )
        return Allowance(self._limit, self._limit - used - 1, reset)

    def _sweep(self, now: float) -> None:
        """Forget the callers whose minute is over, once a minute."""
        if now - self._swept >= WINDOW_SECONDS:
            self._swept = now
            self._windows = {
                caller: window for caller, window in self._windows.items() if now - window[0] < WINDOW_SECONDS
            }
