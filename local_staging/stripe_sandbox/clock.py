"""What time it is, handed in, so that nothing in the sandbox reads the machine's clock by itself."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A source of time. A test clock would be one more implementation of it."""

    def now(self) -> int:
        """Return the time in Unix seconds, as the Stripe API counts it."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> int:
        """Return the machine's time in Unix seconds."""
        return int(time.time())
