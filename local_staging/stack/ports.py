"""Free TCP ports on the loopback interface."""

from __future__ import annotations

import fcntl
import random
import socket
from pathlib import Path
from typing import IO

LOOPBACK = "127.0.0.1"
"""Everything the launcher starts listens here and nowhere else."""

_LOWEST, _HIGHEST = 20000, 32000
_TRIES = 200


def free_port(host: str = LOOPBACK) -> int:
    """Return a TCP port that nobody listens on just now.

    It lies below the range from which systems take the ports of outgoing connections (32768 and up on Linux), so
    that no client's connection takes it before the server binds it; it is random, so that two stacks that start at
    the same time hardly ever choose the same one.

    Raises:
        OSError: No free port was found.
    """
    chooser = random.SystemRandom()
    for _ in range(_TRIES):
        port = chooser.randint(_LOWEST, _HIGHEST)
        with socket.socket() as candidate:
            try:
                candidate.bind((host, port))
            except OSError:
                continue
            return port
    raise OSError(f"none of {_TRIES} ports tried on {host} is free")


def is_listening(port: int, host: str = LOOPBACK) -> bool:
    """Say whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


class PortReservations:
    """Ports that two launchers of one user never both take, also in the moment before a server binds its own.

    Each reserved port is one locked byte of one file, so that a launcher's end, however it comes, frees them.

    Args:
        cache_dir: The user's cache folder, shared by all clones.
    """

    def __init__(self, cache_dir: Path) -> None:
        self._path = cache_dir / "ports.lock"
        self._file: IO[bytes] | None = None
        self._taken: set[int] = set()

    def take(self) -> int:
        """Return a free port and keep it reserved.

        Raises:
            OSError: No free port was found.
        """
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a+b")
        for _ in range(_TRIES):
            port = free_port()
            if port in self._taken:
                continue
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            except OSError:
                continue
            self._taken.add(port)
            return port
        raise OSError(f"none of {_TRIES} free ports could be reserved")

    def close(self) -> None:
        """Give the ports back."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._taken.clear()
