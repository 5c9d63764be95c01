from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from local_staging.stack.processes import Child, Program
from local_staging.stack.supervisor import Supervisor
from staging_validation.errors import DeadlineError, ServiceUnreachableError

ProgramMaker = Callable[..., Program]
_SLEEP = "import time; time.sleep(60)"


def test_everything_is_written_down_and_ended_in_reverse_order(program: ProgramMaker) -> None:
    seen: list[list[str]] = []

    def record(children: Sequence[Child]) -> None:
        seen.append([child.program.name for child in children])

    with Supervisor(on_change=record) as supervisor:
        children = [supervisor.start(program(_SLEEP, name=name)) for name in ("a", "b", "c")]
    assert seen == [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b"], ["a"], []]
    assert all(child.exit_status is not None for child in children)


def test_a_group_is_ended_at_once(program: ProgramMaker) -> None:
    supervisor = Supervisor()
    for name in ("x", "y"):
        supervisor.start(program(_SLEEP, name=name, group="airflow"))
    assert [child.program.name for child in supervisor._last_started()] == ["x", "y"]
    supervisor.stop_all()
    assert supervisor._last_started() == []


def test_nothing_starts_while_everything_is_being_ended(program: ProgramMaker) -> None:
    supervisor = Supervisor()
    supervisor.stop_all()
    with pytest.raises(KeyboardInterrupt):
        supervisor.start(program(""))


def test_run_waits_for_the_end_and_forgets(program: ProgramMaker) -> None:
    supervisor = Supervisor()
    supervisor.run(program(""), timeout_seconds=20)
    supervisor.stop_all()


def test_run_tells_a_failure(program: ProgramMaker) -> None:
    with pytest.raises(ServiceUnreachableError, match="it ended with status 3"):
        Supervisor().run(program("raise SystemExit(3)"), timeout_seconds=20)


def test_run_ends_what_takes_too_long(program: ProgramMaker) -> None:
    supervisor = Supervisor()
    with pytest.raises(DeadlineError):
        supervisor.run(program(_SLEEP), timeout_seconds=0.1)
    assert supervisor._last_started() == []


def test_a_program_that_ended_by_itself_is_dead(program: ProgramMaker) -> None:
    with Supervisor() as supervisor:
        lives = supervisor.start(program(_SLEEP, name="lives"))
        dies = supervisor.start(program("", name="dies"))
        dies.finish(timeout_seconds=20, interruption=supervisor.interruption)
        assert supervisor.dead() == [dies]
        assert lives.exit_status is None
