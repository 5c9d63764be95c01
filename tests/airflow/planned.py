"""A DAG as the package makes them, whose steps find what a test has planned."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any, ClassVar

from staging_validation.airflow.operators.base import Step, ValidationOperator
from staging_validation.clients.polling import wait_for
from staging_validation.results import CheckResult, Kind

PLAN_VARIABLE = "PLANNED_RESULTS"
"""The environment variable that names the file with the plan: what each task finds, ``passed`` if it says nothing."""

FILES = ("a", "b")
BUNDLE = "planned"


def planned(dag_id: str, task: str) -> Any:
    """Return what a task shall find: planned for its DAG, or for every DAG."""
    plan = json.loads(Path(os.environ[PLAN_VARIABLE]).read_text())
    return plan.get(f"{dag_id}/{task}", plan.get(task, "passed"))


class Planned(ValidationOperator):
    """Finds what is planned: an outcome, or a list of results, or dies without leaving anything behind."""

    kind: ClassVar[Kind] = Kind.WORKFLOW
    retry_errored: ClassVar[bool] = False
    template_fields = ("file",)

    def __init__(self, *, file: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.file = file

    def check(self, context, run) -> Step:
        found = planned(self.dag_id, f"{self.task_id}.{self.file}" if self.file else self.task_id)
        if found == "killed":
            raise RuntimeError("the worker is gone")
        if found == "kill -9":
            os.kill(os.getpid(), signal.SIGKILL)
        if found == "waits":
            wait_for(
                "the plan to change",
                lambda: planned(self.dag_id, self.task_id) != found or None,
                timeout_seconds=90,
            )
            found = "passed"
        results = found if isinstance(found, list) else [self._result(found)]
        return Step([CheckResult.model_validate(result) for result in results])

    def _result(self, outcome: str) -> dict[str, Any]:
        return {
            "id": f"{self.kind.value}.{self.task_id}{self.file and '.' + self.file}",
            "kind": self.kind.value,
            "subject": f"{self.task_id} {self.file}".strip(),
            "outcome": outcome,
            "expected": "19.00",
            "actual": "18.00" if outcome == "failed" else outcome,
            "evidence": {"reason": "planned"} if outcome == "skipped" else {},
        }


class PlannedGuard(Planned):
    """Stands in the place of the guard."""

    kind: ClassVar[Kind] = Kind.GUARD


class PlannedReset(Planned):
    """Stands for a step that is not mapped."""

    kind: ClassVar[Kind] = Kind.RESET


def planned_dag(dag_id: str, monkeypatch, **options: Any):
    """Make a DAG with ``staging_dag``: the guard, a step, beside it a mapped step of two, and the report."""
    from staging_validation.airflow import dag_factory

    monkeypatch.setattr(dag_factory, "EnvironmentGuardOperator", PlannedGuard)
    with dag_factory.staging_dag(
        dag_id, title=dag_id, doc_md="Planned.", tags=(), params={}, **options
    ) as dag:
        dag.default_args["retries"] = 0
        PlannedReset(task_id="reset", retries=0)
        Planned.partial(task_id="workflow", retries=0).expand(file=list(FILES))
    return dag


def known_to_airflow(dag, monkeypatch, folder: Path) -> None:
    """Give a DAG that no file holds to Airflow's database, so that ``dag.test`` can run it."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    # dag.test() reads the DAG's whole bundle again for every run: an empty one takes no time.
    bundle = {
        "name": BUNDLE,
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(folder)},
    }
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps([bundle]))
    bag = DagBag(collect_dags=False, bundle_name=BUNDLE)
    bag.bag_dag(dag)
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(bag, BUNDLE, None)


def run_quickly(dag) -> Any:
    """Run a DAG in this process. No pause takes long: ``dag.test`` waits a second for programs that are not there."""
    import pytest

    sleep = time.sleep  # noqa: TID251 - other programs' pauses are made shorter
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.01)))
        return dag.test()
