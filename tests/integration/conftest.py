"""The real parts, started once: PostgreSQL, Pushgateway, Prometheus, the billing service, the Stripe sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.processes import untraced

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class NightRun:
    """What a run of a DAG left behind."""

    state: str
    tasks: dict[str, str]
    report: dict[str, Any]
    folder: Path

    @property
    def outcome(self) -> str:
        return self.report["outcome"]

    @property
    def results(self) -> list[dict[str, Any]]:
        return self.report["results"]

    def result(self, check: str) -> dict[str, Any]:
        (found,) = [result for result in self.results if result["id"] == check]
        return found

    def of(self, outcome: str) -> list[dict[str, Any]]:
        return [result for result in self.results if result["outcome"] == outcome]


@pytest.fixture(scope="session")
def stack(tmp_path_factory) -> Iterator[Any]:
    from local_staging.stack.cache import default_cache_dir
    from local_staging.stack.launch import Launch
    from local_staging.stack.settings import LocalSettings
    from local_staging.stack.stack import Stack

    environ = untraced()
    settings = LocalSettings.load(PROJECT / "airflow_settings.yaml", environ)
    folder = tmp_path_factory.mktemp("stack")
    with Launch(folder, cache_dir=default_cache_dir(environ), purpose="the tests") as launch:
        stack = Stack(launch, root=PROJECT, settings=settings, environ=environ, strict_api=True)
        stack.start()
        yield stack


@pytest.fixture
def staging(stack, monkeypatch, tmp_path) -> Any:
    """Point Airflow's connections and variables at the stack, for one test."""
    for name, value in stack.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL", str(tmp_path / "results"))
    return stack


@pytest.fixture
def database(stack) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the test's own to the staging database, in autocommit."""
    settings = stack.connections()["staging_postgres"]
    with psycopg.connect(
        host=settings.host,
        port=settings.port,
        dbname=settings.database,
        user=settings.login,
        password=settings.secret,
        autocommit=True,
    ) as connection:
        yield connection


@pytest.fixture(scope="session")
def airflow_db() -> None:
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def run_dag(airflow_db, staging, tmp_path):
    """Run a DAG in this process, with Airflow's own ``dag.test``, and return what it left behind."""

    def run(dag_id: str, **conf: Any) -> NightRun:
        from airflow.dag_processing.dagbag import DagBag

        dag = DagBag(str(PROJECT / "dags"), bundle_name="dags-folder").dags[dag_id]
        dag_run = dag.test(run_conf=conf or None)
        (report,) = (tmp_path / "results" / dag_id).glob("*/results.json")
        states = {
            task.task_id if task.map_index < 0 else f"{task.task_id}__{task.map_index}": str(task.state)
            for task in dag_run.get_task_instances()
        }
        return NightRun(str(dag_run.state), states, json.loads(report.read_text()), report.parent)

    return run


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port on loopback that is bound but never listens: connections to it are refused."""
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
