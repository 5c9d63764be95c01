"""The validation run that a task belongs to, and where its results are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.sdk import Variable

from staging_validation.project import project_root
from staging_validation.run_id import validation_run_id

if TYPE_CHECKING:
    from airflow.sdk import Context

    from staging_validation.clients.result_store import ResultStore

RESULTS_VARIABLE = "staging_validation_results_url"
"""Airflow variable that says where results go: a folder, or a URL that Airflow's object storage understands."""


@dataclass(frozen=True)
class ValidationRun:
    """One run of one DAG.

    Attributes:
        dag_id: The DAG's id.
        run_id: Airflow's run id.
        name: The validation run's name, carried by everything it makes.
    """

    dag_id: str
    run_id: str
    name: str

    @classmethod
    def of(cls, context: Context) -> ValidationRun:
        """Return the run that a task's context belongs to."""
        dag_run = context["dag_run"]
        return cls(dag_run.dag_id, dag_run.run_id, validation_run_id(dag_run.dag_id, dag_run.run_id))

    def folder(self) -> Any:
        """Return the run's folder: a path, or Airflow's ``ObjectStoragePath`` where the variable names a URL."""
        return _storage(Variable.get(RESULTS_VARIABLE, default="")) / self.dag_id / self.name

    def store(self) -> ResultStore:
        """Return the store of the run's results."""
        from staging_validation.clients.result_store import ResultStore

        return ResultStore(self.folder() / "tasks")


def _storage(url: str | None) -> Any:
    if not url:
        return project_root() / "build" / "results"
    if "://" not in url or url.startswith("file://"):
        from pathlib import Path

        return Path(url.removeprefix("file://"))
    from airflow.sdk import ObjectStoragePath

    return ObjectStoragePath(url)
