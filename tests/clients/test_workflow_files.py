"""Workflow modules are loaded by path, and what is wrong with one is said with its place."""

from __future__ import annotations

import pytest

from staging_validation.clients.workflow_files import load_workflow, workflow_paths
from staging_validation.errors import ConfigurationError

GOOD = '''
from staging_validation.workflows import Scenario, Workflow, step

class A(Scenario):
    @step
    def first(self) -> None:
        """First."""

WORKFLOW = Workflow("{id}", "A", A)
'''


@pytest.fixture
def module(tmp_path):
    def write(text, name="w90_a"):
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        return path

    return write


def test_modules_are_found_in_order_without_private_ones(module, tmp_path):
    expected = [module(GOOD, "w02_b"), module(GOOD, "w10_a")]
    module(GOOD, "_shared")
    assert workflow_paths(tmp_path) == expected


def test_no_workflow_is_an_error(tmp_path):
    with pytest.raises(ConfigurationError, match="holds no workflow module"):
        workflow_paths(tmp_path)
    with pytest.raises(ConfigurationError, match="does not exist"):
        workflow_paths(tmp_path / "absent")


def test_a_workflow_knows_its_file(module):
    workflow = load_workflow(module(GOOD.format(id="w90_a")))
    assert (workflow.id, workflow.source) == ("w90_a", "include/workflows/w90_a.py")
    assert [step.name for step in workflow.steps] == ["first"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", r"w90_a\.py defines no WORKFLOW, expected a Workflow"),
        ("WORKFLOW = 3\n", r"defines WORKFLOW as int, expected a Workflow"),
        (GOOD.format(id="w91_b"), r"defines the workflow 'w91_b', expected 'w90_a' as its file is named"),
        ("x = 1\ny = 1 / 0\n", r"w90_a\.py, line 2 cannot be loaded: ZeroDivisionError: division by zero"),
        ("x = 1\n\ndef (:\n", r"w90_a\.py, line 3 cannot be loaded: SyntaxError"),
        ("import not_there_at_all\n", r"line 1 cannot be loaded: ModuleNotFoundError"),
        (GOOD.format(id="W 90"), r"cannot be loaded: ValueError: workflow id 'W 90'"),
    ],
)
def test_a_broken_module_is_named_with_the_cause(module, text, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        load_workflow(module(text))
    assert caught.value.remedy


def test_a_missing_file_and_one_that_is_no_python_are_errors(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be loaded: FileNotFoundError"):
        load_workflow(tmp_path / "w90_a.py")
    with pytest.raises(ConfigurationError, match="is no Python module"):
        load_workflow(tmp_path / "w90_a.txt")
