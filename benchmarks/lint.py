"""Measures ``lint``: a cold process over many dashboards, how its time grows, and its memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.lint_dashboards import write_dashboards

_SECONDS = 1.5
_MEGABYTES = 200.0
_GROWTH = 1.15
"""Twice the dashboards may take twice the time beside the start, and 15 % more."""

_CATALOGUE = Path(__file__).resolve().parents[1] / "include" / "telemetry"


@dataclass(frozen=True)
class Sizes:
    """What is measured.

    Attributes:
        dashboards: The numbers of dashboards, ascending, each twice the one before.
        repetitions: How often each is measured; the median counts.
    """

    dashboards: tuple[int, ...]
    repetitions: int


FULL = Sizes((15, 30, 60), 7)
SMALL = Sizes((2, 4), 1)


@dataclass(frozen=True)
class _Cost:
    """What one process took.

    Attributes:
        seconds: From its start to its end; of several the median.
        megabytes: Its memory at most.
        least: The seconds of the fastest: what the growth is told from, because a busy machine only adds.
    """

    seconds: float
    megabytes: float
    least: float


def measure(sizes: Sizes, *, say: Callable[[str], object]) -> list[Figure]:
    """Measure.

    Args:
        sizes: How many dashboards, how often.
        say: Is told what is being done.

    Returns:
        The figures.
    """
    figures = []
    best = []
    with tempfile.TemporaryDirectory(prefix="staging-validation-lint-") as name:
        empty = Path(name, "empty")
        write_dashboards(empty, 1)
        alone = _cost(empty, sizes.repetitions)
        figures.append(Figure("lint: a cold process over 1 dashboard", alone.seconds, None, "s"))
        for count in sizes.dashboards:
            folder = Path(name, str(count))
            queries = write_dashboards(folder, count)
            say(f"lint: {count} dashboards, {queries} queries, {sizes.repetitions} times")
            cost = _cost(folder, sizes.repetitions)
            best.append(cost.least - alone.least)
            last = count == sizes.dashboards[-1]
            told = f"lint: a cold process over {count} dashboards, {queries} queries"
            figures.append(Figure(told, cost.seconds, _SECONDS if last else None, "s"))
            if last:
                figures.append(Figure("lint: memory of that process", cost.megabytes, _MEGABYTES, "MB"))
    growth = best[-1] / (2 * max(best[-2], 1e-9))
    figures.append(Figure("lint: growth from half the dashboards to all", growth, _GROWTH, "times linear"))
    return figures


def _cost(folder: Path, repetitions: int) -> _Cost:
    runs = [_run(folder) for _ in range(repetitions)]
    times = [seconds for seconds, _ in runs]
    return _Cost(statistics.median(times), max(megabytes for _, megabytes in runs), min(times))


def _run(folder: Path) -> tuple[float, float]:
    """Return the seconds and megabytes of one process."""
    command = [
        sys.executable,
        "-m",
        "staging_validation.cli",
        "lint",
        str(folder),
        "--catalogue",
        str(_CATALOGUE),
    ]
    # A process that may not keep its byte code compiles everything each time, as nobody's does.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)} ended with status {process.returncode}")
    return seconds, usage.ru_maxrss / 1024
