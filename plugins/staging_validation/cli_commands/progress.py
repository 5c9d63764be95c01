"""Live progress on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from rich.status import Status

    from local_staging.airflow_runtime.api import TaskState

_WORDS = {
    "success": ("passed", "green"),
    "failed": ("failed", "red"),
    "upstream_failed": ("not run", "yellow"),
    "skipped": ("skipped", "yellow"),
    "removed": ("removed", "yellow"),
}
_RUNNING = frozenset({"running", "restarting", "deferred"})


class Progress:
    """Says what happens, each line with the time since the start.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._told: set[tuple[str, int]] = set()
        self._status: Status | None = None

    def say(self, text: str) -> None:
        """Print a line."""
        self._line(Text(text))

    def warn(self, text: str) -> None:
        """Print a line that stands out."""
        self._line(Text(f"warning: {text}", style="yellow"))

    @contextmanager
    def live(self) -> Iterator[None]:
        """Keep a line at the bottom that says what runs now, where the output is a terminal."""
        if not self._console.is_terminal:
            yield
            return
        with self._console.status("waiting for the first task") as status:
            self._status = status
            try:
                yield
            finally:
                self._status = None

    def tasks(self, tasks: Sequence[TaskState]) -> None:
        """Tell which tasks have ended since the last call, and what runs now."""
        for task in tasks:
            key = (task.task_id, task.map_index)
            if task.state in _WORDS and key not in self._told:
                self._told.add(key)
                self._line(_ended(task))
        if self._status is not None:
            running = [task.name for task in tasks if task.state in _RUNNING]
            now = ", ".join(running) or "waiting for the scheduler"
            done = sum(task.state in _WORDS for task in tasks)
            self._status.update(Text(f"{done} of {len(tasks)} tasks done; now: {now}"))

    def _line(self, text: Text) -> None:
        self._console.print(Text(f"{time.monotonic() - self._began:6.1f} s  ") + text, soft_wrap=True)


def _ended(task: TaskState) -> Text:
    word, style = _WORDS[str(task.state)]
    took = f" ({task.duration_seconds:.1f} s)" if task.duration_seconds else ""
    return Text(f"{word:8}", style=style) + Text(f"{task.name}{took}", style="default")
