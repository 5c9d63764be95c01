"""The second line: it tells only what the report task has not, and of a run that is late."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowException

from staging_validation.airflow import callbacks, notifications
from staging_validation.clients.notification_delivery import Patience
from staging_validation.clients.notification_memory import FILE
from staging_validation.clients.report_files import write_report
from staging_validation.results import CheckResult, Kind, Outcome, RunResults
from staging_validation.run_id import validation_run_id
from tests.airflow.planned import planned_dag
from tests.notifications.receivers import http_receiver, mail_server

DAG_ID = "staging_second_line"
RUN_ID = "manual__1"
STARTED = datetime(2026, 11, 24, 2, 0, tzinfo=timezone.utc)
STATES = {"env_guard": "success", "reset": "failed", "workflow_0": "success", "workflow_1": "upstream_failed"}


@pytest.fixture
def mail():
    with mail_server() as server:
        yield server


@pytest.fixture
def hook():
    with http_receiver() as server:
        yield server


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL", str(tmp_path))
    monkeypatch.setattr(notifications, "PATIENCE", Patience(first_pause_seconds=0.0))
    monkeypatch.setattr(notifications, "SECOND_LINE_PATIENCE", Patience(attempts=2, first_pause_seconds=0.0))
    return tmp_path / DAG_ID


@pytest.fixture
def channels(mail, hook, folder, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_EMAIL_TO", "a@test.example.com")
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", mail.connection())
    monkeypatch.setenv("AIRFLOW_CONN_VALIDATION_WEBHOOK", json.dumps({"conn_type": "http", "host": hook.url}))


@pytest.fixture
def run(folder):
    return callbacks.ValidationRun(DAG_ID, RUN_ID, validation_run_id(DAG_ID, RUN_ID))


@pytest.fixture
def context(monkeypatch):
    """What Airflow gives to a DAG's callback."""
    states = {"report": "failed", **STATES}
    return {
        "dag": planned_dag(DAG_ID, monkeypatch),
        "run_id": RUN_ID,
        "reason": "task_failure",
        "dag_run": SimpleNamespace(start_date=STARTED),
        "ti": SimpleNamespace(get_task_states=lambda **_: {RUN_ID: states}),
    }


@pytest.fixture
def results(run):
    failed = CheckResult(id="reset.x", kind=Kind.RESET, subject="x", outcome=Outcome.FAILED, actual="wrong")
    run.store().save("reset", [failed])
    return RunResults.gather(run.name, [failed], started_at=STARTED, finished_at=STARTED)


def test_it_tells_with_all_that_the_other_tasks_left(channels, context, results, hook, mail):
    callbacks.tell_unreported(context)
    (post,) = hook.posts
    assert post["outcome"] == "failed"
    assert [finding["id"] for finding in post["findings"]] == [
        "reset.x",
        "guard.env_guard",
        "workflow.workflow",
    ]
    assert {job["job"]: job["counts"] for job in post["jobs"]} == {
        "guard": {"errored": 1},
        "reset": {"failed": 1},
        "workflow": {"errored": 1, "skipped": 1},
        "notification": {"errored": 1},
    }
    assert "did not come to telling" in post["note"]
    assert post["started_at"] == "2026-11-24T02:00:00Z"
    assert post["links"]["report"] is None
    assert len(mail.mails) == 1
    callbacks.tell_unreported(context)
    assert (len(hook.posts), len(mail.mails)) == (1, 1)


def test_it_is_silent_when_the_report_has_told(channels, context, run, results, hook, mail):
    write_report(results, run.folder())
    notifications.tell_outcome(run, results)
    callbacks.tell_unreported(context)
    assert (len(hook.posts), len(mail.mails)) == (1, 1)
    assert hook.posts[0]["links"]["report"] == str(run.folder() / "index.html")


def test_it_is_silent_when_the_report_has_tried_in_vain(channels, context, run, results, hook, mail):
    hook.statuses = [500] * 3
    notifications.tell_outcome(run, results)
    callbacks.tell_unreported(context)
    assert (hook.posts, len(mail.mails)) == ([], 1)


