"""Runs of synthetic telemetry that are as large as a measurement wants them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from staging_validation.telemetry import Catalogue, RunPlan, expected_samples, plan_run
from staging_validation.telemetry.model import SyntheticEvent

_CUSTOMER = "customer_id"


def grown(catalogue: Catalogue, run_id: str, series: int) -> tuple[RunPlan, Catalogue]:
    """Plan a run with at least so many series: the shipped traffic, of as many customers as that takes.

    Args:
        catalogue: The shipped catalogue.
        run_id: The run's id.
        series: How many series the run has at least, each bucket counted.

    Returns:
        The plan, and the catalogue it was made from.
    """
    one, two = (_series(copies, run_id, catalogue) for copies in (1, 2))
    # Each copy adds as many as the second one did; what knows no customer is there once.
    copies = 1 + max(0, -(-(series - one) // (two - one)))
    copied = _copied(catalogue, copies)
    return plan_run(run_id, copied), copied


def _series(copies: int, run_id: str, catalogue: Catalogue) -> int:
    copied = _copied(catalogue, copies)
    return len(expected_samples(plan_run(run_id, copied), copied))


def _copied(catalogue: Catalogue, copies: int) -> Catalogue:
    """Return the catalogue with the customers' traffic several times, each time of other customers."""
    rows = tuple(row for copy in range(copies) for row in _rows(catalogue, copy))
    return replace(catalogue, synthetic_events=rows)


def _rows(catalogue: Catalogue, copy: int) -> Iterator[SyntheticEvent]:
    for row in catalogue.synthetic_events:
        if copy == 0:
            yield row
        elif _CUSTOMER in row.labels:
            labels = {**row.labels, _CUSTOMER: f"{row.labels[_CUSTOMER]}_{copy}"}
            yield row.model_copy(update={"labels": labels})
