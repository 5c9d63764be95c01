from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local_staging.stack.processes import Program

ProgramMaker = Callable[..., Program]


@pytest.fixture
def program(tmp_path: Path) -> ProgramMaker:
    """Makes a program that runs Python code."""

    def make(code: str, *, name: str = "worker", **fields: object) -> Program:
        return Program(
            name=name,
            argv=(sys.executable, "-c", code),
            log=tmp_path / f"{name}.log",
            env={"PATH": os.defpath},
            **fields,  # type: ignore[arg-type]
        )

    return make


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """A folder that every account may enter (pytest's own may not be entered by others)."""
    folder = Path(tempfile.mkdtemp(prefix="staging-validation-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def runs() -> Callable[[int], bool]:
    """Says whether a process is there and no zombie."""

    def ask(pid: int) -> bool:
        try:
            return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    return ask
