"""``up`` and ``run`` around a workbench that only plays Airflow."""

from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local_staging.stack.processes import Program
from staging_validation.cli_commands import local
from staging_validation.errors import ConfigurationError


class Bench:
    """Starts one process, as a workbench would."""

    def __init__(self, launch: Any, root: Path) -> None:
        self.launch = launch
        self.results_dir = root / "results"
        self.seconds = {"stack": 1.0, "Airflow": 2.0}
        self.airflow = SimpleNamespace(
            base_url="http://127.0.0.1:1", password_file=root / "pw", check=lambda: None
        )

    def start(self) -> Any:
        code = "raise SystemExit('out of memory')"
        program = Program("sandbox", (sys.executable, "-c", code), self.launch.log_dir / "x.log", {})
        child = self.launch.supervisor.start(program)
        child._popen.wait(timeout=20)
        return SimpleNamespace(
            wait_for_dag=lambda dag_id, timeout_seconds: None,
            run_ids=lambda dag_id: [],
            trigger=lambda *given: None,
            unpause=lambda dag_id: None,
            run_state=lambda *given: "failed",
            tasks=lambda *given: [],
        )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "include").mkdir()
    monkeypatch.setenv("STAGING_VALIDATION_HOME", str(tmp_path))
    monkeypatch.setenv("STAGING_VALIDATION_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(local, "_workbench", lambda launch, *_, **__: Bench(launch, tmp_path))
    return tmp_path


def test_up_says_how_to_sign_in_and_stays(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert local.up() == 0
    told = capsys.readouterr().out
    assert "Airflow: http://127.0.0.1:1" in told
    assert f"the password is in {project / 'pw'}" in told
    assert json.loads((project / "build" / "stack" / "state.json").read_text())["kept"] is True
    assert local.down() == 0
    assert "Nothing was running." in capsys.readouterr().out


@pytest.mark.parametrize("keep", [False, True])
def test_a_part_that_died_during_the_run_is_told(
    project: Path, capsys: pytest.CaptureFixture[str], *, keep: bool
) -> None:
    assert local.run("d", {}, keep=keep) == 4  # no report was written
    told = capsys.readouterr().out
    assert "warning: sandbox ended during the run" in told
    assert "out of memory" in told
    assert "Time: start (side by side) stack 1 s, Airflow 2 s; run 0 s; stop 0 s" in told
    assert ("Sign in as admin" in told) is keep


def test_a_missing_installation_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *given: Any, **more: Any) -> Any:
        if name.startswith("local_staging"):
            raise ModuleNotFoundError(name=name)
        return real(name, *given, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match="The local staging is not installed"):
        local.down()
