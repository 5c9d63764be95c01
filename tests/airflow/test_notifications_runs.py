"""Runs of a DAG as the package makes them, with real receivers: who is told what, and how often."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.airflow.planned import PLAN_VARIABLE, known_to_airflow, planned_dag, run_quickly
from tests.notifications.receivers import HttpReceiver, MailServer, http_receiver, mail_server

pytestmark = pytest.mark.timeout(180)

DAG_ID = "staging_planned"
TO = "night@test.example.com"

# What goes wrong, and the run's outcome.
FAILURES: dict[str, tuple[dict[str, str], str]] = {
    "guard refused": ({"env_guard": "refused"}, "refused"),
    "guard errored": ({"env_guard": "errored"}, "errored"),
    "guard failed": ({"env_guard": "failed"}, "failed"),
    "guard killed": ({"env_guard": "killed"}, "errored"),
    "guard skipped": ({"env_guard": "skipped"}, "failed"),
    "step failed": ({"reset": "failed"}, "failed"),
    "step errored": ({"reset": "errored"}, "errored"),
    "step refused": ({"reset": "refused"}, "refused"),
    "step killed": ({"reset": "killed"}, "errored"),
    "first mapped failed": ({"workflow.a": "failed"}, "failed"),
    "first mapped errored": ({"workflow.a": "errored"}, "errored"),
    "first mapped refused": ({"workflow.a": "refused"}, "refused"),
    "first mapped killed": ({"workflow.a": "killed"}, "errored"),
    "second mapped failed": ({"workflow.b": "failed"}, "failed"),
    "second mapped errored": ({"workflow.b": "errored"}, "errored"),
    "second mapped refused": ({"workflow.b": "refused"}, "refused"),
    "second mapped killed": ({"workflow.b": "killed"}, "errored"),
    "both mapped failed": ({"workflow.a": "failed", "workflow.b": "failed"}, "failed"),
    "both mapped errored": ({"workflow.a": "errored", "workflow.b": "errored"}, "errored"),
    "both mapped refused": ({"workflow.a": "refused", "workflow.b": "refused"}, "refused"),
    "both mapped killed": ({"workflow.a": "killed", "workflow.b": "killed"}, "errored"),
    "one skipped, one failed": ({"workflow.a": "skipped", "workflow.b": "failed"}, "failed"),
    "one skipped, one killed": ({"workflow.a": "skipped", "workflow.b": "killed"}, "errored"),
    "one errored, one failed": ({"workflow.a": "errored", "workflow.b": "failed"}, "failed"),
    "one killed, one refused": ({"workflow.a": "killed", "workflow.b": "refused"}, "refused"),
    "step and mapped failed": ({"reset": "failed", "workflow.b": "failed"}, "failed"),
    "step killed, mapped failed": ({"reset": "killed", "workflow.a": "failed"}, "failed"),
    "all of them failed": ({"reset": "failed", "workflow.a": "failed", "workflow.b": "failed"}, "failed"),
    "all of them killed": ({"reset": "killed", "workflow.a": "killed", "workflow.b": "killed"}, "errored"),
    "one of each": ({"reset": "errored", "workflow.a": "failed", "workflow.b": "refused"}, "refused"),
}


@dataclass
class Runs:
    """Runs the DAG, and knows the receivers."""

    dag: Any
    plan: Path
    results: Path
    mail: MailServer
    hook: HttpReceiver

    def run(self, **plan: Any) -> Any:
        self.plan.write_text(json.dumps(plan))
        return run_quickly(self.dag)

    def report(self, dag_run: Any) -> dict[str, Any]:
        from staging_validation.run_id import validation_run_id

        folder = self.results / DAG_ID / validation_run_id(DAG_ID, dag_run.run_id)
        return json.loads((folder / "results.json").read_text())


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    from airflow.utils.db import initdb

    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch, mail_server() as mail, http_receiver() as hook:
        (folder / "no_dags").mkdir()
        initdb()
        patch.setenv(PLAN_VARIABLE, str(folder / "plan.json"))
        patch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL", str(folder / "results"))
        patch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_EMAIL_TO", TO)
        patch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", mail.connection())
        patch.setenv("AIRFLOW_CONN_VALIDATION_WEBHOOK", json.dumps({"conn_type": "http", "host": hook.url}))
        dag = planned_dag(DAG_ID, patch)
        known_to_airflow(dag, patch, folder / "no_dags")
        yield Runs(dag, folder / "plan.json", folder / "results", mail, hook)


@pytest.fixture(autouse=True)
def empty(runs):
    forget(runs)


def forget(runs):
    """Forget what the receivers have received."""
    for kept in (runs.mail.mails, runs.mail.envelopes, runs.hook.posts, runs.hook.requests):
        kept.clear()


def test_there_are_thirty_different_failures():
    assert len({json.dumps(plan, sort_keys=True) for plan, _ in FAILURES.values()}) == 30


def test_a_clean_streak_is_silent(runs):
    assert str(runs.run().state) == "success"  # what an earlier test left open is over now
    forget(runs)
    memory = runs.results / DAG_ID / "notified.json"
    before = memory.read_text() if memory.exists() else None
    for _ in range(2):
        assert str(runs.run().state) == "success"
    assert (runs.mail.mails, runs.hook.posts) == ([], [])
    assert (memory.read_text() if memory.exists() else None) == before


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_is_told_once_and_so_is_its_recovery(runs, failure):
    plan, outcome = FAILURES[failure]
    failed = runs.run(**plan)
    assert str(failed.state) == "failed"
    green = runs.run()
    assert str(green.state) == "success"
    told = [(post["event"], post["outcome"], post["airflow_run_id"]) for post in runs.hook.posts]
    assert told == [("not_green", outcome, failed.run_id), ("recovered", "passed", green.run_id)]
    first, second = (mail["Subject"] for mail in runs.mail.mails)
    assert f"{DAG_ID} {outcome}" in first
    assert f"{DAG_ID} has recovered" in second
    assert runs.mail.envelopes == [[TO], [TO]]


def messages(report):
    return {result["id"]: result for result in report["results"] if result["kind"] == "notification"}


def test_a_delivery_that_fails_is_tried_again_shown_in_the_report_and_changes_no_outcome(runs):
    runs.hook.statuses = [500, 500, 500]
    failed = runs.run(reset="failed")
    report = runs.report(failed)
    assert (str(failed.state), report["outcome"]) == ("failed", "failed")
    shown = messages(report)
    webhook = shown["notification.webhook"]
    assert (webhook["outcome"], webhook["severity"], webhook["evidence"]) == (
        "failed",
        "warning",
        {"attempts": 3},
    )
    assert "answered 500" in webhook["actual"]
    assert shown["notification.email"]["outcome"] == "passed"
    page = (runs.results / DAG_ID / report["run_id"] / "index.html").read_text()
    assert "message to webhook (127.0.0.1)" in page
    runs.run()
    assert len(runs.mail.mails) == 2
    assert runs.hook.posts == [], "who has not heard of a failure hears of no recovery"


def test_a_recovery_that_cannot_be_told_keeps_the_night_green_and_is_told_of_the_next_one(runs):
    runs.run(reset="failed")
    runs.hook.statuses = [500, 500, 500]
    green = runs.run()
    report = runs.report(green)
    assert (str(green.state), report["outcome"]) == ("success", "passed")
    assert messages(report)["notification.webhook"]["outcome"] == "failed"
    next_one = runs.run()
    assert [(post["event"], post["airflow_run_id"]) for post in runs.hook.posts][1:] == [
        ("recovered", next_one.run_id)
    ]
    assert len(runs.mail.mails) == 2


def test_a_report_that_dies_leaves_the_telling_to_the_dags_callback(runs, monkeypatch):
    from staging_validation.airflow.operators.report import ReportOperator

    def dies(self, context):
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(ReportOperator, "execute", dies)
        failed = runs.run(reset="refused")
    assert str(failed.state) == "failed"
    (post,) = runs.hook.posts
    assert (post["event"], post["outcome"], post["airflow_run_id"]) == ("not_green", "refused", failed.run_id)
    assert {finding["id"] for finding in post["findings"]} == {"reset.reset", "notification.report"}
    assert len(runs.mail.mails) == 1
    runs.run()
    assert [post["event"] for post in runs.hook.posts] == ["not_green", "recovered"]


def test_the_message_leads_to_the_run_and_to_the_report(runs, monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/")
    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_REPORT_LINK", "https://reports.example.com/")
    failed = runs.run(reset="failed")
    name = runs.report(failed)["run_id"]
    (post,) = runs.hook.posts
    run = failed.run_id.replace(":", "%3A").replace("+", "%2B")
    assert post["links"] == {
        "airflow_run": f"https://airflow.example.com/dags/{DAG_ID}/runs/{run}",
        "report": f"https://reports.example.com/{DAG_ID}/{name}/index.html",
    }
    runs.run()
