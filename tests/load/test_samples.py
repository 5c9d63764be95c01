"""The figures that sum up what was measured."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from staging_validation.load.samples import (
    BOUNDS_MS,
    Sample,
    achieved_rate,
    histogram,
    percentile,
    percentiles,
)


def at(due, woke=None, done=None):
    return Sample("evt", due, due if woke is None else woke, due if done is None else done, good=True)


def test_latency_counts_from_the_intended_moment():
    sample = at(1.0, woke=1.3, done=1.5)
    assert round(sample.latency_ms) == 500
    assert round(sample.lag_ms) == 300


def test_percentiles_are_values_that_occurred():
    values = list(range(1, 101))
    assert [percentile(values, rank) for rank in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert percentile([7.0], 99) == 7.0
    assert percentile([], 99) == 0.0
    assert percentiles([1.0, 2.0])["max"] == 2.0


@given(st.lists(st.floats(0, 20_000), min_size=1), st.sampled_from([50, 95, 99, 100]))
def test_so_many_per_cent_are_not_above_a_percentile(values, rank):
    reached = percentile(values, rank)
    assert reached in values
    assert sum(value <= reached for value in values) >= len(values) * rank / 100


@given(st.lists(st.floats(0, 20_000), min_size=1))
def test_the_histogram_counts_every_request_once(values):
    buckets = histogram(values)
    assert sum(bucket["requests"] for bucket in buckets) == len(values)
    assert all(bool(bucket["bar"]) == bool(bucket["requests"]) for bucket in buckets)
    assert buckets[-1]["requests"] > 0


def test_a_histogram_reads_as_ranges_with_bars():
    assert histogram([1, 5, 5.1, 9000]) == [
        {"ms": "0 to 5", "requests": 2, "bar": "█" * 30},
        {"ms": "5 to 10", "requests": 1, "bar": "█" * 15},
        *(
            {"ms": f"{low} to {high}", "requests": 0, "bar": ""}
            for low, high in itertools.pairwise(BOUNDS_MS[1:])
        ),
        {"ms": "over 5000", "requests": 1, "bar": "█" * 15},
    ]


def test_a_generator_that_falls_behind_has_a_lower_rate():
    assert achieved_rate([at(0), at(1), at(2)]) == 1.0
    assert achieved_rate([at(0), at(1), at(2, woke=4)]) == 0.5
    assert achieved_rate([at(0), at(1), at(2, woke=4)], slack_seconds=2.1) == 1.0
    assert achieved_rate([at(0)]) == 1.0
    assert achieved_rate([at(0, woke=0.5), at(2)]) == 1.0, (
        "late at first, in time at the end: no rate was lost"
    )
