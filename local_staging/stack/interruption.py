"""Ctrl-C and its relatives, without an exception that strikes between a fork and its bookkeeping.

A signal only raises a flag. Every wait of the launcher is a bounded poll that looks at the flag, so a run can be
interrupted at any moment, and what was started is always known and ended.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

CATCHABLE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What a terminal, a job scheduler or a closing window sends."""


class Interruption:
    """Whether someone asked the launcher to stop, and how."""

    def __init__(self) -> None:
        self._raised = threading.Event()
        self._signal = signal.SIGINT

    @property
    def exit_status(self) -> int:
        """The exit status that shells give a process ended by that signal (130 for Ctrl-C)."""
        return 128 + int(self._signal)

    def request(self, number: int, _frame: FrameType | None = None) -> None:
        """Ask to stop; usable as a signal handler. The first signal decides the exit status."""
        if not self._raised.is_set():
            self._signal = signal.Signals(number)
        self._raised.set()

    def check(self) -> None:
        """Raise when someone asked to stop.

        Raises:
            KeyboardInterrupt: A signal came.
        """
        if self._raised.is_set():
            raise KeyboardInterrupt

    @contextmanager
    def listening(self) -> Iterator[Interruption]:
        """Turn the catchable signals into requests while the block runs (main thread only)."""
        former = {number: signal.signal(number, self.request) for number in CATCHABLE}
        try:
            yield self
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
