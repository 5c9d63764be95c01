"""A run's telemetry against its budgets: built and pushed beside a plain PUT, and ten thousand series verified."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Say, with_time
from campaigns.telemetry_monitoring import Monitoring, private_monitoring
from staging_validation.errors import ConfigurationError

TIMES_BY_PUT = 5.0
PUSH_MS = 150.0
VERIFY_SECONDS = 3.0
PEAK_MB = 200.0

_PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Sizes:
    """How large the measured runs are, and how often each is measured.

    Attributes:
        pushed: Lines of the large run that is pushed, without comments.
        verified: Series of the run that is verified.
        pushes: How many pushes of the shipped run, and half as many of the large one.
        verifications: How many verifications.
    """

    pushed: int
    verified: int
    pushes: int
    verifications: int


FULL = Sizes(pushed=5_000, verified=10_000, pushes=100, verifications=7)
SMALL = Sizes(pushed=600, verified=900, pushes=10, verifications=3)


def measure(sizes: Sizes, *, say: Say) -> list[Figure]:
    """Measure with a Pushgateway and a Prometheus of one's own, which are gone afterwards.

    Args:
        sizes: How much.
        say: Told about the progress.

    Returns:
        The figures.
    """
    tell = with_time(say)
    tell("Starting a Pushgateway and a Prometheus")
    with private_monitoring() as place:
        return [
            *_pushed(place, 0, sizes.pushes, None, tell),
            *_pushed(place, sizes.pushed, sizes.pushes // 2, PUSH_MS, tell),
            *_verified(place, sizes, tell),
        ]


def _pushed(place: Monitoring, lines: int, times: int, budget: float | None, tell: Say) -> list[Figure]:
    tell(f"Pushing {f'at least {lines:,} lines' if lines else 'the shipped run'}, {times} times")
    done = _process("push", lines, times, place)
    tell(f"{done['lines']:,} lines ({done['bytes']:,} bytes): {done['pushed_ms']:.1f} ms")
    name = f"{done['lines']:,} lines" if lines else f"the shipped run's {done['lines']:,} lines"
    return [
        Figure(f"{name}: PUT", done["put_ms"], None, "ms"),
        Figure(f"{name}: built and pushed", done["pushed_ms"], budget, "ms"),
        Figure(f"{name}: built and pushed / PUT", done["times"], TIMES_BY_PUT, "times"),
    ]


def _verified(place: Monitoring, sizes: Sizes, tell: Say) -> list[Figure]:
    tell(f"Verifying at least {sizes.verified:,} series, {sizes.verifications} times")
    done = _process("verify", sizes.verified, sizes.verifications, place)
    tell(f"{done['series']:,} series: {done['seconds']:.2f} s")
    name = f"{done['series']:,} series"
    return [
        Figure(f"{name}: verified", done["seconds"], VERIFY_SECONDS, "s"),
        Figure(f"{name}: missing, extra or different", done["wrong"], 0, "series"),
        Figure(f"{name}: memory of the process", done["peak_mb"], PEAK_MB, "MB"),
    ]


def _process(what: str, series: int, times: int, place: Monitoring) -> dict[str, Any]:
    """Measure in a process of its own, so that its peak of memory is that of one measurement."""
    argv = [sys.executable, "-m", "benchmarks.telemetry_process", what, str(series), str(times)]
    argv += [place.gateway_url, place.prometheus_url]
    ended = subprocess.run(argv, env=os.environ, cwd=_PROJECT, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise ConfigurationError(
            f"The measuring process ended with {ended.returncode}: {ended.stderr.strip()[-2000:]}"
        )
    said: dict[str, Any] = json.loads(ended.stdout)
    return said
