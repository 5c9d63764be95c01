"""The workflow that the documentation shows is run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_the_workflow_of_the_documentation_passes(run_dag, tmp_path, monkeypatch):
    page = (PROJECT / "docs" / "extending.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    home = tmp_path / "home"
    (home / "include" / "workflows").mkdir(parents=True)
    (name,) = re.findall(r'Workflow\("(\w+)"', code)
    (home / "include" / "workflows" / f"{name}.py").write_text(code)
    monkeypatch.setenv("STAGING_VALIDATION_HOME", str(home))

    night = run_dag("staging_billing")

    assert (night.state, night.outcome) == ("success", "passed")
    assert any(result["id"].startswith(f"workflow.{name}.deploy.") for result in night.results)
