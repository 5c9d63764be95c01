"""What time it is, handed in, so that nothing in the sandbox reads the machine's clock by itself."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """A source of time."""

    def now(self) -> int:
        """Return the time in Unix seconds, as the Stripe API counts it."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> int:
        """Return the machine's time in Unix seconds."""
        return int(time.time())


@dataclass(frozen=True)
class Instant:
    """A clock that stands: the moment that a test clock shows, or at which something falls due.

    Args:
        moment: The time in Unix seconds.
    """

    moment: int

    def now(self) -> int:
        """Return the moment."""
        return self.moment
