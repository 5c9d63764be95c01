"""The guide's commands, run in their order against the embedded staging."""

from __future__ import annotations

import json
import re
import shutil

from tests.docs.blocks import PROJECT, blocks

GUIDE = blocks("STAGING_DEPLOYMENT.md")


NEEDS_AIRFLOW = "airflow dags test"


def test_every_command_of_the_guide_works(stack, shell, administrator, project_copy):
    done: set[str] = set()
    for block in GUIDE:
        if block.reason or "CREATE ROLE" in block.text:  # the roles are the subject of test_roles.py
            continue
        if block.language == "sql":
            administrator.execute(block.text)
        if block.language != "bash" or block.text in done or NEEDS_AIRFLOW in block.text:
            continue
        done.add(block.text)
        told = shell(block, project_copy)
        if "reset --json" in block.text:
            assert json.loads((project_copy / "reset.json").read_text())["created"] == 10
        if "/summary" in block.text:
            kinds = re.findall(r'"subscription_type": ?"(\w+)"', told)
            assert kinds[-1] == "pro"
    assert len(done) > 15


def test_the_workflows_of_the_guide_pass_in_airflow(stack, shell, airflow_db, tmp_path):
    (block,) = [block for block in GUIDE if NEEDS_AIRFLOW in block.text]
    # Airflow reads the whole folder at every start: only the DAG that is asked for is in this one.
    shutil.copy(PROJECT / "dags" / "staging_billing.py", tmp_path)
    told = shell(block, tmp_path, AIRFLOW__CORE__DAGS_FOLDER=str(tmp_path))
    for workflow in ("w01_signup", "w04_payment_method", "w06_pro"):
        assert workflow in told
