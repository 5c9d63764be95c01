from __future__ import annotations

import os
import signal

import pytest

from local_staging.stack.interruption import Interruption
from staging_validation.clients.polling import wait_for


def test_nothing_happens_while_nobody_asks() -> None:
    Interruption().check()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_becomes_a_request_and_an_exit_status(number: signal.Signals, status: int) -> None:
    with Interruption().listening() as interruption:
        os.kill(os.getpid(), number)

        def raised() -> None:
            interruption.check()

        with pytest.raises(KeyboardInterrupt):
            wait_for("the signal", raised, timeout_seconds=5, interval_seconds=0.01)
    assert interruption.exit_status == status


def test_the_first_signal_decides_the_exit_status() -> None:
    interruption = Interruption()
    interruption.request(signal.SIGTERM)
    interruption.request(signal.SIGINT)
    assert interruption.exit_status == 143


def test_the_former_handlers_come_back() -> None:
    former = signal.getsignal(signal.SIGTERM)
    with Interruption().listening():
        assert signal.getsignal(signal.SIGTERM) != former
    assert signal.getsignal(signal.SIGTERM) == former
