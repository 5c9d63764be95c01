"""Loads the workflow modules below ``include/workflows/`` by their path: the folder is no package."""

from __future__ import annotations

import importlib.util
import traceback
from pathlib import Path
from types import ModuleType

from staging_validation.errors import ConfigurationError
from staging_validation.workflows import Workflow

_REMEDY = "correct the module; `docs/extending.md` shows the shape of a workflow"


def workflow_paths(folder: Path) -> list[Path]:
    """Return a folder's workflow modules in the order of their names; names that begin with ``_`` are left out.

    Raises:
        ConfigurationError: The folder is missing or holds none: a step that would check nothing.
    """
    paths = sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))
    if not paths:
        state = "holds no" if folder.is_dir() else "does not exist, so there is no"
        raise ConfigurationError(
            f"{folder} {state} workflow module.", remedy="restore the folder from the repository"
        )
    return paths


def load_workflow(path: Path) -> Workflow:
    """Load the workflow that a module defines as ``WORKFLOW``.

    Args:
        path: The module's file; its name without the ending is the workflow's id.

    Returns:
        The workflow, with the file as its ``source``.

    Raises:
        ConfigurationError: The module cannot be imported, defines no workflow, or one with another id.
    """
    module = _import(path)
    workflow = getattr(module, "WORKFLOW", None)
    if not isinstance(workflow, Workflow):
        found = (
            "defines no WORKFLOW" if workflow is None else f"defines WORKFLOW as {type(workflow).__name__}"
        )
        raise ConfigurationError(f"{path} {found}, expected a Workflow.", remedy=_REMEDY)
    if workflow.id != path.stem:
        raise ConfigurationError(
            f"{path} defines the workflow {workflow.id!r}, expected {path.stem!r} as its file is named.",
            remedy="give the workflow its file's name as id",
        )
    return workflow.at(f"include/workflows/{path.name}")


def _import(path: Path) -> ModuleType:
    name = f"staging_validation_workflow_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"{path} is no Python module.", remedy=_REMEDY)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the boundary to people's modules: whatever they raise is reported
        raise ConfigurationError(
            f"{path}{_line(path, error)} cannot be loaded: {type(error).__name__}: {error}.", remedy=_REMEDY
        ) from error
    return module


def _line(path: Path, error: Exception) -> str:
    """Return ``, line N`` for the place in the module itself where its import ended."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f", line {error.lineno}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f", line {lines[-1]}" if lines else ""
