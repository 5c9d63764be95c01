"""The operator that checks dashboards and rules without running a query."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from staging_validation.airflow.operators.dashboards import LintOperator
from staging_validation.project import HOME_VARIABLE, include_dir
from staging_validation.results import Kind, Outcome


def results_of(*chosen):
    context = {"params": {"dashboards": list(chosen)}}
    return LintOperator(task_id="lint").check(context, None).results  # it does not need the run


def outcomes(results):
    return {result.id: result.counts_as for result in results}


@pytest.fixture
def project(tmp_path, monkeypatch):
    shutil.copytree(include_dir(), tmp_path / "include")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    return tmp_path / "include"


def plant(folder, name, expr):
    content = json.loads((folder / "dashboards" / "billing-metrics.json").read_text())
    content["panels"][0]["targets"][0]["expr"] = expr
    content["uid"] = content["title"] = name
    (folder / "dashboards" / f"{name}.json").write_text(json.dumps(content))


def test_what_is_shipped_passes_and_every_file_is_told_of():
    results = results_of()
    assert set(outcomes(results).values()) == {Outcome.PASSED}, results
    kinds = {re.split("[#:]", result.where or "")[0]: result.kind for result in results}
    shipped = {
        f"include/dashboards/{path.name}": Kind.DASHBOARD for path in include_dir("dashboards").glob("*.json")
    }
    shipped |= {f"include/alerts/{path.name}": Kind.ALERT for path in include_dir("alerts").glob("*.yaml")}
    assert kinds == shipped


def test_a_broken_dashboard_fails_and_the_others_pass(project):
    plant(project, "broken", "rate(up)")
    found = outcomes(results_of())
    assert found["dashboard.broken.lint.query-syntax"] is Outcome.FAILED
    assert {outcome for name, outcome in found.items() if "broken" not in name} == {Outcome.PASSED}


def test_only_chosen_dashboards_are_told_of_and_all_rules(project):
    plant(project, "broken", "rate(up)")
    found = outcomes(results_of("billing-metrics"))
    assert not [name for name in found if "broken" in name]
    assert found["alert.billing.lint"] is Outcome.PASSED


def test_a_file_that_is_no_text_fails_and_does_not_stop_the_others(project):
    (project / "dashboards" / "binary.json").write_bytes(b"\xff\xfe")
    found = {result.id: result for result in results_of()}
    (failed,) = [result for result in found.values() if result.counts_as is Outcome.FAILED]
    assert failed.where.startswith("include/dashboards/binary.json")
    assert "UTF-8" in str(failed.actual)


def test_a_suppression_that_suppresses_nothing_is_told_of(project):
    suppression = """
      suppressions:
        - {rule: query-syntax, files: "*billing-metrics.json", reason: the panel goes away soon, expires: 2020-01-01}
    """
    (project / ".staging-validation-lint.yaml").write_text(suppression)
    told = [result for result in results_of() if "staging-validation-lint" in (result.where or "")]
    assert told, "the configuration's own findings are results too"
