"""Where a run's results are kept."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk import ObjectStoragePath

from staging_validation.airflow.run import ValidationRun
from staging_validation.project import project_root
from staging_validation.run_id import validation_run_id

CONTEXT = {"dag_run": SimpleNamespace(dag_id="staging_reset", run_id="manual__1")}
NAME = validation_run_id("staging_reset", "manual__1")


@pytest.fixture
def run():
    return ValidationRun.of(CONTEXT)


@pytest.mark.parametrize("url", ["/data/results", "file:///data/results"])
def test_a_local_folder(run, monkeypatch, url):
    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL", url)
    assert run.folder() == Path("/data/results/staging_reset") / NAME


def test_the_project_when_nothing_is_said(run, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL", "")
    assert run.folder() == project_root() / "build" / "results" / "staging_reset" / NAME


def test_an_object_store(run, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL", "memory://bucket/results")
    folder = run.folder()
    assert isinstance(folder, ObjectStoragePath)
    assert str(folder) == f"memory://bucket/results/staging_reset/{NAME}"


def test_results_survive_the_object_store(run, monkeypatch):
    from staging_validation.results import CheckResult, Kind, Outcome

    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL", "memory://bucket/kept")
    result = CheckResult(id="reset.x", kind=Kind.RESET, subject="x", outcome=Outcome.PASSED)
    run.store().save("reset.verify", [result])
    assert run.store().load() == {"reset.verify": [result]}
