"""Starts a resetting process, kills it or its server process at a given moment, and waits until nothing moves."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import psutil
import psycopg
from pydantic import JsonValue

from campaigns.common import PROJECT
from staging_validation.clients.connections import STAGING_POSTGRES, ConnectionSettings
from staging_validation.clients.polling import wait_for
from staging_validation.clients.postgres import connect, fetch
from staging_validation.errors import DeadlineError, ServiceUnreachableError

CLIENT, BACKEND, TERMINATED = "process", "backend", "terminated_backend"
VICTIMS = (CLIENT, BACKEND, CLIENT, TERMINATED)
"""Who dies in which run, over and over: the resetting process (SIGKILL), its server process (SIGKILL, after which
PostgreSQL ends all others too and recovers), and its server process in good order (``pg_terminate_backend``)."""

CHILD = (sys.executable, "-m", "campaigns.reset_child")

_START_SECONDS = 60.0
_END_SECONDS = 60.0
_RECOVERY_SECONDS = 60.0
_NOTICE_SECONDS = 10.0
_RUNNING = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"


@dataclass(frozen=True)
class Killed:
    """How a resetting process ended.

    Attributes:
        counts: Whether the kill met it at work: it had reported neither its end nor an error before.
        report: Its last line: how long the reset took, or the error that ended it; empty when it said nothing.
        exit_status: Its exit status, negative for a signal.
    """

    counts: bool
    report: Mapping[str, JsonValue]
    exit_status: int


class Resetting:
    """A process that resets when told so; a context manager that leaves nothing running.

    Args:
        settings: The database.
        ceiling: How many customers it may delete.
        command: The process to start; it speaks as ``campaigns.reset_child`` does.

    Raises:
        ServiceUnreachableError: It did not get ready.
    """

    def __init__(self, settings: ConnectionSettings, *, ceiling: int, command: Sequence[str] = CHILD) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
        connection = settings.model_dump_json(exclude={"password"}, by_alias=True)
        fields = json.loads(connection) | {"password": settings.secret}
        self._process = subprocess.Popen(
            (*command, str(ceiling)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env={**kept, f"AIRFLOW_CONN_{STAGING_POSTGRES.upper()}": json.dumps(fields)},
        )
        try:
            self.backend = self._backend()
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def begin(self) -> None:
        """Let it reset."""
        if self._process.stdin is not None:
            self._process.stdin.write("begin\n")
            self._process.stdin.flush()

    def ends_within(self, seconds: float) -> bool:
        """Wait, and say whether it ended meanwhile."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()

    def end(self) -> tuple[Mapping[str, JsonValue], int]:
        """Return what it reported last, and its exit status.

        Raises:
            DeadlineError: It does not end.
        """
        try:
            output, _ = self._process.communicate(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            raise DeadlineError(
                f"The resetting process did not end within {_END_SECONDS:g} s after it lost its connection."
            ) from None
        lines = [line for line in output.splitlines() if line]
        return (json.loads(lines[-1]) if lines else {}), self._process.returncode

    def _backend(self) -> int:
        """Read the line that names its server process."""
        line = ""
        if (stdout := self._process.stdout) is not None and select.select([stdout], [], [], _START_SECONDS)[
            0
        ]:
            line = stdout.readline()
        backend = json.loads(line).get("backend") if line else None
        if not isinstance(backend, int):
            raise ServiceUnreachableError("The resetting process", f"did not get ready: {line.strip()!r}.")
        return backend

    def __enter__(self) -> Resetting:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None and not stream.closed:
                stream.close()


def kill_at(
    seconds: float,
    victim: str,
    settings: ConnectionSettings,
    *,
    ceiling: int,
    command: Sequence[str] = CHILD,
) -> Killed:
    """Start a reset, kill the victim after some seconds, and wait until the database stands still.

    Args:
        seconds: When, after the reset's begin.
        victim: One of :data:`VICTIMS`.
        settings: The database.
        ceiling: How many customers the reset may delete.
        command: The process that resets.

    Raises:
        DeadlineError: Something did not end, or the server did not recover.
        ServiceUnreachableError: The server, or the process, did not get ready.
    """
    with (
        closing(connect(settings)) as witness,
        Resetting(settings, ceiling=ceiling, command=command) as resetting,
    ):
        witness.autocommit = True
        strike = _strikes(witness, resetting)[victim]
        resetting.begin()
        hit = not resetting.ends_within(seconds) and strike()
        report, exit_status = resetting.end()
        if hit and victim == BACKEND:
            _wait_for_crash(witness, resetting.backend)
        _wait_for_end(settings, resetting.backend)
    return Killed(hit and "seconds" not in report, report, exit_status)


def full_reset(settings: ConnectionSettings, *, ceiling: int, command: Sequence[str] = CHILD) -> float:
    """Let one process reset to its end, and return how long the reset took, in seconds.

    Raises:
        ServiceUnreachableError: It did not reset.
    """
    with Resetting(settings, ceiling=ceiling, command=command) as resetting:
        resetting.begin()
        report, exit_status = resetting.end()
    taken = report.get("seconds")
    if not isinstance(taken, float):
        raise ServiceUnreachableError(
            "The resetting process", f"ended with status {exit_status}: {report.get('message')}"
        )
    return taken


def _strikes(witness: psycopg.Connection[Any], resetting: Resetting) -> dict[str, Callable[[], bool]]:
    """Return how each victim is killed; each says whether there was something to kill."""

    def client() -> bool:
        resetting.kill()
        return True

    def backend() -> bool:
        return _kill_backend(resetting.backend, sibling=witness.info.backend_pid)

    def terminated_backend() -> bool:
        return bool(fetch(witness, "SELECT pg_terminate_backend(%s)", (resetting.backend,))[0][0])

    return {CLIENT: client, BACKEND: backend, TERMINATED: terminated_backend}


def _kill_backend(pid: int, *, sibling: int) -> bool:
    """Kill a server process: only one that has the same parent as our own connection's, and is alive."""
    try:
        process = psutil.Process(pid)
        if process.ppid() != psutil.Process(sibling).ppid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return False
    return True


def _wait_for_crash(witness: psycopg.Connection[Any], backend: int) -> None:
    """Wait until the server has noticed that its process was killed: then it ends our own connection too.

    A process that was about to end anyway may have ended in good order instead: then it took itself off the
    server's list, which a killed one cannot.
    """

    def noticed() -> bool | None:
        try:
            listed = fetch(witness, _RUNNING, (backend,)) != [(0,)]
        except psycopg.OperationalError:
            return True
        return None if listed or psutil.pid_exists(backend) else True

    wait_for(
        "PostgreSQL to notice the crash", noticed, timeout_seconds=_NOTICE_SECONDS, interval_seconds=0.01
    )


def _wait_for_end(settings: ConnectionSettings, backend: int) -> None:
    """Wait until the server takes connections and the victim's transaction is over."""

    def over() -> bool | None:
        try:
            with closing(connect(settings)) as connection:
                return True if fetch(connection, _RUNNING, (backend,)) == [(0,)] else None
        except (ServiceUnreachableError, psycopg.OperationalError):
            return None

    wait_for("PostgreSQL to be at rest again", over, timeout_seconds=_RECOVERY_SECONDS, interval_seconds=0.02)
