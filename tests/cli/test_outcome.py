from __future__ import annotations

import io
from datetime import datetime, timezone
from pathlib import Path

import pytest
from rich.console import Console

from staging_validation.cli_commands.night import EndedNight, Night
from staging_validation.cli_commands.outcome import exit_status, read_results, show
from staging_validation.clients.report_files import write_report
from staging_validation.results import CheckResult, Kind, Outcome, RunResults


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return Night("staging_nightly", "local__1", results_dir=tmp_path / "results")


def ended(night: Night, state: str = "success", *, failed: tuple[str, ...] = ()) -> EndedNight:
    return EndedNight(night, state, failed, 1.0)


def report(night: Night, outcome: Outcome) -> None:
    now = datetime.now(timezone.utc)
    result = CheckResult(id="guard.marker", kind=Kind.GUARD, subject="[the marker]", outcome=outcome)
    results = RunResults.gather("nightly-1", [result], started_at=now, finished_at=now)
    write_report(results, night.report_dir)


def shown(run: EndedNight, folder: Path) -> str:
    console = Console(file=io.StringIO(), width=120)
    show(console, run, report_dir=folder)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("outcome", "state", "status"),
    [
        (Outcome.PASSED, "success", 0),
        (Outcome.FAILED, "failed", 1),
        (Outcome.ERRORED, "failed", 2),
        (Outcome.REFUSED, "failed", 3),
        # A run that failed although nothing was found is a bug, and so is the reverse of no harm.
        (Outcome.PASSED, "failed", 4),
        (Outcome.FAILED, "success", 1),
    ],
)
def test_the_exit_status_is_the_outcomes(night: Night, outcome: Outcome, state: str, status: int) -> None:
    report(night, outcome)
    assert exit_status(ended(night, state)) == status


def test_the_report_is_shown_and_copied(night: Night, tmp_path: Path) -> None:
    report(night, Outcome.FAILED)
    folder = tmp_path / "build" / "report"
    folder.mkdir(parents=True)
    (folder / "old.html").write_text("of the night before")
    text = shown(ended(night, "failed"), folder)
    assert "guard.marker" in text
    assert "[the marker]" in text
    assert "FAILED: 1 failed" in text
    assert f"Report: {folder / 'index.html'}" in text
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "results.json"]


@pytest.mark.parametrize("content", [None, "{"])
def test_a_missing_report_is_a_crash(night: Night, tmp_path: Path, content: str | None) -> None:
    if content:
        night.report_dir.mkdir(parents=True)
        (night.report_dir / "results.json").write_text(content)
    run = ended(night, "failed", failed=("reset [1]", "report"))
    assert read_results(run) is None
    assert exit_status(run) == 4
    text = shown(run, tmp_path / "report")
    assert "without a readable report" in text
    assert "Failed tasks: reset [1], report" in text
    assert not (tmp_path / "report").exists()


def test_a_failed_run_with_a_green_report_is_told(night: Night, tmp_path: Path) -> None:
    report(night, Outcome.PASSED)
    assert "Every check passed, but the run failed. Failed tasks: none" in shown(
        ended(night, "failed"), tmp_path / "report"
    )
