from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from local_staging.stack.interruption import Interruption
from local_staging.stack.processes import Child, Program, tail
from local_staging.stack.sessions import ProcessIdentity, end_session, relatives
from staging_validation.errors import DeadlineError, ServiceUnreachableError

ProgramMaker = Callable[..., Program]
Runs = Callable[[int], bool]

_SLEEP = "import time; time.sleep(60)"
_STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""
# A child, a grandchild in a session of its own whose title and environment are gone, and their ids on one line.
_FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
stray = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
print(child.pid, stray.pid, flush=True)
time.sleep(60)
"""


def said(child: Child, *, lines: int = 1) -> list[str]:
    def read() -> list[str] | None:
        text = child.program.log.read_text().splitlines()
        return text if len(text) >= lines else None

    return child.wait_until("say something", read, timeout_seconds=20, interruption=Interruption())


def test_a_child_leads_its_own_session_and_logs_to_its_file(program: ProgramMaker) -> None:
    child = Child(program("import os; print(os.getsid(0) == os.getpid())"))
    child.finish(timeout_seconds=20, interruption=Interruption())
    assert child.program.log.read_text() == "True\n"
    child.stop()


def test_a_child_that_dies_is_told_with_the_end_of_its_log(program: ProgramMaker) -> None:
    child = Child(program("raise SystemExit('the port is taken')"))
    with pytest.raises(
        ServiceUnreachableError, match=r"(?s)worker: it ended with status 1.*the port is taken"
    ):
        child.wait_until("be ready", lambda: None, timeout_seconds=20, interruption=Interruption())
    child.stop()


def test_a_child_that_is_killed_is_told_with_the_signal(program: ProgramMaker) -> None:
    child = Child(program("import os; os.kill(os.getpid(), 9)"))
    with pytest.raises(ServiceUnreachableError, match="it ended by SIGKILL"):
        child.finish(timeout_seconds=20, interruption=Interruption())


def test_an_unknown_signal_is_told_by_its_number(program: ProgramMaker) -> None:
    child = Child(program("import os, signal; os.kill(os.getpid(), signal.SIGRTMIN + 5)"))
    with pytest.raises(ServiceUnreachableError, match="it ended by signal"):
        child.finish(timeout_seconds=20, interruption=Interruption())


def test_a_child_that_never_gets_ready_is_told_with_its_log(program: ProgramMaker) -> None:
    child = Child(program(f"print('still loading', flush=True); {_SLEEP}"))
    said(child)
    with pytest.raises(DeadlineError, match=r"(?s)worker to be ready, in vain.*still loading"):
        child.wait_until("be ready", lambda: None, timeout_seconds=0.1, interruption=Interruption())
    child.stop()


def test_a_wait_ends_when_someone_interrupts(program: ProgramMaker) -> None:
    interruption = Interruption()
    interruption.request(signal.SIGINT)
    child = Child(program(_SLEEP))
    with pytest.raises(KeyboardInterrupt):
        child.wait_until("be ready", lambda: None, timeout_seconds=20, interruption=interruption)
    child.stop()


def test_a_program_that_is_not_there_is_told(program: ProgramMaker) -> None:
    missing = replace(program(""), argv=("/nowhere/postgres",))
    with pytest.raises(ServiceUnreachableError, match="/nowhere/postgres cannot be executed: No such file"):
        Child(missing)


def test_stop_is_orderly_when_it_can_be(program: ProgramMaker) -> None:
    code = "import signal, sys, time\nsignal.signal(signal.SIGINT, lambda *_: sys.exit(7))\nprint(1, flush=True)\n"
    child = Child(program(code + "time.sleep(60)", stop_signal=signal.SIGINT))
    said(child)
    child.stop()
    assert child.exit_status == 7


def test_stop_kills_what_does_not_listen(program: ProgramMaker, runs: Runs) -> None:
    child = Child(program(_STUBBORN, stop_seconds=0.2))
    said(child)
    began = time.monotonic()
    child.stop()
    assert not runs(child.identity.pid)
    assert time.monotonic() - began < 5


def test_stop_ends_grandchildren_wherever_they_went(program: ProgramMaker, runs: Runs) -> None:
    child = Child(program(_FAMILY))
    pids = [int(pid) for pid in said(child)[0].split()]
    assert all(runs(pid) for pid in pids)
    child.stop()
    assert not any(runs(pid) for pid in pids)


def test_the_session_of_a_dead_leader_is_found(program: ProgramMaker, runs: Runs) -> None:
    child = Child(program(_FAMILY))
    inside, stray = (int(pid) for pid in said(child)[0].split())
    os.kill(child.identity.pid, signal.SIGKILL)
    child._popen.wait()
    assert {process.pid for process in relatives(child.identity)} == {inside}
    assert end_session(child.identity) == [inside]
    assert not runs(inside)
    psutil.Process(stray).kill()  # it left the session, and nobody leads to it any more


def test_a_stranger_with_the_same_id_is_left_alone(program: ProgramMaker, runs: Runs) -> None:
    child = Child(program(_SLEEP))
    earlier = ProcessIdentity(child.identity.pid, child.identity.created - 3600)
    assert earlier.process() is None
    assert relatives(earlier) == set()
    assert end_session(earlier) == []
    assert runs(child.identity.pid)
    child.stop()


def test_a_process_that_is_gone_has_no_relatives(program: ProgramMaker) -> None:
    child = Child(program(""))
    child.finish(timeout_seconds=20, interruption=Interruption())
    assert child.identity.process() is None
    assert relatives(child.identity) == set()


def test_the_tail_of_a_log_is_short(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert "no log" in tail(log)
    log.write_text("")
    assert tail(log) == "(it is empty)"
    log.write_text("\n".join(str(number) for number in range(10000)))
    assert tail(log).splitlines() == [str(number) for number in range(9985, 10000)]
