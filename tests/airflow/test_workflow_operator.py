"""The operator that runs a workflow: its session keeps the test clocks, for the money is reconciled after it."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from staging_validation import workflows
from staging_validation.airflow.hooks import services, stripe
from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
from staging_validation.airflow.operators.billing import RunWorkflowOperator
from staging_validation.clients import staging_session
from staging_validation.results import CheckResult, Kind, Outcome


@pytest.fixture
def opened(monkeypatch) -> list[tuple[Any, ...]]:
    """What sessions are opened with; every workflow that runs on one passes."""
    sessions: list[tuple[Any, ...]] = []

    def session(*names: str, **parts: Any) -> Any:
        sessions.append((*names, parts))
        return nullcontext()

    passed = CheckResult(
        id="workflow.w01_signup.onboard", kind=Kind.WORKFLOW, subject="x", outcome=Outcome.PASSED
    )
    monkeypatch.setattr(staging_session, "StagingSession", session)
    monkeypatch.setattr(services, "billing_api", lambda: "the API")
    monkeypatch.setattr(stripe, "stripe_api", lambda: "Stripe")
    monkeypatch.setattr(StagingPostgresHook, "session", lambda self: nullcontext("the database"))
    monkeypatch.setattr(workflows, "run_workflow", lambda workflow, staging: [passed])
    return sessions


def test_a_session_is_opened_for_workflow_and_run_and_keeps_its_clocks(opened):
    operator = RunWorkflowOperator(task_id="run_workflow", workflow="w01_signup")
    step = operator.check({}, SimpleNamespace(name="nightly-1"))
    assert [result.outcome for result in step.results] == [Outcome.PASSED]
    parts = {"api": "the API", "connection": "the database", "stripe": "Stripe", "keep_clocks": True}
    assert opened == [("w01_signup", "nightly-1", parts)]


def test_it_is_named_by_its_file():
    operator = RunWorkflowOperator(task_id="run_workflow", workflow="w20_billing_year")
    assert operator.subject == "include/workflows/w20_billing_year.py"
