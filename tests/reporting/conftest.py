"""Results to report on: one of every status, with awkward texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone

import pytest

from staging_validation.results import CheckResult, Kind, Outcome, RunResults, Severity

START = datetime(2026, 11, 24, 2, 0, tzinfo=timezone.utc)


@pytest.fixture
def gather() -> Callable[..., RunResults]:
    def make(results: Iterable[CheckResult], seconds: float = 125) -> RunResults:
        return RunResults.gather(
            "nightly-1", results, started_at=START, finished_at=START + timedelta(seconds=seconds)
        )

    return make


@pytest.fixture
def every_status() -> list[CheckResult]:
    return [
        CheckResult(
            id="guard.evidence",
            kind=Kind.GUARD,
            subject="Environment",
            outcome=Outcome.PASSED,
            evidence={
                "sources": [
                    {"source": "marker", "reading": "non-production", "because": "marked 'staging'"},
                    {"source": "stripe.key", "reading": "non-production", "required": True},
                ]
            },
        ),
        CheckResult(
            id="dashboard.panel_2",
            kind=Kind.DASHBOARD,
            subject="Panel 2 <script>alert(1)</script>",
            outcome=Outcome.ERRORED,
            actual="Prometheus: cannot be reached [Errno 111]",
            remedy="check that Prometheus runs",
            where="include/dashboards/billing.json#/panels/3",
        ),
        CheckResult(
            id="workflow.w01_signup.onboard.customer",
            kind=Kind.WORKFLOW,
            subject="w01-x-1@test.example.com: customers row",
            outcome=Outcome.FAILED,
            expected={"credit_balance": 5, "subscription_type": "trial"},
            actual={"credit_balance": 4, "subscription_type": "trial"},
            evidence={"ids": ["a", "b"], "empty": [], "differing_fields": ["credit_balance"]},
            remedy="compare the row",
            duration_seconds=0.25,
        ),
        CheckResult(
            id="alert.rule",
            kind=Kind.ALERT,
            subject="Alert without runbook",
            outcome=Outcome.FAILED,
            severity=Severity.WARNING,
            expected="a link",
            actual="none",
        ),
        CheckResult(
            id="load.signups",
            kind=Kind.LOAD,
            subject="Signups",
            outcome=Outcome.SKIPPED,
            evidence={"reason": "load is off"},
        ),
    ]
