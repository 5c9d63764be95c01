from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from local_staging.airflow_runtime.api import TaskState
from staging_validation.cli_commands.night import Night, watch
from staging_validation.cli_commands.progress import Progress
from staging_validation.errors import ServiceUnreachableError


class Script:
    """Plays Airflow: one step of a run at every question."""

    def __init__(self, *steps: dict[str, str | None], strangers: tuple[str, ...] = ()) -> None:
        self.steps = list(steps)
        self.calls: list[str] = []
        self.strangers = strangers
        self.now: dict[str, str | None] = {}

    def run_ids(self, dag_id: str) -> list[str]:
        return ["old", "r1", *self.strangers] if self.calls else ["old"]

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> None:
        self.calls.append(f"trigger {run_id} {conf}")

    def unpause(self, dag_id: str) -> None:
        self.calls.append("unpause")

    def run_state(self, dag_id: str, run_id: str) -> str:
        self.now = self.steps.pop(0) if self.steps else self.now
        if self.steps:
            return "running"
        return "failed" if "failed" in self.now.values() else "success"

    def tasks(self, dag_id: str, run_id: str) -> list[TaskState]:
        return [TaskState(name, -1, None, state, 1.5) for name, state in self.now.items()]


def play(script: Script, tmp_path: Any, *, terminal: bool = False) -> tuple[Any, str]:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120, color_system=None)
    ended = watch(
        script,  # type: ignore[arg-type]
        Night("d", "r1", results_dir=tmp_path),
        {"a": 1},
        progress=Progress(console),
        alive=lambda: None,
    )
    assert isinstance(console.file, io.StringIO)
    return ended, console.file.getvalue()


@pytest.mark.parametrize("terminal", [False, True])
def test_a_run_is_followed_to_its_end(tmp_path: Any, *, terminal: bool) -> None:
    script = Script(
        {"guard": "running", "reset": None},
        {"guard": "success", "reset": "running"},
        {"guard": "success", "reset": "failed", "load": "upstream_failed"},
    )
    ended, text = play(script, tmp_path, terminal=terminal)
    assert script.calls == ["trigger r1 {'a': 1}", "unpause"]
    assert ended.state == "failed"
    assert ended.failed_tasks == ("reset",)
    for line in ("passed  guard (1.5 s)", "failed  reset", "not run load"):
        assert text.count(line) == 1
    assert ("now: reset" in text) is terminal


def test_a_run_that_nobody_asked_for_is_told(tmp_path: Any) -> None:
    _, text = play(Script({"a": "success"}, strangers=("scheduled__1",)), tmp_path)
    assert "warning: a run that nobody here asked for was started beside this one: scheduled__1" in text
    assert "old" not in text


def test_there_is_no_waiting_for_a_dead_airflow(tmp_path: Any) -> None:
    def dead() -> None:
        raise ServiceUnreachableError("airflow scheduler", "it ended with status 1.")

    with pytest.raises(ServiceUnreachableError, match="airflow scheduler"):
        watch(
            Script({"a": "running"}),  # type: ignore[arg-type]
            Night("d", "r1", results_dir=tmp_path),
            {},
            progress=Progress(Console(file=io.StringIO())),
            alive=dead,
        )
