"""A small client of Airflow's REST API (``/api/v2``): what a launcher needs to start one run and follow it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

import requests

from local_staging.stack.interruption import Interruption
from staging_validation.clients.http import HttpService
from staging_validation.clients.polling import wait_for
from staging_validation.errors import ConfigurationError, ServiceAnswerError, ServiceUnreachableError

_PAGE = 100
_COMPONENTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")
FINAL_RUN_STATES = frozenset({"success", "failed"})


@dataclass(frozen=True)
class TaskState:
    """One task instance.

    Attributes:
        task_id: The task's id, with its groups.
        map_index: Its index when it is mapped, else -1.
        label: What the UI shows for a mapped instance.
        state: Airflow's state; None when it is not scheduled yet.
        duration_seconds: How long it ran, as far as known.
    """

    task_id: str
    map_index: int
    label: str | None
    state: str | None
    duration_seconds: float | None

    @property
    def name(self) -> str:
        """Its name for people: the task, and which of its mapped instances."""
        if self.map_index < 0:
            return self.task_id
        return f"{self.task_id} [{self.label or self.map_index}]"


class AirflowApi:
    """Airflow's REST API, signed in as one user.

    Args:
        base_url: The API server's address.
        user: User name.
        password: Password.
        interruption: Ends waits early.
    """

    def __init__(
        self, base_url: str, *, user: str, password: str, interruption: Interruption | None = None
    ) -> None:
        self._user = user
        self._password = password
        self._interruption = interruption or Interruption()
        self._http = HttpService("Airflow", base_url, session=requests.Session())

    def sign_in(self) -> None:
        """Get a token and use it from now on.

        Raises:
            ServiceError: Airflow does not answer, or does not accept the password.
        """
        answer = self._http.json(
            "POST",
            "/auth/token",
            expect=(200, 201),
            json={"username": self._user, "password": self._password},
        )
        self._http.session.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def unhealthy(self) -> dict[str, str]:
        """Return the components that are not healthy, with their state; all of them while nothing answers."""
        try:
            health = self._http.json("GET", "/api/v2/monitor/health")
        except (ServiceUnreachableError, ServiceAnswerError):
            return dict.fromkeys(_COMPONENTS, "no answer yet")
        states = {name: str((health.get(name) or {}).get("status")) for name in _COMPONENTS}
        return {name: state for name, state in states.items() if state != "healthy"}

    def ensure_pool(self, name: str, slots: int, description: str = "") -> None:
        """Create a pool, or give an existing one these slots.

        Raises:
            ServiceError: Airflow did not accept it.
        """
        body = {"name": name, "slots": slots, "description": description, "include_deferred": False}
        response = self._http.request("POST", "/api/v2/pools", json=body)
        if response.status_code == requests.codes.conflict:
            response = self._http.request("PATCH", f"/api/v2/pools/{quote(name)}", json=body)
        if not response.ok:
            raise self._http.unexpected("POST", "/api/v2/pools", response)

    def wait_for_dag(self, dag_id: str, *, timeout_seconds: float, patience_seconds: float = 10.0) -> None:
        """Wait until a DAG is known.

        Args:
            dag_id: The DAG.
            timeout_seconds: The longest wait.
            patience_seconds: The longest wait once a DAG file cannot be read: it may be another DAG's.

        Raises:
            ConfigurationError: The DAG did not turn up and a DAG file cannot be read; the message is Airflow's.
            DeadlineError: The DAG did not turn up.
        """
        began = time.monotonic()

        def known() -> bool | None:
            self._interruption.check()
            if self._http.request("GET", f"/api/v2/dags/{quote(dag_id)}/details").ok:
                return True
            if time.monotonic() - began >= patience_seconds:
                self._refuse_import_errors()
            return None

        wait_for(
            f"Airflow to read the DAG {dag_id}",
            known,
            timeout_seconds=timeout_seconds,
            interval_seconds=0.3,
            seen=lambda: f"the DAGs {', '.join(self.dag_ids()) or '(none)'}",
            remedy="name one of these, or put the DAG's file into the dags folder",
        )

    def dag_ids(self) -> list[str]:
        """Return the ids of all DAGs that Airflow knows.

        Raises:
            ServiceError: Airflow does not answer as it should.
        """
        answer = self._http.json("GET", "/api/v2/dags", params={"limit": _PAGE})
        return sorted(str(found["dag_id"]) for found in answer["dags"])

    def unpause(self, dag_id: str) -> None:
        """Let a DAG's runs start.

        Raises:
            ServiceError: Airflow did not accept it.
        """
        self._http.json("PATCH", f"/api/v2/dags/{quote(dag_id)}", json={"is_paused": False})

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> None:
        """Ask for a run.

        Raises:
            ConfigurationError: Airflow does not accept the parameters; the message is Airflow's.
            ServiceError: Airflow does not answer as it should.
        """
        path = f"/api/v2/dags/{quote(dag_id)}/dagRuns"
        # A logical date gives the run the template values (ds, ts, ...) that a scheduled one has.
        body = {
            "dag_run_id": run_id,
            "logical_date": datetime.now(timezone.utc).isoformat(),
            "conf": dict(conf),
        }
        response = self._http.request("POST", path, json=body)
        if response.status_code in (requests.codes.bad_request, requests.codes.unprocessable_entity):
            raise ConfigurationError(
                f"Airflow does not accept these parameters for {dag_id}: {_detail(response)}",
                remedy="correct the JSON given with --conf",
            )
        if not response.ok:
            raise self._http.unexpected("POST", path, response)

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of a run: queued, running, success or failed.

        Raises:
            ServiceError: Airflow does not answer as it should.
        """
        return str(self._http.json("GET", f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}")["state"])

    def run_ids(self, dag_id: str) -> list[str]:
        """Return the ids of a DAG's runs.

        Raises:
            ServiceError: Airflow does not answer as it should.
        """
        answer = self._http.json("GET", f"/api/v2/dags/{quote(dag_id)}/dagRuns", params={"limit": _PAGE})
        return [str(run["dag_run_id"]) for run in answer["dag_runs"]]

    def tasks(self, dag_id: str, run_id: str) -> list[TaskState]:
        """Return all task instances of a run.

        Raises:
            ServiceError: Airflow does not answer as it should.
        """
        path = f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}/taskInstances"
        found: list[TaskState] = []
        while True:
            params = {"limit": _PAGE, "offset": len(found)}
            page: Sequence[Mapping[str, Any]] = self._http.json("GET", path, params=params)["task_instances"]
            found.extend(_task(entry) for entry in page)
            if len(page) < _PAGE:
                return found

    def _refuse_import_errors(self) -> None:
        errors = self._http.json("GET", "/api/v2/importErrors")["import_errors"]
        if errors:
            first = errors[0]
            trace = str(first.get("stack_trace", "")).strip().splitlines()
            raise ConfigurationError(
                f"Airflow cannot read {first.get('filename')}: {' '.join(trace[-3:])}",
                remedy="correct the DAG file; `python <file>` shows the whole error",
            )


def _task(entry: Mapping[str, Any]) -> TaskState:
    return TaskState(
        task_id=str(entry["task_id"]),
        map_index=int(entry.get("map_index", -1)),
        label=entry.get("rendered_map_index"),
        state=entry.get("state"),
        duration_seconds=entry.get("duration"),
    )


def _detail(response: requests.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return response.text[:300]
