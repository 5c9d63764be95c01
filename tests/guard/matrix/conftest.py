"""A staging that tells the truth, until a situation makes a part of it lie; and what was done to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException
from airflow.sdk.execution_time.context import set_current_context

from staging_validation.airflow.operators.base import ValidationOperator
from staging_validation.airflow.operators.billing import RunWorkflowOperator
from staging_validation.airflow.operators.guard import EnvironmentGuardOperator
from staging_validation.airflow.operators.janitor import SweepRunLeftoversOperator
from staging_validation.airflow.operators.load import (
    CheckLoadTargetOperator,
    CheckRateLimitsOperator,
    CleanUpLoadOperator,
    RunLoadOperator,
)
from staging_validation.airflow.operators.reset import (
    OBJECTS_TASK,
    MakeStripeObjectsOperator,
    ResetStagingOperator,
    SweepStripeObjectsOperator,
)
from staging_validation.airflow.operators.telemetry import (
    DeleteTelemetryOperator,
    EmitTelemetryOperator,
    PrepareTelemetryOperator,
)
from staging_validation.clients.http import HttpService
from staging_validation.clients.marker import mark

TEST_KEY = "sk_" + "test_" + "a1" * 12
LIVE_KEY = "sk_" + "live_" + "a1" * 12
STEPS: Mapping[str, Callable[[], ValidationOperator]] = {
    "objects": lambda: MakeStripeObjectsOperator(task_id="make_stripe_objects"),
    "reset": lambda: ResetStagingOperator(task_id="reset_staging"),
    "sweep": lambda: SweepStripeObjectsOperator(task_id="sweep_stripe_objects"),
    "preparation": lambda: PrepareTelemetryOperator(task_id="prepare"),
    "emission": lambda: EmitTelemetryOperator(task_id="emit"),
    "removal": lambda: DeleteTelemetryOperator(task_id="delete_telemetry"),
    "workflow": lambda: RunWorkflowOperator(task_id="run_workflow", workflow="w01_signup"),
    "leftovers": lambda: SweepRunLeftoversOperator(task_id="clean_up", stage="after"),
    "load target": lambda: CheckLoadTargetOperator(task_id="check_target"),
    "load": lambda: RunLoadOperator(task_id="run_load"),
    "rate limits": lambda: CheckRateLimitsOperator(task_id="check_rate_limits"),
    "load's end": lambda: CleanUpLoadOperator(task_id="clean_up_load"),
}
"""The steps that change staging."""

_LONG_AGO = datetime(2026, 1, 1, tzinfo=timezone.utc)
_PARAMS = {"max_customers": 1000, "visible_within_seconds": 0.1, "scale": 0.01, "latency_factor": 1.0}


@dataclass(frozen=True)
class Attempt:
    """What became of one step.

    Attributes:
        results: Its results, as they were stored.
        record: Its XCom.
    """

    results: list[dict[str, Any]]
    record: Any

    @property
    def outcome(self) -> str:
        """The worst outcome."""
        order = ("refused", "failed", "errored", "passed")
        return min((result["outcome"] for result in self.results), key=order.index)

    @property
    def saying(self) -> set[str]:
        """Who brought it to this outcome: the results' ids without their kind."""
        return {
            result["id"].partition(".")[2] for result in self.results if result["outcome"] == self.outcome
        }

    @property
    def text(self) -> str:
        """All results as text."""
        return json.dumps(self.results)