def test_it_tells_the_channels_that_the_report_did_not_come_to(
    channels, context, run, results, hook, mail, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.delenv("AIRFLOW_CONN_VALIDATION_WEBHOOK")
        notifications.tell_outcome(run, results)
    callbacks.tell_unreported(context)
    assert (len(hook.posts), len(mail.mails)) == (1, 1)


def test_without_channels_it_does_nothing(folder, context, results):
    callbacks.tell_unreported(context)
    assert not (folder / FILE).exists()


def test_a_run_without_any_task_instance_is_told_too(channels, context, results, hook):
    callbacks.tell_unreported({"dag": context["dag"], "run_id": RUN_ID, "reason": "timed_out"})
    (post,) = hook.posts
    assert post["outcome"] == "failed"
    assert post["further_findings"] == 1


def test_a_dag_that_has_lost_its_operators_classes_is_told_from_what_was_kept(
    channels, context, results, hook
):
    lost = SimpleNamespace(dag_id=DAG_ID, task_dict={"reset": object(), "report": object()})
    callbacks.tell_unreported({**context, "dag": lost})
    (post,) = hook.posts
    assert [finding["id"] for finding in post["findings"]] == ["reset.x", "notification.report"]


def test_a_memory_that_cannot_be_read_lets_people_hear_rather_twice_than_never(
    channels, context, run, results, folder, hook
):
    folder.mkdir(exist_ok=True)
    (folder / FILE).write_text("{")
    told = notifications.tell_outcome(run, results)
    assert [result.id for result in told] == [
        "notification.memory",
        "notification.email",
        "notification.webhook",
    ]
    assert {result.counts_as for result in told} == {Outcome.PASSED}
    assert notifications.tell_outcome(run, results) == []
    assert len(hook.posts) == 1


def test_a_memory_that_cannot_be_written_keeps_nobody_from_hearing(channels, run, results, folder, hook):
    from unittest.mock import patch

    from staging_validation.errors import ConfigurationError

    broken = ConfigurationError("no space left", remedy="make some")
    with patch.object(notifications.NotificationMemory, "save", side_effect=broken):
        told = notifications.tell_outcome(run, results)
    assert [result.id for result in told].count("notification.memory") == 2
    assert len(hook.posts) == 1


@pytest.mark.parametrize("error", [NameError("SUPERVISOR_COMMS"), AirflowException("no answer")])
def test_states_that_airflow_does_not_tell_keep_nobody_from_hearing(channels, context, results, hook, error):
    def get_task_states(**_):
        raise error

    callbacks.tell_unreported({**context, "ti": SimpleNamespace(get_task_states=get_task_states)})
    (post,) = hook.posts
    assert post["findings"][0]["id"] == "reset.x"


def test_a_storage_that_is_gone_is_told(channels, context, tmp_path, hook, mail, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL", str(tmp_path / "file" / "results"))
    callbacks.tell_unreported(context)
    (post,) = hook.posts
    assert post["outcome"] == "errored"
    assert len(mail.mails) == 1


def test_two_runs_that_fail_are_two_messages_and_one_recovery(channels, run, results, hook):
    other = callbacks.ValidationRun(DAG_ID, "manual__2", "second-line-2")
    notifications.tell_outcome(run, results)
    notifications.tell_outcome(other, results)
    third = callbacks.ValidationRun(DAG_ID, "manual__3", "second-line-3")
    green = results.model_copy(update={"outcome": Outcome.PASSED})
    notifications.tell_outcome(third, green)
    notifications.tell_outcome(third, green)
    assert [post["event"] for post in hook.posts] == ["not_green", "not_green", "recovered"]
    assert hook.posts[-1]["recovered_from"]["run_id"] == "second-line-2"


LATE = {
    "dag_run": {
        "dag_id": DAG_ID,
        "dag_run_id": RUN_ID,
        "state": "running",
        "start_date": "2026-11-24T02:00:00Z",
    },
    "deadline": {"id": "1", "deadline_time": "2026-11-24T02:45:00Z"},
}


async def test_a_late_run_is_told_once_and_so_is_its_end(channels, run, results, hook, mail):
    await callbacks.tell_late(LATE)
    await callbacks.tell_late(LATE)
    (post,) = hook.posts
    assert (post["event"], post["outcome"], post["started_at"]) == ("late", None, "2026-11-24T02:00:00Z")
    assert "2026-11-24T02:45:00Z" in post["note"]
    notifications.tell_outcome(run, results)
    green = results.model_copy(update={"outcome": Outcome.PASSED})
    notifications.tell_outcome(callbacks.ValidationRun(DAG_ID, "manual__2", "second-line-2"), green)
    assert [post["event"] for post in hook.posts] == ["late", "not_green", "recovered"]
    assert len(mail.mails) == 3


async def test_a_late_run_that_has_not_begun(channels, hook):
    waiting = {"dag_run": {**LATE["dag_run"], "start_date": None, "state": "queued"}}
    await callbacks.tell_late(waiting)
    assert hook.posts[0]["started_at"] is None


def test_only_scheduled_dags_have_a_deadline(monkeypatch):
    scheduled = planned_dag("staging_a", monkeypatch, schedule="0 2 * * *")
    (deadline,) = scheduled.deadline
    assert deadline.callback.path == "staging_validation.airflow.callbacks.tell_late"
    assert deadline.interval < scheduled.dagrun_timeout
    assert not planned_dag("staging_b", monkeypatch).deadline
