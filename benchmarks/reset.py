"""The reset against its budgets, beside a script written by hand, with a million other customers around."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.figures import Figure, Say, with_time
from benchmarks.reset_database import DEPENDANTS, add_customers, copied, create, hash_people
from local_staging.stack.cache import default_cache_dir
from local_staging.stack.postgres import PostgresServer
from staging_validation.errors import ConfigurationError

TYPICAL_SECONDS = 0.25
FEW_SECONDS = 5.0
MANY_SECONDS = 60.0
TIMES_BY_HAND = 1.3
PEAK_MB = 200.0

_RUNS = 5
_HAND = Path(__file__).with_name("reset_by_hand.sql")
_PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Sizes:
    """How large the measured databases are.

    Attributes:
        typical: Other customers, and test customers, of a typical staging database.
        others: Other customers of the large database.
        polluted: Test customers of the large database: few, and many.
    """

    typical: tuple[int, int]
    others: int
    polluted: tuple[int, ...]


FULL = Sizes(typical=(5_000, 200), others=1_000_000, polluted=(100_000, 1_000_000))
SMALL = Sizes(typical=(200, 20), others=1_000, polluted=(500, 2_000))


def measure(sizes: Sizes, *, say: Say) -> list[Figure]:
    """Measure on a server of its own, which is deleted afterwards.

    Args:
        sizes: How much.
        say: Told about the progress.

    Returns:
        The figures.
    """
    tell = with_time(say)
    with tempfile.TemporaryDirectory(prefix="staging-validation-bench-") as folder:
        server = PostgresServer(Path(folder, "data"), cache_dir=default_cache_dir(os.environ), databases=())
        tell("Starting PostgreSQL")
        with server:
            return [*_typical(server, sizes, tell), *_large(server, sizes, tell)]


def _typical(server: PostgresServer, sizes: Sizes, tell: Say) -> list[Figure]:
    others, test = sizes.typical
    tell(f"A typical database: {others:,} other customers, {test:,} test customers")
    create(server, "typical")
    add_customers(server, "typical", count=others, test=False)
    add_customers(server, "typical", count=test, test=True)
    runs = []
    for _ in range(_RUNS):
        with copied(server, "typical") as dsn:
            runs.append(_reset(dsn, ceiling=test)["seconds"])
    return [Figure("ten fixtures over a typical database", min(runs), TYPICAL_SECONDS, "s")]


def _large(server: PostgresServer, sizes: Sizes, tell: Say) -> list[Figure]:
    tell(f"A large database: {sizes.others:,} other customers")
    create(server, "large")
    add_customers(server, "large", count=sizes.others, test=False)
    figures: list[Figure] = []
    there = 0
    for test, budget, runs in zip(sizes.polluted, (FEW_SECONDS, MANY_SECONDS), (3, 1), strict=True):
        tell(f"Polluting it up to {test:,} test customers with {DEPENDANTS} dependants each")
        add_customers(server, "large", count=test - there, test=True)
        there = test
        figures.extend(_compared(server, test, budget, runs, tell))
    return figures


def _compared(server: PostgresServer, test: int, budget: float, runs: int, tell: Say) -> list[Figure]:
    by_hand, resets, touched = [], [], 0
    for run in range(1, runs + 1):
        with copied(server, "large") as dsn:
            tell(f"Run {run} of {runs}: the script written by hand")
            by_hand.append(_by_hand(dsn))
        with copied(server, "large") as dsn:
            before = hash_people(dsn)
            tell(f"It took {by_hand[-1]:.2f} s; now the reset")
            done = _reset(dsn, ceiling=test)
            resets.append(done)
            tell(f"It took {done['seconds']:.2f} s and deleted {done['deleted']}")
            touched += sum(before[table] != after for table, after in hash_people(dsn).items())
    # The fastest run is the one that the rest of the machine disturbed least.
    hand, reset = min(by_hand), min(done["seconds"] for done in resets)
    name = f"{test:,} test customers"
    return [
        Figure(f"{name}: by hand", hand, None, "s"),
        Figure(f"{name}: reset", reset, budget, "s"),
        Figure(f"{name}: reset / by hand", reset / hand, TIMES_BY_HAND, "times"),
        Figure(f"{name}: memory of the process", max(done["peak_mb"] for done in resets), PEAK_MB, "MB"),
        Figure(f"{name}: tables in which others' rows changed", touched, 0, "tables"),
    ]


def _reset(dsn: str, *, ceiling: int) -> dict[str, Any]:
    environ = {**os.environ, "RESET_DSN": dsn, "RESET_MAX_CUSTOMERS": str(ceiling)}
    argv = [sys.executable, "-m", "benchmarks.reset_process"]
    ended = subprocess.run(argv, env=environ, cwd=_PROJECT, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise ConfigurationError(
            f"The measured reset ended with {ended.returncode}: {ended.stderr.strip()[-2000:]}"
        )
    said: dict[str, Any] = json.loads(ended.stdout)
    return said


def _by_hand(dsn: str) -> float:
    parts = urlsplit(dsn)
    environ = {**os.environ, "PGPASSWORD": parts.password or ""}
    address = parts._replace(netloc=f"{parts.username}@{parts.hostname}:{parts.port}").geturl()
    began = time.monotonic()
    try:
        subprocess.run(["psql", "-X", "-q", "-f", str(_HAND), address], env=environ, check=True)
    except FileNotFoundError:
        raise ConfigurationError(
            "psql is not on PATH.", remedy="install PostgreSQL's client programs"
        ) from None
    return time.monotonic() - began
