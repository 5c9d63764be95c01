"""The durations that Grafana computes for a query: range, interval and rate interval."""

from __future__ import annotations

import re
from dataclasses import dataclass

from staging_validation.errors import CheckFailedError

_UNITS = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    "M": 2592000.0,
    "y": 31536000.0,
}
_DURATION = re.compile(r"(\d+)(ms|[smhdwMy])$")
_RELATIVE = re.compile(r"now(?:-(\w+))?(?:/[smhdwMy])?$")

_STEPS_MS = (
    (10, 1), (15, 10), (35, 20), (75, 50), (150, 100), (350, 200), (750, 500), (1500, 1000), (3500, 2000),
    (7500, 5000), (12500, 10000), (17500, 15000), (25000, 20000), (45000, 30000), (90000, 60000),
    (210000, 120000), (450000, 300000), (750000, 600000), (1050000, 900000), (1500000, 1200000),
    (2700000, 1800000), (5400000, 3600000), (9000000, 7200000), (16200000, 10800000), (32400000, 21600000),
    (86400000, 43200000), (604800000, 86400000), (1814400000, 604800000), (3628800000, 2592000000),
)  # fmt: skip
"""Below which raw interval Grafana takes which round one (Grafana source, ``roundInterval``)."""


@dataclass(frozen=True)
class Intervals:
    """The durations of one query, in milliseconds.

    Attributes:
        range_ms: The time range: ``$__range``.
        interval_ms: The step: ``$__interval``.
        rate_interval_ms: A window that holds at least four scrapes: ``$__rate_interval``.
    """

    range_ms: int
    interval_ms: int
    rate_interval_ms: int


def compute_intervals(
    *, range_seconds: float, scrape_seconds: float, max_data_points: int, min_interval_seconds: float = 0.0
) -> Intervals:
    """Compute the durations as Grafana's Prometheus data source does (Grafana documentation, ``$__rate_interval``).

    Args:
        range_seconds: The time range.
        scrape_seconds: The scrape interval, or the target's own minimum step.
        max_data_points: The most points the panel asks for.
        min_interval_seconds: The panel's minimum step.

    Returns:
        The durations.
    """
    raw = range_seconds * 1000 / max_data_points
    rounded = next((step for below, step in _STEPS_MS if raw < below), 31_536_000_000)
    interval = max(rounded, round(max(min_interval_seconds, scrape_seconds) * 1000))
    scrape = round(scrape_seconds * 1000)
    return Intervals(round(range_seconds * 1000), interval, max(interval + scrape, 4 * scrape))


def seconds_of(duration: str) -> float:
    """Return the seconds of a duration such as ``5m`` or ``>5m`` (Grafana writes a lower bound so).

    Raises:
        CheckFailedError: It is no duration.
    """
    match = _DURATION.match(duration.strip().lstrip(">").strip())
    if match is None:
        raise CheckFailedError(
            f"{duration!r} is no duration such as 5m.", remedy="write it like 30s, 5m or 24h"
        )
    return int(match[1]) * _UNITS[match[2]]


def range_seconds_of(time_from: str, time_to: str) -> float:
    """Return the seconds between two relative times such as ``now-24h`` and ``now``.

    Raises:
        CheckFailedError: One is not relative to now, or the range is empty.
    """
    length = _before_now(time_from) - _before_now(time_to)
    if length <= 0:
        raise CheckFailedError(f"The time range from {time_from} to {time_to} is empty.")
    return length


def _before_now(time: str) -> float:
    match = _RELATIVE.match(time.strip())
    if match is None:
        raise CheckFailedError(
            f"The time {time!r} is not relative to now, so the range always ends at the same moment.",
            remedy="use a relative time range such as now-24h to now",
        )
    return seconds_of(match[1]) if match[1] else 0.0


def duration_text(milliseconds: int) -> str:
    """Write a duration as PromQL has it."""
    return f"{milliseconds // 1000}s" if milliseconds % 1000 == 0 else f"{milliseconds}ms"
