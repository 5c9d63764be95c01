from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from staging_validation.notifications import Links, RunName
from staging_validation.results import CheckResult, Kind, Outcome, RunResults

STARTED = datetime(2026, 11, 24, 2, 0, tzinfo=timezone.utc)


@pytest.fixture
def run():
    return RunName("staging_nightly", "scheduled__2026-11-24T02:00:00+00:00", "nightly-3fa9c1d2e4b5")


@pytest.fixture
def links():
    return Links(
        airflow_run="https://airflow.example.com/dags/x/runs/y", report="https://reports.example.com/r"
    )


@pytest.fixture
def check():
    """Make a result."""

    def make(name="money.balance", outcome="failed", **fields):
        fields = {"expected": "19.00", "actual": "18.00", "subject": "customer 7"} | fields
        if outcome == "skipped":
            fields.setdefault("evidence", {"reason": "not asked"})
        return CheckResult(id=name, kind=Kind(name.partition(".")[0]), outcome=Outcome(outcome), **fields)

    return make


@pytest.fixture
def gathered():
    """Gather results to a run of 75 seconds."""

    def gather(*results):
        return RunResults.gather(
            "nightly-3fa9c1d2e4b5",
            results,
            started_at=STARTED,
            finished_at=STARTED + timedelta(seconds=75),
        )

    return gather
