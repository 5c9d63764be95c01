"""Imports point one way."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

PROJECT = Path(__file__).resolve().parents[2]
DAG_FILES = sorted((PROJECT / "dags").glob("*.py"))


def test_layers_point_one_way(monkeypatch, capsys):
    monkeypatch.chdir(PROJECT)
    status = lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda path: path.stem)
def test_a_dag_file_imports_only_the_airflow_layer(file):
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert {name for name in imported if not name.startswith("staging_validation.airflow.")} <= {"__future__"}


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda path: path.stem)
def test_a_dag_file_holds_no_logic(file):
    logic = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.While, ast.Try)
    assert not [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, logic)]
