"""A run's results as metrics."""

from __future__ import annotations

from staging_validation.notifications.metrics import METRIC_NAMES, results_registry
from staging_validation.results import Kind, Outcome


def test_every_outcome_and_every_kind_has_its_series(gathered, check):
    results = gathered(
        check("money.a"), check("money.b"), check("guard.c", "passed"), check("reset.d", "errored")
    )
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in results_registry(results).collect()
        for sample in metric.samples
    }
    name, counts, took, finished = METRIC_NAMES
    outcomes = {key[1]: value for key, value in samples.items() if key[0] == name}
    assert outcomes == {"passed": 0, "failed": 1, "errored": 0, "refused": 0}
    assert samples[counts, "money", "failed"] == 2
    assert samples[counts, "guard", "passed"] == 1
    assert samples[counts, "money", "passed"] == 0
    assert sum(1 for key in samples if key[0] == counts) == len(Kind) * len(Outcome)
    assert samples[(took,)] == 75
    assert samples[(finished,)] == results.finished_at.timestamp()
