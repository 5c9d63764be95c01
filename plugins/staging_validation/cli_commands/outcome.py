"""What a run found: read from its report, printed, copied to where people look, turned into an exit status."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from staging_validation.results import RunResults
from staging_validation.results.outcomes import CRASH_EXIT_STATUS

if TYPE_CHECKING:
    from rich.console import Console

    from staging_validation.cli_commands.night import EndedNight

_DATA = "results.json"
_PAGE = "index.html"


def read_results(ended: EndedNight) -> RunResults | None:
    """Return the results that the run's report task wrote, or None when it wrote none that can be read."""
    try:
        return RunResults.model_validate_json((ended.night.report_dir / _DATA).read_bytes())
    except (OSError, ValidationError):
        return None


def exit_status(ended: EndedNight) -> int:
    """Return the exit status: the outcome's, or that of a crash when the run does not bear its results out."""
    results = read_results(ended)
    if results is None:
        return CRASH_EXIT_STATUS
    status = results.outcome.exit_status
    return CRASH_EXIT_STATUS if status == 0 and ended.state != "success" else status


def show(console: Console, ended: EndedNight, *, report_dir: Path) -> None:
    """Print the results and copy the report.

    Args:
        console: Where to print.
        ended: The run.
        report_dir: Receives ``index.html`` and ``results.json``; former ones go.
    """
    from staging_validation.reporting import results_table, summary_line

    shutil.rmtree(report_dir, ignore_errors=True)
    results = read_results(ended)
    if results is None:
        console.print(
            f"The run ended as {ended.state} without a readable report in {ended.night.report_dir}. "
            f"{_blame(ended)}",
            style="red",
            markup=False,
            soft_wrap=True,
        )
        return
    console.print(results_table(results))
    console.print(summary_line(results), markup=False, soft_wrap=True)
    if results.outcome.exit_status == 0 and ended.state != "success":
        console.print(
            f"Every check passed, but the run failed. {_blame(ended)}",
            style="red",
            markup=False,
            soft_wrap=True,
        )
    report_dir.mkdir(parents=True)
    for name in (_DATA, _PAGE):
        if (ended.night.report_dir / name).is_file():
            shutil.copy2(ended.night.report_dir / name, report_dir / name)
    console.print(f"Report: {report_dir / _PAGE}", markup=False, soft_wrap=True)


def _blame(ended: EndedNight) -> str:
    tasks = ", ".join(ended.failed_tasks) or "none"
    return f"Failed tasks: {tasks}. This is a bug of staging-validation; the tasks' logs are in build/stack/logs/tasks."
