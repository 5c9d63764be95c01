"""The benchmark in its quick form: it measures, tells, keeps what it measured, and fails when a budget is missed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import __main__ as command
from benchmarks import reset
from benchmarks.figures import Figure, report
from staging_validation.errors import ConfigurationError

PROJECT = Path(__file__).resolve().parents[2]


def test_the_quick_form_keeps_every_budget_that_does_not_depend_on_the_size(tmp_path):
    small = ["reset", "--small", "--others", "300", "--polluted", "100", "300", "--keep", str(tmp_path)]
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", *small],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    told = json.loads((tmp_path / "reset.json").read_text())
    figures = {figure["name"]: figure for figure in told["figures"]}
    # At this size the time of a run is noise, and so is the relation of two of them.
    exact = [name for name in figures if "memory" in name or "tables" in name]
    assert len(exact) == 4
    assert all(figures[name]["kept"] for name in exact), ended.stdout + ended.stderr
    assert figures["300 test customers: by hand"]["budget"] is None
    assert figures["300 test customers: reset"]["budget"] == reset.MANY_SECONDS
    assert told["cores"] >= 1
    assert ended.returncode == (0 if all(figure["kept"] for figure in figures.values()) else 1)
    assert "Run 3 of 3: the script written by hand" in ended.stdout


@pytest.mark.parametrize(
    ("value", "budget", "status", "says"),
    [(1.0, 1.0, 0, "All budgets are kept"), (1.01, 1.0, 1, "Budgets missed: it"), (9.0, None, 0, "kept")],
)
def test_a_missed_budget_fails(tmp_path, value, budget, status, says):
    console = Console(record=True, width=100)
    assert report([Figure("it", value, budget, "s")], console, tmp_path / "new" / "it.json") == status
    assert says in console.export_text()
    kept = json.loads((tmp_path / "new" / "it.json").read_text())
    assert kept["figures"][0]["kept"] is (status == 0)


def test_the_full_sizes_are_those_of_the_budgets():
    assert reset.FULL.others == 1_000_000
    assert reset.FULL.polluted == (100_000, 1_000_000)
    budgets = (
        reset.TYPICAL_SECONDS,
        reset.FEW_SECONDS,
        reset.MANY_SECONDS,
        reset.TIMES_BY_HAND,
        reset.PEAK_MB,
    )
    assert budgets == (0.25, 5.0, 60.0, 1.3, 200.0)


def test_a_measured_reset_that_fails_is_an_error(monkeypatch):
    monkeypatch.setattr(
        reset.subprocess, "run", lambda *given, **options: subprocess.CompletedProcess([], 1, "", "it broke")
    )
    with pytest.raises(ConfigurationError, match="ended with 1: it broke"):
        reset._reset("postgresql://nobody@127.0.0.1:1/x", ceiling=1)


def test_a_missing_psql_is_named(monkeypatch):
    def missing(*given, **options):
        raise FileNotFoundError

    monkeypatch.setattr(reset.subprocess, "run", missing)
    with pytest.raises(ConfigurationError, match="psql is not on PATH"):
        reset._by_hand("postgresql://nobody:secret@127.0.0.1:1/x")


def test_an_interrupted_benchmark_says_so(monkeypatch, tmp_path, capsys):
    handlers = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]

    def interrupted(sizes, *, say):
        raise KeyboardInterrupt

    monkeypatch.setattr(reset, "measure", interrupted)
    try:
        assert command.main(["reset", "--keep", str(tmp_path)]) == 130
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)
    assert "nothing was left behind" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
