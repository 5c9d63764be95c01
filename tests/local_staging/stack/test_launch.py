from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local_staging.stack.launch import Launch, _holder
from local_staging.stack.processes import Program
from local_staging.stack.state import RecordedProcess, StackState, StateFile
from staging_validation.clients.polling import wait_for
from staging_validation.errors import ConfigurationError, ServiceUnreachableError

ProgramMaker = Callable[..., Program]
Runs = Callable[[int], bool]
_SLEEP = "import time; time.sleep(60)"

# A launcher with one program that has a child; it says their ids, then does what its last argument says.
_LAUNCHER = """
import os, subprocess, sys, time
from pathlib import Path
from local_staging.stack.interruption import Interruption
from local_staging.stack.launch import Launch
from local_staging.stack.processes import Program

folder, then = Path(sys.argv[1]), sys.argv[2]
code = "import subprocess, sys, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
with Interruption().listening() as interruption:
    try:
        with Launch(folder, cache_dir=folder.parent / "cache", purpose="the first", interruption=interruption) as run:
            private = folder.parent / "private"
            private.mkdir()
            run.state.record_private_dir(private)
            (folder / "data").mkdir()
            program = Program("worker", (sys.executable, "-c", code), run.log_dir / "w.log", dict(os.environ))
            child = run.supervisor.start(program)
            read = lambda: program.log.read_text().strip() or None
            grandchild = child.wait_until("fork", read, timeout_seconds=20, interruption=interruption)
            print(child.identity.pid, grandchild, flush=True)
            if then == "keep":
                run.keep()
            else:
                run.in_parallel(lambda: child.finish(timeout_seconds=60, interruption=interruption))
    except KeyboardInterrupt:
        sys.exit(interruption.exit_status)
"""


class Launcher:
    """Another launcher, in a process of its own."""

    def __init__(self, folder: Path, then: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCHER, str(folder), then], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.pids = [int(pid) for pid in self.process.stdout.readline().split()]

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        status = self.process.wait(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "stack"


@pytest.fixture
def launch(folder: Path, cache_dir: Path) -> Callable[..., Launch]:
    def make(**options: bool) -> Launch:
        return Launch(folder, cache_dir=cache_dir, purpose="the second", **options)

    return make


def test_everything_is_ended_and_cleaned(launch: Callable[..., Launch], program: ProgramMaker) -> None:
    with launch() as running:
        child = running.supervisor.start(program(_SLEEP))
        (running.folder / "data").mkdir()
        state = running.state.read()
        assert state is not None
        assert [process.name for process in state.running()] == ["worker"]
        assert stat.S_IMODE(running.state.path.stat().st_mode) == 0o600
    assert child.exit_status is not None
    assert not running.state.path.exists()
    assert not (running.folder / "data").exists()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_everything(folder: Path, runs: Runs, number: signal.Signals, status: int) -> None:
    launcher = Launcher(folder, "wait")
    assert launcher.end(number) == status
    assert not any(runs(pid) for pid in launcher.pids)
    assert not (folder.parent / "private").exists()


def test_what_a_killed_launcher_left_is_ended_and_cleaned(
    folder: Path, launch: Callable[..., Launch], runs: Runs
) -> None:
    launcher = Launcher(folder, "wait")
    launcher.end(signal.SIGKILL)
    assert all(runs(pid) for pid in launcher.pids)
    with launch() as running:
        assert running.recovered == 2
        assert not any(runs(pid) for pid in launcher.pids)
        assert not (folder / "data").exists()
        assert not (folder.parent / "private").exists()


def test_a_second_launcher_is_told_who_holds_the_folder(folder: Path, launch: Callable[..., Launch]) -> None:
    launcher = Launcher(folder, "wait")
    holder = re.escape(f"`the first` (process {launcher.process.pid}")
    with pytest.raises(ConfigurationError, match=holder), launch():
        pass
    launcher.end(signal.SIGTERM)
    with launch():
        pass


def test_a_kept_stack_stays_until_it_is_taken_over(
    folder: Path, launch: Callable[..., Launch], runs: Runs
) -> None:
    launcher = Launcher(folder, "keep")
    assert launcher.wait() == 0
    assert all(runs(pid) for pid in launcher.pids)
    with pytest.raises(ConfigurationError, match="left running on purpose"), launch():
        pass
    with launch(take_over=True) as running:
        assert running.recovered == 2
    assert not any(runs(pid) for pid in launcher.pids)


def test_the_failure_of_one_task_ends_the_others(
    launch: Callable[..., Launch], program: ProgramMaker
) -> None:
    with launch() as running:
        patient = running.supervisor.start(program(_SLEEP, name="patient"))
        broken = program("raise SystemExit('no room')", name="broken")

        def wait() -> None:
            patient.finish(timeout_seconds=60, interruption=running.interruption)

        def fail() -> None:
            running.supervisor.run(broken, timeout_seconds=20)

        with pytest.raises(ServiceUnreachableError, match=r"(?s)broken.*no room"):
            running.in_parallel(wait, fail)
        assert patient.exit_status is not None


def test_an_unreadable_state_file_is_no_obstacle(folder: Path, launch: Callable[..., Launch]) -> None:
    folder.mkdir()
    (folder / "state.json").write_text("{")
    with launch() as running:
        assert running.recovered == 0


def test_a_recorded_process_that_is_gone_is_skipped(folder: Path) -> None:
    gone = RecordedProcess(name="x", pid=2**22 + 1, created=1.0)
    assert StackState(processes=[gone]).end() == 0
    assert StackState(processes=[gone]).running() == []


def test_the_state_file_holds_addresses(folder: Path) -> None:
    state = StateFile(folder / "state.json")
    state.record_address("prometheus_default", "http://127.0.0.1:1")
    state.keep()
    written = json.loads(state.path.read_text())
    assert written["addresses"] == {"prometheus_default": "http://127.0.0.1:1"}
    assert written["kept"] is True


@pytest.mark.parametrize("text", ["", "[]", '{"pid": 1}'])
def test_a_lock_without_a_name_still_names_something(text: str) -> None:
    assert _holder(text) == "another launcher"


def test_an_interrupted_launch_ends_its_tasks(launch: Callable[..., Launch], program: ProgramMaker) -> None:
    with launch() as running:
        child = running.supervisor.start(program(_SLEEP))

        def task() -> None:
            os.kill(os.getpid(), signal.SIGUSR1)
            wait_for("ever", lambda: child.exit_status, timeout_seconds=20)

        former = signal.signal(signal.SIGUSR1, running.interruption.request)
        try:
            with pytest.raises(KeyboardInterrupt):
                running.in_parallel(task)
        finally:
            signal.signal(signal.SIGUSR1, former)
        assert child.exit_status is not None
