"""Under a real scheduler: a worker, a report or a run that is killed, and a run that is late, are told once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local_staging.airflow_runtime.runtime import AirflowRuntime
from local_staging.stack.cache import default_cache_dir
from local_staging.stack.launch import Launch
from staging_validation.clients.polling import wait_for
from tests.airflow.planned import PLAN_VARIABLE
from tests.notifications.receivers import http_receiver, mail_server
from tests.processes import untraced

pytestmark = pytest.mark.timeout(300)

PROJECT = Path(__file__).resolve().parents[2]
KILLED = ("planned_killed_worker", "planned_killed_report")
TIMED_OUT = "planned_timed_out"
LATE = "planned_late"
_PATIENCE_SECONDS = 120.0


class Scheduler:
    """A real Airflow with the planned DAGs, and the receivers of their messages."""

    def __init__(self, airflow, api, plan: Path, hook, mail) -> None:
        self._airflow, self._api, self._plan = airflow, api, plan
        self.hook, self.mail = hook, mail

    def plan(self, **found: str) -> None:
        """Say what the tasks find; ``dag__task`` names one."""
        changed = self._plan.with_suffix(".new")
        changed.write_text(json.dumps({name.replace("__", "/"): value for name, value in found.items()}))
        changed.replace(self._plan)

    def trigger(self, run_id: str, *dag_ids: str) -> None:
        for dag_id in dag_ids:
            self._api.trigger(dag_id, run_id, {})

    def ended(self, run_id: str, *dag_ids: str) -> list[str]:
        return [
            wait_for(
                f"{dag_id} {run_id} to end",
                lambda dag_id=dag_id: self._final(dag_id, run_id),
                timeout_seconds=_PATIENCE_SECONDS,
                interval_seconds=0.3,
            )
            for dag_id in dag_ids
        ]

    def told(self, run_id: str, count: int) -> list[tuple[str, str, str | None]]:
        """Wait for so many messages about a run's DAGs, and return them."""

        def enough() -> list[dict[str, Any]] | None:
            found = [post for post in self.hook.posts if post["airflow_run_id"] == run_id]
            return found if len(found) >= count else None

        found = wait_for(
            f"{count} messages", enough, timeout_seconds=_PATIENCE_SECONDS, seen=lambda: self.hook.posts
        )
        return sorted((post["dag_id"], post["event"], post["outcome"]) for post in found)

    def _final(self, dag_id: str, run_id: str) -> str | None:
        self._airflow.check()
        state = self._api.run_state(dag_id, run_id)
        return state if state in ("success", "failed") else None


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scheduler")
    environ = untraced() | {"PYTHONPATH": str(PROJECT)}
    plan = folder / "plan.json"
    with (
        mail_server() as mail,
        http_receiver() as hook,
        Launch(folder / "stack", cache_dir=default_cache_dir(environ), purpose="the tests") as launch,
    ):
        airflow = AirflowRuntime(
            launch,
            dags_folder=PROJECT / "tests" / "integration" / "scheduled_dags",
            plugins_folder=PROJECT / "plugins",
            metadata_url=f"sqlite:///{launch.folder}/airflow.db",
            environ=environ,
            settings={
                PLAN_VARIABLE: str(plan),
                "AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL": str(folder / "results"),
                "AIRFLOW_VAR_STAGING_VALIDATION_EMAIL_TO": "night@test.example.com",
                "AIRFLOW_CONN_SMTP_DEFAULT": mail.connection(),
                "AIRFLOW_CONN_VALIDATION_WEBHOOK": json.dumps({"conn_type": "http", "host": hook.url}),
            },
        )
        airflow.start()
        api = airflow.wait_until_healthy()
        for dag_id in (*KILLED, TIMED_OUT, LATE):
            api.wait_for_dag(dag_id, timeout_seconds=_PATIENCE_SECONDS)
            api.unpause(dag_id)
        yield Scheduler(airflow, api, plan, hook, mail)


def test_everything_that_dies_or_is_late_is_told_once_and_recovers_once(scheduler):
    scheduler.plan(
        planned_killed_worker__reset="kill -9",
        planned_killed_report__report="kill -9",
        planned_timed_out__reset="waits",
        planned_late__reset="waits",
    )
    scheduler.trigger("bad", *KILLED, TIMED_OUT, LATE)
    assert scheduler.told("bad", 4) == [
        ("planned_killed_report", "not_green", "errored"),
        ("planned_killed_worker", "not_green", "errored"),
        ("planned_late", "late", None),
        ("planned_timed_out", "not_green", "errored"),
    ]
    scheduler.plan()  # what waits goes on
    assert scheduler.ended("bad", *KILLED, TIMED_OUT, LATE) == ["failed", "failed", "failed", "success"]
    scheduler.trigger("good", *KILLED)
    assert scheduler.ended("good", *KILLED) == ["success", "success"]
    assert scheduler.told("good", 2) == [(dag_id, "recovered", "passed") for dag_id in sorted(KILLED)]
    late = [message for message in scheduler.told("bad", 5) if message[0] == LATE]
    assert late == [(LATE, "late", None), (LATE, "recovered", "passed")]
    assert len(scheduler.hook.posts) == len(scheduler.mail.mails) == 7
    assert len({mail["Message-ID"] for mail in scheduler.mail.mails}) == 7
