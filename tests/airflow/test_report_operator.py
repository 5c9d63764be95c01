"""The report accounts for every task: those that left results, those that did not run and those that died."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from types import SimpleNamespace

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException

from staging_validation.airflow.operators.base import ValidationOperator
from staging_validation.airflow.operators.report import ReportOperator
from staging_validation.clients.result_store import ResultStore
from staging_validation.results import CheckResult, Kind, Outcome
from staging_validation.run_id import validation_run_id

DAG_ID = "staging_sample"
NAME = validation_run_id(DAG_ID, "manual__1")


class Reset(ValidationOperator):
    """Stands for a step; it is never executed here."""

    kind = Kind.RESET

    def __init__(self, *, file="", **kwargs):
        super().__init__(**kwargs)
        self.file = file

    def check(self, context, run):
        raise AssertionError("not executed")


class Guard(Reset):
    """A step of another job."""

    kind = Kind.GUARD


@pytest.fixture
def report(tmp_path, monkeypatch):
    """Run a report over two plain tasks and a mapped one, given their states and their kept results."""
    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL", str(tmp_path))
    with DAG(DAG_ID, schedule=None) as dag:
        Reset(task_id="reset_staging")
        Reset.partial(task_id="each").expand(file=["a", "b"])
        Guard(task_id="env_guard")
        operator = ReportOperator(task_id="report")
    folder = tmp_path / DAG_ID / NAME

    def run(states, **kept):
        for task, results in kept.items():
            ResultStore(folder / "tasks").save(task, results)
        states = {"report": "running", **states}
        context = {
            "dag": dag,
            "dag_run": SimpleNamespace(
                dag_id=DAG_ID, run_id="manual__1", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)
            ),
            "ti": SimpleNamespace(
                dag_id=DAG_ID, run_id="manual__1", get_task_states=lambda **_: {"manual__1": states}
            ),
        }
        try:
            return operator.execute(context)
        finally:
            run.results = json.loads((folder / "results.json").read_text())

    return run


def passed(check, kind=Kind.RESET):
    return [CheckResult(id=check, kind=kind, subject="x", outcome=Outcome.PASSED)]


GREEN = {"reset_staging": "success", "each_0": "success", "each_1": "success", "env_guard": "success"}
ALL_KEPT = {
    "reset_staging": passed("reset.all"),
    "each__0": passed("reset.a"),
    "each__1": passed("reset.b"),
    "env_guard": passed("guard.verdict", Kind.GUARD),
}


def outcomes(report):
    results = report.results["results"]
    return {result["id"]: result["outcome"] for result in results if result["kind"] != "notification"}


def test_all_results_in_the_order_of_the_jobs(report):
    value = report(GREEN, **ALL_KEPT)
    assert value["outcome"] == "passed"
    assert list(outcomes(report)) == ["guard.verdict", "reset.all", "reset.a", "reset.b"]
    assert report.results["run_id"] == NAME


def test_a_failed_check_fails_the_run_and_is_named(report):
    failed = [CheckResult(id="reset.b", kind=Kind.RESET, subject="b", outcome=Outcome.FAILED, actual="wrong")]
    with pytest.raises(AirflowFailException, match=r"failed: reset\.b \(b\): wrong"):
        report(GREEN, **{**ALL_KEPT, "each__1": failed})
    assert report.results["outcome"] == "failed"


def test_a_task_that_died_without_results_makes_the_run_errored(report):
    kept = {task: results for task, results in ALL_KEPT.items() if task != "each__1"}
    with pytest.raises(AirflowFailException, match="the task ended as failed"):
        report({**GREEN, "each_1": "failed"}, **kept)
    assert report.results["outcome"] == "errored"


def test_a_task_that_says_success_without_results_is_not_believed(report):
    kept = {task: results for task, results in ALL_KEPT.items() if task != "reset_staging"}
    with pytest.raises(AirflowFailException, match="the task ended as success"):
        report(GREEN, **kept)


def test_tasks_that_were_not_run_are_skipped_with_the_reason(report):
    refused = [CheckResult(id="guard.verdict", kind=Kind.GUARD, subject="x", outcome=Outcome.REFUSED)]
    states = {"env_guard": "failed", "reset_staging": "upstream_failed", "each": "upstream_failed"}
    with pytest.raises(AirflowFailException, match="refused"):
        report(states, env_guard=refused)
    assert outcomes(report) == {
        "guard.verdict": "refused",
        "reset.reset_staging": "skipped",
        "reset.each": "skipped",
    }


def test_a_task_that_was_never_scheduled_is_errored(report):
    with pytest.raises(AirflowFailException, match="never scheduled"):
        report({"env_guard": "success"}, env_guard=passed("guard.verdict", Kind.GUARD))


def test_without_the_guards_consent_no_metric_is_pushed_and_the_report_says_so(report):
    report(GREEN, **ALL_KEPT)
    *_, last = report.results["results"]
    assert (last["id"], last["outcome"]) == ("notification.metrics", "skipped")
    assert "guard" in last["evidence"]["reason"]
    assert report.results["outcome"] == "passed"


def test_a_report_that_cannot_be_written_again_stays_as_it_is(report, monkeypatch):
    from staging_validation.clients import report_files
    from staging_validation.errors import ConfigurationError

    written = []

    def once(results, folder, write=report_files.write_report):
        if written:
            raise ConfigurationError("no space left")
        written.append(results)
        return write(results, folder)

    monkeypatch.setattr(report_files, "write_report", once)
    assert report(GREEN, **ALL_KEPT)["outcome"] == "passed"
    assert len(report.results["results"]) == 4


def test_nothing_but_skipped_stays_failed_whatever_became_of_messages(report):
    skipped = [
        CheckResult(
            id="reset.x", kind=Kind.RESET, subject="x", outcome=Outcome.SKIPPED, evidence={"reason": "y"}
        )
    ]
    with pytest.raises(AirflowFailException, match="nothing was checked"):
        report(GREEN, **dict.fromkeys(ALL_KEPT, skipped))
    assert report.results["outcome"] == "failed"


def test_more_than_ten_mapped_tasks_stay_in_order(report):
    states = {"env_guard": "success", "reset_staging": "success"}
    states |= {f"each_{index}": "success" for index in range(12)}
    kept = {f"each__{index}": passed(f"reset.n{index}") for index in range(12)}
    report(states, **{**ALL_KEPT, **kept})
    mapped = [name for name in outcomes(report) if name.startswith("reset.n")]
    assert mapped == [f"reset.n{index}" for index in range(12)]
