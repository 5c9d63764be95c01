"""The walks of ``docs/extending.md``, repeated in a copy of ``include/``: its files, its commands, in its order."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from staging_validation.clients.staging_session import open_session
from staging_validation.clients.workflow_files import load_workflow
from staging_validation.results import Outcome
from staging_validation.workflows import run_workflow
from tests.docs.blocks import Block, blocks

WALKS = blocks("extending.md")


def _is_run(block: Block) -> bool:
    return block.language == "bash" and not block.reason


@pytest.fixture(scope="module")
def home(project_copy: Path) -> Path:
    """A copy of ``include/`` with every file that the walks show."""
    for block in WALKS:
        if block.file:
            file = project_copy / block.file
            assert not file.exists(), f"{block.file} is shipped: a walk adds a new one"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
    return project_copy


def test_there_is_a_walk_for_everything_that_can_be_added():
    added = {Path(block.file).parts[1] for block in WALKS if block.file}
    assert added == {"fixtures", "telemetry", "dashboards", "alerts", "workflows"}


def test_every_command_of_the_walks_works(home, shell):
    for block in WALKS:
        if _is_run(block):
            shell(block, home, STAGING_VALIDATION_HOME=str(home))
    assert "rsolv_billing_refund_issued_total" in (home / "telemetry.md").read_text()


@pytest.mark.parametrize(
    "file", [block.file for block in WALKS if block.file and not block.file.endswith(".py")]
)
def test_a_mistake_in_a_shown_file_would_be_noticed(home, shell, file):
    """The commands prove something: with the file spoiled, one fails. (Workflows: tests/workflows/test_faults.py.)"""
    spoiled = (home / file).read_text()
    damage = {
        "include/fixtures/customers/trial_in_use.yaml": ("credit_balance: 3", "credit_balance: 4"),
        "include/telemetry/refunds.yaml": ("event: refund_issued", "event: refund_isued"),
        "include/dashboards/refunds.json": (
            "rsolv_billing_refund_issued_total",
            "rsolv_billing_refund_total",
        ),
        "include/alerts/refunds.yaml": ("rsolv_billing_refund_issued_total", "rsolv_billing_refund_total"),
        "include/alerts/tests/refunds.yaml": ("eval_time: 130m", "eval_time: 31m"),
    }[file]
    (home / file).write_text(spoiled.replace(*damage))
    shown = [block.file for block in WALKS].index(file)
    proof = next(block for block in WALKS[shown:] if _is_run(block))
    try:
        with pytest.raises(AssertionError, match="status"):
            shell(proof, home, STAGING_VALIDATION_HOME=str(home))
    finally:
        (home / file).write_text(spoiled)


def test_the_workflow_runs(home, stack):
    (shown,) = [block.file for block in WALKS if block.file and block.file.endswith(".py")]
    workflow = load_workflow(home / shown)
    connections = stack.connections()
    parts = {
        "api": connections["staging_api"],
        "database": connections["staging_postgres"],
        "stripe": connections["stripe_default"],
    }
    with open_session(workflow.id, "docs-1", **parts) as session:
        results = run_workflow(workflow, session)
    assert {result.outcome for result in results} == {Outcome.PASSED}
    assert requests.get(f"{connections['staging_api'].base_url}/api/health", timeout=10).ok
