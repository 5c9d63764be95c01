from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local_staging.stack import ports
from local_staging.stack.ports import LOOPBACK, PortReservations, free_port, is_listening

_TAKE_FROM_ONE_PORT = """
import sys
from pathlib import Path
from local_staging.stack import ports
ports._LOWEST = ports._HIGHEST = int(sys.argv[2])
print(ports.PortReservations(Path(sys.argv[1])).take())
"""


@pytest.fixture
def one_port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Only this port can be chosen."""
    port = free_port()
    monkeypatch.setattr(ports, "_LOWEST", port)
    monkeypatch.setattr(ports, "_HIGHEST", port)
    return port


def test_a_free_port_can_be_bound() -> None:
    with socket.socket() as server:
        server.bind((LOOPBACK, free_port()))


def test_a_port_in_use_is_not_chosen(one_port: int) -> None:
    with socket.socket() as server:
        server.bind((LOOPBACK, one_port))
        server.listen()
        assert is_listening(one_port)
        with pytest.raises(OSError, match="is free"):
            free_port()
    assert not is_listening(one_port)


def test_a_reservation_is_taken_once(one_port: int, cache_dir: Path) -> None:
    reservations = PortReservations(cache_dir)
    assert reservations.take() == one_port
    with pytest.raises(OSError, match="reserved"):
        reservations.take()
    reservations.close()


def test_another_process_cannot_take_a_reserved_port_until_it_is_given_back(
    one_port: int, cache_dir: Path
) -> None:
    reservations = PortReservations(cache_dir)
    reservations.take()
    command = [sys.executable, "-c", _TAKE_FROM_ONE_PORT, str(cache_dir), str(one_port)]
    other = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "could be reserved" in other.stderr
    reservations.close()
    other = subprocess.run(command, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == str(one_port)
