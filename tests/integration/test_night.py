"""Whole nights: the command line starts everything, runs the nightly DAG in a real Airflow, and stops everything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.processes import untraced

PROJECT = Path(__file__).resolve().parents[2]
SCHEMA = PROJECT / "plugins/staging_validation/reporting/results.schema.json"
JOBS = {"guard", "reset", "telemetry", "dashboard", "alert", "workflow", "money"}
LONGEST_NIGHT_SECONDS = 300

pytestmark = [pytest.mark.night, pytest.mark.timeout(600)]


@pytest.fixture
def clone(tmp_path):
    """Make a second clone beside this one: the same files, its own state, logs and results."""
    for name in ("dags", "plugins", "include", "local_staging", "airflow_settings.yaml"):
        (tmp_path / name).symlink_to(PROJECT / name)
    return tmp_path


@pytest.fixture
def run_night(clone):
    def run(**environ):
        command = Path(sys.executable).with_name("staging-validation")
        done = subprocess.run(
            [str(command), "run"],
            check=False,
            capture_output=True,
            text=True,
            timeout=LONGEST_NIGHT_SECONDS,
            env={**untraced(), "STAGING_VALIDATION_HOME": str(clone), **environ},
        )
        written = clone / "build/report/results.json"
        assert written.exists(), done.stdout + done.stderr
        report = json.loads(written.read_text())
        Draft202012Validator(json.loads(SCHEMA.read_text())).validate(report)
        return done, report

    return run


def test_a_healthy_staging_passes(run_night, clone):
    done, report = run_night()
    assert done.returncode == 0, done.stdout + done.stderr
    assert report["outcome"] == "passed"
    assert {result["kind"] for result in report["results"]} == JOBS
    ran = {result["id"].split(".")[1] for result in report["results"] if result["kind"] == "workflow"}
    assert {path.stem for path in (PROJECT / "include" / "workflows").glob("w*.py")} <= ran
    weighty = [result for result in report["results"] if result["severity"] == "error"]
    assert {result["outcome"] for result in weighty} == {"passed"}
    assert [result["id"] for result in report["results"] if result["outcome"] != "passed"] == [
        "dashboard.billing-metrics.lint.metric-never-shown"  # nothing of the ten panels shows renewals
    ]
    (verdict,) = [result for result in report["results"] if result["id"] == "guard.verdict"]
    assert verdict["duration_seconds"] < 1
    for told in ("PASSED: ", "Billing workflows", "build/report/index.html"):
        assert told in done.stdout
    assert not (clone / "build/stack/state.json").exists(), "everything was stopped"


def test_production_is_refused_with_its_own_status(run_night):
    done, report = run_night(ENVIRONMENT="production")
    assert done.returncode == 3, done.stdout + done.stderr
    assert report["outcome"] == "refused"
    assert {result["outcome"] for result in report["results"] if result["kind"] != "guard"} == {"skipped"}
    assert "guard.declared.environment" in done.stdout
