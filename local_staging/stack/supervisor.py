"""Keeps account of every started program, and ends them all in reverse order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from local_staging.stack.interruption import Interruption
from local_staging.stack.processes import Child, Program


class Supervisor:
    """Starts programs and is answerable for their end. Safe to use from several threads.

    Args:
        interruption: What ends waits early.
        on_change: Called with the running children, oldest first, whenever one is started or stopped: writes them
            down, so that a later start can end what a killed launcher left.
    """

    def __init__(
        self,
        interruption: Interruption | None = None,
        *,
        on_change: Callable[[Sequence[Child]], None] | None = None,
    ) -> None:
        self.interruption = interruption or Interruption()
        self._on_change = on_change or (lambda _children: None)
        self._children: list[Child] = []
        self._lock = threading.RLock()
        self._closing = False

    def start(self, program: Program) -> Child:
        """Start a program.

        Raises:
            KeyboardInterrupt: Everything is being ended already.
            ServiceUnreachableError: See :class:`~local_staging.stack.processes.Child`.
        """
        with self._lock:
            if self._closing:
                raise KeyboardInterrupt
            self.interruption.check()
            child = Child(program)
            self._children.append(child)
            self._on_change(tuple(self._children))
            return child

    def run(self, program: Program, *, timeout_seconds: float) -> None:
        """Run a program that does one thing to its end.

        Raises:
            ServiceUnreachableError: It failed.
            DeadlineError: It took too long; it is ended.
        """
        child = self.start(program)
        try:
            child.finish(timeout_seconds=timeout_seconds, interruption=self.interruption)
        finally:
            self.stop(child)

    def stop(self, child: Child) -> None:
        """End one program and all its descendants."""
        child.stop()
        with self._lock:
            if child in self._children:
                self._children.remove(child)
                self._on_change(tuple(self._children))

    def dead(self) -> list[Child]:
        """Return the programs that should run but have ended by themselves."""
        with self._lock:
            return [child for child in self._children if child.exit_status is not None]

    def stop_all(self) -> None:
        """End everything, the last started first, groups at once; nothing can be started from now on."""
        with self._lock:
            self._closing = True
        while last := self._last_started():
            with ThreadPoolExecutor(max_workers=len(last)) as pool:
                list(pool.map(self.stop, last))

    def _last_started(self) -> list[Child]:
        """Return the last child with those of its group, or nothing."""
        with self._lock:
            if not self._children:
                return []
            group = self._children[-1].program.group
            if group is None:
                return [self._children[-1]]
            return [child for child in self._children if child.program.group == group]

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all()
