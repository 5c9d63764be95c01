"""The operators that check files without running a query."""

from __future__ import annotations

import json
import shutil

import pytest

from staging_validation.airflow.operators.dashboards import LintDashboardOperator, LintRulesOperator
from staging_validation.project import HOME_VARIABLE, include_dir
from staging_validation.results import Kind, Outcome


def step_of(operator):
    return operator.check({}, None)  # it needs neither the context nor the run


def files(folder):
    return sorted(path.stem for path in include_dir(folder).glob("*.*"))


@pytest.mark.parametrize("name", files("dashboards"))
def test_the_shipped_dashboards_pass(name):
    step = step_of(LintDashboardOperator(task_id="lint", file=name))
    assert {result.counts_as for result in step.results} == {Outcome.PASSED}, step.results


@pytest.mark.parametrize("name", files("alerts"))
def test_the_shipped_rules_pass(name):
    step = step_of(LintRulesOperator(task_id="lint", file=name))
    assert [(result.outcome, result.kind) for result in step.results] == [(Outcome.PASSED, Kind.ALERT)], (
        step.results
    )


def test_a_broken_dashboard_fails_and_the_others_pass(tmp_path, monkeypatch):
    shutil.copytree(include_dir(), tmp_path / "include")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    folder = tmp_path / "include" / "dashboards"
    content = json.loads((folder / "billing-metrics.json").read_text())
    content["panels"][0]["targets"][0]["expr"] = "rate(up)"
    content["uid"] = content["title"] = "broken"
    (folder / "broken.json").write_text(json.dumps(content))
    broken = step_of(LintDashboardOperator(task_id="lint", file="broken")).results
    assert "dashboard.broken.lint.query-syntax" in {result.id for result in broken}
    assert Outcome.FAILED in {result.counts_as for result in broken}
    shipped = step_of(LintDashboardOperator(task_id="lint", file="billing-metrics")).results
    assert {result.counts_as for result in shipped} == {Outcome.PASSED}
