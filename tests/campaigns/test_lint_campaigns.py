"""The short forms of the checker's campaigns, and proof that they would notice a miss, a false alarm and a crash."""

from __future__ import annotations

import json

from campaigns import lint_fuzz, lint_mutations
from tests.lint.mutation.controls import control, controls


def result(root, name):
    return json.loads((root / "campaigns" / "results" / f"{name}.json").read_text(encoding="utf-8"))


def test_mutants_in_short(tmp_path):
    assert lint_mutations.main(["--each", "1"], root=tmp_path) == 0
    found = result(tmp_path, lint_mutations.NAME)
    assert found["mutants"] == found["operators"] > 100
    assert found["controls"] > 5
    assert found["rate"] >= found["demanded"]
    assert found["false_alarms"] == []
    assert len(found["not_caught"]) == found["mutants"] - found["caught"]


def test_too_few_caught_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(lint_mutations, "DEMANDED", 1.01)
    assert lint_mutations.main(["--each", "1"], root=tmp_path) == 1


def test_a_false_alarm_is_told():
    clean = controls()[0]
    broken = {**clean.document, "title": ""}
    [alarm] = lint_mutations.false_alarms(control("broken.json", broken, "classic"))
    assert alarm.startswith("broken.json/title: dashboard-without-title: ")


def test_fuzz_in_short(tmp_path):
    assert lint_fuzz.main(["--cases", "24", "--seed", "5"], root=tmp_path) == 0
    found = result(tmp_path, lint_fuzz.NAME)
    assert found["files"] == 24
    assert found["seed"] == 5
    assert found["faults"] == []
    assert 0 < found["files_with_findings"] <= 24
    assert 0 < found["slowest_seconds"] < found["seconds_allowed"]


def test_a_crash_is_a_failure_and_is_told(tmp_path, monkeypatch, capsys):
    def crash(case):
        raise ZeroDivisionError(case[0])

    monkeypatch.setattr(lint_fuzz, "checked", crash)
    assert lint_fuzz.main(["--cases", "8", "--seed", "5"], root=tmp_path) == 1
    found = result(tmp_path, lint_fuzz.NAME)
    assert len(found["faults"]) == 8
    assert "ZeroDivisionError" in found["faults"][0]
    assert "8 of 8 files broke the checker" in capsys.readouterr().err
