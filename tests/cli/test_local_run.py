"""The command line with a real Airflow and a DAG of its own. One start serves all that needs one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from staging_validation.clients.polling import wait_for

_DAG = """
from datetime import datetime, timezone
from pathlib import Path
from airflow.sdk import Variable, dag, get_current_context, task

@dag(schedule="* * * * *", start_date=datetime(2026, 1, 1), catchup=False, params={"outcome": "passed"})
def tiny():
    @task
    def look(): ...
    @task
    def report():
        from staging_validation.clients.report_files import write_report
        from staging_validation.results import CheckResult, Kind, Outcome, RunResults
        from staging_validation.run_id import validation_run_id
        context = get_current_context()
        run, now = context["dag_run"], datetime.now(timezone.utc)
        name = validation_run_id(run.dag_id, run.run_id)
        outcome = Outcome(context["params"]["outcome"])
        result = CheckResult(id="guard.marker", kind=Kind.GUARD, subject="the marker", outcome=outcome)
        results = RunResults.gather(name, [result], started_at=now, finished_at=now)
        write_report(results, Path(Variable.get("staging_validation_results_url")) / run.dag_id / name)
        if outcome is not Outcome.PASSED:
            raise RuntimeError("not passed")
    look() >> report()
tiny()
"""
# Children of the command line are not measured: that would slow Airflow down.
_COMMAND = """
import os, sys
for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
    del os.environ[name]
from staging_validation.cli import main
sys.exit(main(sys.argv[1:]))
"""
_DEAD = '{"conn_type": "http", "host": "127.0.0.1", "port": 9}'
_PARTS = ("STAGING_POSTGRES", "STAGING_API", "PUSHGATEWAY_DEFAULT", "PROMETHEUS_DEFAULT", "STRIPE_DEFAULT")


class CommandLine:
    """The command line in a project of its own, in which all parts but Airflow are given (and dead)."""

    def __init__(self, project: Path, **environ: str) -> None:
        self.project = project
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        given = {f"AIRFLOW_CONN_{part}": _DEAD for part in _PARTS}
        self.environ = {**clean, **given, "STAGING_VALIDATION_HOME": str(project), **environ}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", _COMMAND, *arguments],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=150)
        return process.returncode, output

    def state(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((self.project / "build" / "stack" / "state.json").read_text())
        except FileNotFoundError:
            return None
        return found

    def sessions(self) -> set[int]:
        return {process["pid"] for process in (self.state() or {"processes": []})["processes"]}


def left_of(sessions: set[int]) -> list[psutil.Process]:
    def is_left(process: psutil.Process) -> bool:
        try:
            return os.getsid(process.pid) in sessions and process.status() != psutil.STATUS_ZOMBIE
        except (ProcessLookupError, psutil.NoSuchProcess):
            return False

    return [process for process in psutil.process_iter() if is_left(process)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("dags", "plugins", "include"):
        (tmp_path / folder).mkdir()
    (tmp_path / "dags" / "tiny.py").write_text(_DAG)
    settings = Path(__file__).resolve().parents[2] / "airflow_settings.yaml"
    shutil.copy(settings, tmp_path)
    return tmp_path


def test_run_keep_and_down(project: Path) -> None:
    line = CommandLine(project)
    try:
        status, output = line.run("run", "--dag", "tiny", "--conf", '{"outcome": "failed"}', "--keep")
        assert status == 1, output
        for told in (
            "Airflow is healthy",
            "passed  look",
            "failed  report",
            "FAILED: 1 failed",
            f"Report: {project}/build/report/index.html",
            "Sign in as admin",
            "Time: ",
        ):
            assert told in output
        assert "warning" not in output  # the schedule says every minute, but only our run ran
        assert (project / "build" / "report" / "results.json").is_file()
        passwords = project / "build" / "stack" / "airflow" / "simple_auth_manager_passwords.json"
        assert passwords.stat().st_mode & 0o777 == 0o600
        sessions = line.sessions()
        assert len(sessions) == 5
        assert len(left_of(sessions)) >= 5

        status, output = line.run("run", "--dag", "tiny")
        assert status == 2
        assert "left running on purpose" in output
        assert left_of(sessions)
    finally:
        status, output = line.run("down")
    assert status == 0
    assert "Ended " in output
    assert left_of(sessions) == []
    assert line.state() is None
    assert line.run("down") == (0, "Nothing was running.\n")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_start_leaves_nothing(project: Path, number: signal.Signals, status: int) -> None:
    line = CommandLine(project)
    process = line.start("up")
    sessions = wait_for("a process", lambda: line.sessions() or None, timeout_seconds=60)
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == status
    assert "everything that was started has been ended" in output
    assert left_of(sessions) == []
    assert line.state() is None


def test_a_part_that_cannot_be_had_is_an_error_with_advice(project: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "apt-get").write_text("#!/bin/sh\necho 'Temporary failure resolving'; exit 100\n")
    (tools / "apt-get").chmod(0o755)
    line = CommandLine(
        project,
        PATH=f"{tools}:/bin",
        STAGING_VALIDATION_CACHE=str(tmp_path / "cache"),
        AIRFLOW_CONN_PUSHGATEWAY_DEFAULT="",
    )
    status, output = line.run("run")
    assert status == 2
    assert "pushgateway is not on PATH" in output
    assert "AIRFLOW_CONN_PUSHGATEWAY_DEFAULT" in output
    assert line.state() is None


def test_results_that_nobody_here_can_read_are_an_error(project: Path) -> None:
    line = CommandLine(project, AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL="s3://bucket/results")
    status, output = line.run("run")
    assert status == 2
    assert "names s3:// storage" in output
