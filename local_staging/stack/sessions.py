"""Finds and ends the processes of a session, also after the launcher that started it was killed.

A process is known by its id *and* its start time, because ids are used again. Airflow's processes change their
titles, which destroys the environment that other tools look for; session ids survive that.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from staging_validation.clients.polling import wait_for
from staging_validation.errors import DeadlineError

_CLOCK_DRIFT_SECONDS = 1.0
_KILL_SECONDS = 5.0


@dataclass(frozen=True)
class ProcessIdentity:
    """A process that led a session of its own when it was started.

    Attributes:
        pid: Its process id, which is the session's id too.
        created: When it was started, in seconds since 1970 as the system computes it.
    """

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity:
        """Identify a child of ours: it cannot vanish before its parent collects its exit status."""
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """Return the process when it still exists and is the same one."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < _CLOCK_DRIFT_SECONDS
        except psutil.NoSuchProcess:
            return None
        return process if same else None


def relatives(leader: ProcessIdentity) -> set[psutil.Process]:
    """Return all processes of the leader's session and all its descendants, itself included.

    Where the leader is gone, its session can still have members. They are taken only when no stranger leads that
    session now and they are younger than the leader was.
    """
    found: set[psutil.Process] = set()
    process = leader.process()
    if process is not None:
        found.add(process)
        with suppress(psutil.NoSuchProcess):
            found.update(process.children(recursive=True))
    elif psutil.pid_exists(leader.pid):
        return found
    found.update(_members(leader))
    return found


def _members(leader: ProcessIdentity) -> set[psutil.Process]:
    members = set()
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) != leader.pid:
                continue
            if process.create_time() > leader.created - _CLOCK_DRIFT_SECONDS:
                members.add(process)
        except (psutil.NoSuchProcess, ProcessLookupError, PermissionError):
            continue
    return members


def end_session(leader: ProcessIdentity, known: set[psutil.Process] | None = None) -> list[int]:
    """Kill what is left of a session.

    Args:
        leader: The session's leader.
        known: Relatives that were seen before, which may have left the session or lost their parent since.

    Returns:
        The ids of the processes that were killed.
    """
    killed: list[int] = []
    # A process can fork while it is being looked for: look until nothing new turns up.
    while alive := {process for process in (known or set()) | relatives(leader) if _is_alive(process)}:
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
                killed.append(process.pid)
        if not ended_within(alive, timeout_seconds=_KILL_SECONDS):
            break
    return killed


def ended_within(processes: Iterable[psutil.Process], *, timeout_seconds: float) -> bool:
    """Wait until the processes have ended, and say whether they did.

    A process that nobody has collected yet (a zombie) has ended: in a container there is often nobody who does.
    """
    with suppress(DeadlineError):
        return wait_for(
            "processes to end",
            lambda: None if any(_is_alive(process) for process in processes) else True,
            timeout_seconds=timeout_seconds,
            interval_seconds=0.02,
        )
    return False


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
