"""The durations that Grafana computes."""

from __future__ import annotations

import pytest

from staging_validation.dashboards.intervals import compute_intervals, range_seconds_of, seconds_of
from staging_validation.errors import CheckFailedError


@pytest.mark.parametrize(
    ("range_seconds", "scrape", "minimum", "interval", "rate"),
    [
        (86400, 15, 0, 60_000, 75_000),
        (86400, 15, 300, 300_000, 315_000),
        (3600, 15, 0, 15_000, 60_000),
        (300, 1, 0, 1_000, 4_000),
        (86400 * 365 * 200, 15, 0, 31_536_000_000, 31_536_015_000),
    ],
)
def test_interval_and_rate_interval(range_seconds, scrape, minimum, interval, rate):
    found = compute_intervals(
        range_seconds=range_seconds, scrape_seconds=scrape, max_data_points=1000, min_interval_seconds=minimum
    )
    assert (found.range_ms, found.interval_ms, found.rate_interval_ms) == (
        range_seconds * 1000,
        interval,
        rate,
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), (">5m", 300), ("> 1h", 3600), ("1d", 86400), ("10ms", 0.01)]
)
def test_durations(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "5 minutes", "1h30m"])
def test_no_durations(text):
    with pytest.raises(CheckFailedError, match="is no duration"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [("now-24h", "now", 86400), ("now-1h", "now-30m", 1800), ("now-7d/d", "now/d", 604800)],
)
def test_relative_ranges(start, end, seconds):
    assert range_seconds_of(start, end) == seconds


@pytest.mark.parametrize(
    ("start", "end"), [("2026-01-01", "now"), ("now", "now"), ("now", "now-1h"), ("now-x", "now")]
)
def test_no_ranges(start, end):
    with pytest.raises(CheckFailedError):
        range_seconds_of(start, end)
