"""A run's results as metrics, for dashboards and for the alerts in ``include/alerts/validation.yaml``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge

from staging_validation.results.model import Kind
from staging_validation.results.outcomes import Outcome

if TYPE_CHECKING:
    from staging_validation.results.model import RunResults

OUTCOME = "staging_validation_run_outcome"
RESULTS = "staging_validation_results"
DURATION = "staging_validation_run_duration_seconds"
FINISHED = "staging_validation_run_finished_timestamp_seconds"

METRIC_NAMES = (OUTCOME, RESULTS, DURATION, FINISHED)
"""All of them. The label ``dag`` is the grouping label of the push, and so comes with every series."""

_RUN_OUTCOMES = (Outcome.PASSED, Outcome.FAILED, Outcome.ERRORED, Outcome.REFUSED)


def results_registry(results: RunResults) -> CollectorRegistry:
    """Make the metrics of a finished run.

    Args:
        results: What it found.

    Returns:
        Gauges: 1 for the run's outcome and 0 for every other; the number of results by kind and outcome, also where
        it is 0, so that a series never vanishes between two runs; the duration; the time at which it ended.
    """
    registry = CollectorRegistry(auto_describe=False)
    outcome = Gauge(OUTCOME, "1 for the outcome of the last finished run.", ["outcome"], registry=registry)
    for one in _RUN_OUTCOMES:
        outcome.labels(one.value).set(one is results.outcome)
    counts = Gauge(RESULTS, "Results of the last finished run.", ["kind", "outcome"], registry=registry)
    found = Counter((result.kind, result.outcome) for result in results.results)
    for kind in Kind:
        for one in Outcome:
            counts.labels(kind.value, one.value).set(found[kind, one])
    took = Gauge(DURATION, "How long the last finished run took.", registry=registry)
    took.set((results.finished_at - results.started_at).total_seconds())
    finished = Gauge(FINISHED, "When the last finished run ended.", registry=registry)
    finished.set(results.finished_at.timestamp())
    return registry
