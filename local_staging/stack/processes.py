"""Programs that the launcher starts: one session each, one log file each, ended with all their descendants."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from local_staging.stack.interruption import Interruption
from local_staging.stack.sessions import ProcessIdentity, end_session, relatives
from staging_validation.clients.polling import wait_for
from staging_validation.errors import ServiceUnreachableError

_Value = TypeVar("_Value")
_TAIL_LINES = 15
_TAIL_BYTES = 8192


@dataclass(frozen=True)
class Account:
    """The system account a program runs as, where it is not ours.

    Attributes:
        uid: User id.
        gid: Group id.
    """

    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """A program to start.

    Attributes:
        name: Its name as people know it; messages start with it.
        argv: Its command line.
        log: The file that receives its standard output and error.
        env: Its whole environment.
        cwd: Its working directory.
        account: The account it runs as; ours by default.
        stop_signal: The signal that ends it in good order.
        stop_seconds: How long it may take to end before it is killed.
        group: Programs of one group are ended at the same time; None ends it alone.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(repr=False)
    cwd: Path = Path("/")
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 5.0
    group: str | None = None


class Child:
    """A started program.

    Args:
        program: What to start; it is started at once, as the leader of a session of its own, so that a Ctrl-C in
            the terminal reaches only the launcher, which then ends everything in order.

    Raises:
        ServiceUnreachableError: The program cannot be executed.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        program.log.parent.mkdir(parents=True, exist_ok=True)
        account = program.account
        try:
            with program.log.open("ab") as log:
                self._popen = subprocess.Popen(
                    program.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=dict(program.env),
                    cwd=program.cwd,
                    start_new_session=True,
                    user=account.uid if account else None,
                    group=account.gid if account else None,
                    extra_groups=[] if account else None,
                )
        except OSError as error:
            raise ServiceUnreachableError(
                program.name, f"{program.argv[0]} cannot be executed: {error.strerror}."
            ) from error
        self.identity = ProcessIdentity.of(self._popen.pid)

    @property
    def exit_status(self) -> int | None:
        """Its exit status, or None while it runs."""
        return self._popen.poll()

    def wait_until(
        self,
        what: str,
        probe: Callable[[], _Value | None],
        *,
        timeout_seconds: float,
        interruption: Interruption,
        interval_seconds: float = 0.05,
    ) -> _Value:
        """Wait for a state of this program, no longer than it lives.

        Args:
            what: See :func:`staging_validation.clients.polling.wait_for`.
            probe: Returns the state's value, or None while it is not there.
            timeout_seconds: The longest wait.
            interruption: Ends the wait early.
            interval_seconds: The pause between two questions.

        Raises:
            ServiceUnreachableError: The program ended meanwhile; the message holds the tail of its log.
            DeadlineError: It did not get there in time.
        """

        def ask() -> _Value | None:
            # Asked first, so that nothing else that answers at its address is taken for it.
            if self.exit_status is not None:
                raise self.died()
            return probe()

        return self._wait(what, ask, timeout_seconds, interruption, interval_seconds)

    def finish(self, *, timeout_seconds: float, interruption: Interruption) -> None:
        """Wait for the end of a program that does one thing.

        Raises:
            ServiceUnreachableError: It ended with another status than 0.
            DeadlineError: It did not end in time.
        """
        if self._wait("finish", lambda: self.exit_status, timeout_seconds, interruption) != 0:
            raise self.died()

    def _wait(
        self,
        what: str,
        probe: Callable[[], _Value | None],
        timeout_seconds: float,
        interruption: Interruption,
        interval_seconds: float = 0.05,
    ) -> _Value:
        def ask() -> _Value | None:
            interruption.check()
            return probe()

        return wait_for(
            f"{self.program.name} to {what}",
            ask,
            timeout_seconds=timeout_seconds,
            interval_seconds=interval_seconds,
            seen=lambda: f"the end of its log {self.program.log}:\n{tail(self.program.log)}",
        )

    def died(self) -> ServiceUnreachableError:
        """Build the error that says how it ended and what it said last."""
        status = self.exit_status
        how = f"with status {status}" if status is None or status >= 0 else _signal_name(-status)
        return ServiceUnreachableError(
            self.program.name,
            f"it ended {how}. The end of its log {self.program.log}:\n{tail(self.program.log)}",
        )

    def stop(self) -> None:
        """End it in good order, then whatever is left of its session and descendants."""
        known = relatives(self.identity)
        if self.exit_status is None:
            self._popen.send_signal(self.program.stop_signal)
            try:
                self._popen.wait(timeout=self.program.stop_seconds)
            except subprocess.TimeoutExpired:
                known |= relatives(self.identity)
        end_session(self.identity, known)
        self._popen.wait()


def tail(log: Path) -> str:
    """Return the last lines of a log file."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = stream.read().decode(errors="replace")
    except OSError as error:
        return f"(no log: {error.strerror})"
    return "\n".join(text.splitlines()[-_TAIL_LINES:]) or "(it is empty)"


def _signal_name(number: int) -> str:
    try:
        return f"by {signal.Signals(number).name}"
    except ValueError:
        return f"by signal {number}"