class World:
    """A staging of its own for one situation.

    Args:
        cluster: The PostgreSQL server.
        standby: A standby of it.
        database: A fresh database on the server, marked as staging.
        services: The HTTP services.
        patch: Changes the process environment for the length of a test.
        folder: For results.
        ports: A ``dead`` one where nobody listens, and a ``mail`` server's.
    """

    def __init__(self, cluster, standby, database, services, patch, folder: Path, ports) -> None:
        self.steps = STEPS
        self.cluster, self.standby, self.database, self.services = cluster, standby, database, services
        self.dead_port, self.mail_port = ports["dead"], ports["mail"]
        self._patch = patch
        self._folder = folder
        self._attempts = 0
        self._connections: dict[str, dict[str, Any]] = {}
        self._tell_the_truth()

    def _tell_the_truth(self) -> None:
        extra = {"webhook_secret": "whsec_x", "pro_price_id": "price_x", "timeout": 0.5}
        self.postgres(self.database)
        self.connection(
            "stripe_default",
            conn_type="generic",
            host=self.services["stripe"].url,
            password=TEST_KEY,
            extra=extra,
        )
        for conn_id, name in (
            ("staging_api", "api"),
            ("staging_api_strict", "api"),
            ("prometheus_default", "prometheus"),
            ("pushgateway_default", "gateway"),
        ):
            self.connection(conn_id, conn_type="http", host=self.services[name].url, extra={"timeout": 0.5})

    # What a situation may do.

    def environ(self, name: str, value: str) -> None:
        """Set an environment variable."""
        self._patch.setenv(name, value)

    def variable(self, name: str, value: str) -> None:
        """Set an Airflow variable."""
        self._patch.setenv(f"AIRFLOW_VAR_{name.upper()}", value)

    def connection(self, conn_id: str, **fields: Any) -> None:
        """Set fields of an Airflow connection; what is not named stays."""
        self._connections.setdefault(conn_id, {}).update(fields)
        self._patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(self._connections[conn_id]))

    def forget(self, conn_id: str) -> None:
        """Remove an Airflow connection."""
        self._patch.delenv(f"AIRFLOW_CONN_{conn_id.upper()}")

    def postgres(self, database: str, **fields: Any) -> None:
        """Point the database's connection somewhere else."""
        self.connection("staging_postgres", **{**self.cluster.fields(database), **fields})

    def sql(self, statement: str) -> None:
        """Change the database behind everybody's back."""
        with self.cluster.connect(self.database) as connection:
            connection.execute(statement)

    def as_superuser(self, statement: str) -> None:
        """Change the database as its administrator would."""
        with self.cluster.administer(self.database) as connection:
            connection.execute(statement)

    def renamed(self, name: str) -> None:
        """Rename the database, and the connection with it."""
        with self.cluster.administer("postgres") as admin:
            admin.execute(f'ALTER DATABASE "{self.database}" RENAME TO "{name}"')
        self.database = name
        self.postgres(name)

    def mark_other(self, database: str, environment: str) -> None:
        """Mark another database of the server."""
        with self.cluster.connect(database) as connection:
            mark(connection, environment=environment, marked_by="carol", reason="it is")

    # What is done to it.

    def guard(self) -> Attempt:
        """Run the guard's task."""
        return self._execute(EnvironmentGuardOperator(task_id="env_guard", retries=0), None)

    def step(self, name: str, record: Any) -> Attempt:
        """Run one destructive step, with what the guard's task left behind (None: nothing)."""
        return self._execute(STEPS[name](), record)

    def results_here(self) -> None:
        """Keep the results of whole DAGs where :meth:`reported` finds them."""
        self._patch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL", str(self._folder))

    def reported(self, dag_id: str) -> dict[str, Any]:
        """Return the report of a DAG's only run."""
        (report,) = (self._folder / dag_id).glob("*/results.json")
        return json.loads(report.read_text())

    def _execute(self, operator: ValidationOperator, record: Any) -> Attempt:
        self._attempts += 1
        dag_id = f"attempt_{self._attempts}"
        self.results_here()
        context = {
            "dag": SimpleNamespace(dag_id=dag_id, params={}),
            "dag_run": SimpleNamespace(
                dag_id=dag_id, run_id="manual__1", conf={}, start_date=None, run_after=_LONG_AGO
            ),
            "params": dict(_PARAMS),
            "ti": SimpleNamespace(
                map_index=-1,
                try_number=1,
                xcom_pull=lambda task_ids: {"env_guard": record, OBJECTS_TASK: {}}.get(task_ids),  # noqa: PLW0108 - by keyword
            ),
        }
        value = None
        with set_current_context(context), suppress(AirflowException):
            value = operator.execute(context)
        (stored,) = (self._folder / dag_id).glob(f"*/tasks/{operator.task_id}.json")
        return Attempt(json.loads(stored.read_text()), value)


@dataclass
class Watch:
    """What was written while it watched.

    Attributes:
        statements: Statements in the server's log that write.
        requests: Requests that change something.
        changed: Whether any table's content changed.
        keys: Stripe keys that were sent anywhere.
    """

    statements: list[str]
    requests: list[str]
    changed: bool
    keys: set[str]


@pytest.fixture
def watch(world) -> Callable[[], Callable[[], Watch]]:
    """Start watching; what it returns ends it."""

    def start() -> Callable[[], Watch]:
        def content() -> str:
            return world.cluster.content(world.database)

        before, position = content(), world.cluster.log_size()

        def end() -> Watch:
            changing = ("POST", "PUT", "PATCH", "DELETE")
            return Watch(
                world.cluster.writes(position),
                [sent for service in world.services.values() for sent in service.requests(*changing)],
                content() != before,
                {
                    header.removeprefix("Bearer ")
                    for service in world.services.values()
                    for header in service.headers("Authorization")
                },
            )

        return end

    return start


@pytest.fixture
def world(cluster, standby, services, monkeypatch, tmp_path, dead_port, mail_port) -> Iterator[World]:
    # Nobody waits ten seconds for a service that hangs on purpose, three times.
    defaults = HttpService.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "timeout_seconds", 0.5)
    monkeypatch.setitem(defaults, "attempts", 1)
    with cluster.fresh() as database:
        ports = {"dead": dead_port, "mail": mail_port}
        made = World(cluster, standby, database, services, monkeypatch, tmp_path / "results", ports)
        yield made
        if made.database != database:
            with cluster.administer("postgres") as admin:
                admin.execute(f'ALTER DATABASE "{made.database}" RENAME TO "{database}"')
