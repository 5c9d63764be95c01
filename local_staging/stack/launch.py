"""One launcher in one clone: the lock, what a former launcher left, the supervisor, and the end of it all."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import IO

from local_staging.stack.interruption import Interruption
from local_staging.stack.ports import PortReservations
from local_staging.stack.state import StackState, StateFile
from local_staging.stack.supervisor import Supervisor
from staging_validation.errors import ConfigurationError

_POLL_SECONDS = 0.1


class Launch:
    """The right to start things in one folder; a context manager.

    On entering it takes the folder's lock and ends what a killed launcher left there. On leaving, everything it
    started is ended, unless :meth:`keep` was called.

    Args:
        folder: The folder for state, logs and data, for example ``build/stack``; its content is thrown away.
        cache_dir: The project's cache of programs.
        purpose: What this launcher does, for the message that another one gets: ``staging-validation run``.
        interruption: Ends waits early.
        take_over: End a stack that was left running on purpose as well, in place of refusing.

    Raises:
        ConfigurationError: Another launcher works in this folder, or a kept stack runs there (on entering).
    """

    def __init__(
        self,
        folder: Path,
        *,
        cache_dir: Path,
        purpose: str,
        interruption: Interruption | None = None,
        take_over: bool = False,
    ) -> None:
        self.folder = folder
        self.cache_dir = cache_dir
        self.log_dir = folder / "logs"
        self.recovered = 0
        self._purpose = purpose
        self._take_over = take_over
        self._kept = False
        self._lock: IO[str] | None = None
        self.state = StateFile(folder / "state.json")
        self.ports = PortReservations(cache_dir)
        self.supervisor = Supervisor(interruption, on_change=self.state.record_children)

    @property
    def interruption(self) -> Interruption:
        """What ends waits early."""
        return self.supervisor.interruption

    def __enter__(self) -> Launch:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = self._locked()
        try:
            self.recovered = self._recover()
            if not self._take_over:
                # Logs outlive their launcher, for people to read, until the next one starts.
                shutil.rmtree(self.log_dir, ignore_errors=True)
        except BaseException:
            self._unlock()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if not self._kept:
                self.supervisor.stop_all()
                self._forget(self.state.state)
        finally:
            self._unlock()

    def keep(self) -> None:
        """Leave everything running when the launcher ends."""
        self.state.keep()
        self._kept = True

    def in_parallel(self, *tasks: Callable[[], None]) -> None:
        """Run tasks side by side. When one fails or someone interrupts, everything started so far is ended.

        Raises:
            KeyboardInterrupt: Someone interrupted.
            Exception: What the first task to fail raised.
        """
        with ThreadPoolExecutor(max_workers=len(tasks), thread_name_prefix="launch") as pool:
            futures = [pool.submit(task) for task in tasks]
            try:
                self._await(futures)
            except BaseException:
                # The tasks wait for programs: with these gone, they come to their end.
                self.supervisor.stop_all()
                raise

    def _await(self, futures: Sequence[Future[None]]) -> None:
        pending = set(futures)
        while pending:
            self.interruption.check()
            done, pending = wait(pending, timeout=_POLL_SECONDS, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()

    def _locked(self) -> IO[str]:
        lock = (self.folder / "lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = _holder(lock.read())
            lock.close()
            raise ConfigurationError(
                f"{self.folder} is in use by {holder}.",
                remedy="wait for it to end, or end it (Ctrl-C there), and try again",
            ) from None
        lock.truncate(0)
        lock.write(
            json.dumps({"pid": os.getpid(), "purpose": self._purpose, "since": time.strftime("%H:%M:%S")})
        )
        lock.flush()
        return lock

    def _unlock(self) -> None:
        self.ports.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _recover(self) -> int:
        former = self.state.read()
        if former is None:
            return 0
        if former.kept and former.running() and not self._take_over:
            raise ConfigurationError(
                f"A stack that was left running on purpose at {former.started_at:%Y-%m-%d %H:%M} UTC runs in "
                f"{self.folder}.",
                remedy="end it with `staging-validation down` (make down)",
            )
        ended = former.end()
        self._forget(former)
        return ended

    def _forget(self, state: StackState) -> None:
        for folder in state.private_dirs:
            shutil.rmtree(folder, ignore_errors=True)
        for left in self.folder.iterdir():
            if left.is_dir() and left != self.log_dir:
                shutil.rmtree(left, ignore_errors=True)
        self.state.clear()


def _holder(text: str) -> str:
    try:
        known = json.loads(text)
        return f"`{known['purpose']}` (process {known['pid']}, since {known['since']})"
    except (ValueError, KeyError, TypeError):
        return "another launcher"
