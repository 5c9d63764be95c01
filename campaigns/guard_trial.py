"""Runs the guard's tests against one mutant, in a copy of the project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from types import TracebackType

from pydantic import JsonValue

from staging_validation.errors import ConfigurationError

PACKAGE = Path("plugins", "staging_validation")
_COPIED = ("dags", "include", "local_staging", "plugins", "tests", "docs", "campaigns", "pyproject.toml")
_CLIENTS = ("tests/clients/test_environment.py", "tests/clients/test_marker.py")
_MATRIX = "tests/guard/matrix"
STAGES: dict[str, tuple[tuple[str, ...], ...]] = {
    "environment": (
        ("tests/environment", "tests/guard/test_words.py"),
        ("tests/guard/test_rule.py",),
        _CLIENTS,
        (_MATRIX,),
    ),
    "clients": (
        ("tests/guard/test_questions.py",),
        _CLIENTS,
        ("tests/cli/test_guard_command.py",),
        (_MATRIX,),
    ),
    "airflow": (
        ("tests/guard/test_guarded_hooks.py", "tests/airflow/test_hooks.py"),
        ("tests/airflow/test_policy.py",),
        (f"{_MATRIX}/test_records.py", f"{_MATRIX}/test_controls.py"),
        (_MATRIX,),
    ),
}
"""The tests of each layer's modules, cheapest first: a mutant is dead at the first red test."""

KILLED, SURVIVED = "killed", "survived"
_TEST_SECONDS = 60
_STAGE_SECONDS = 600
_NOT_HANDED_ON = ("STAGING_VALIDATION_HOME", "PYTHONDONTWRITEBYTECODE", "COVERAGE_")
_NO_TESTS = 5
"""Exit status of pytest (pytest documentation, exit codes)."""


@dataclass(frozen=True)
class Trial:
    """What became of a mutant.

    Attributes:
        outcome: :data:`KILLED` by a red test or by one that does not end, or :data:`SURVIVED`.
        by: The tests that killed it.
        seconds: How long it took.
    """

    outcome: str
    by: str
    seconds: float


class Workshop:
    """A copy of the project in which modules may be broken.

    Args:
        project: The project.
        folder: Where the copy goes; what is there is replaced.
    """

    def __init__(self, project: Path, folder: Path) -> None:
        self._project = project
        self.folder = folder
        self._server: subprocess.Popen[str] | None = None

    def __enter__(self) -> Workshop:
        """Make the copy."""
        self.prepare()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process that runs the tests."""
        if self._server is not None:
            self._server.communicate()  # closes its input, and it ends
            self._server = None

    def prepare(self) -> None:
        """Make the copy."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for name in _COPIED:
            source = self._project / name
            if source.is_dir():
                shutil.copytree(
                    source, self.folder / name, ignore=shutil.ignore_patterns("__pycache__", "results")
                )
            elif source.exists():
                shutil.copy2(source, self.folder / name)

    def source(self, module: str) -> str:
        """Return the source of a module, named relative to the package."""
        return (self._project / PACKAGE / module).read_text(encoding="utf-8")

    def try_source(self, module: str, source: str, *, stages: int | None = None) -> Trial:
        """Put a module's source in place, run its tests stage by stage, and put the original back.

        Args:
            module: The module, relative to the package.
            source: Its source for this trial.
            stages: How many of the stages to run; all by default.
        """
        started = time.monotonic()
        self._put(module, source)
        try:
            for tests in STAGES[module.partition("/")[0]][:stages]:
                if not self._passes(tests):
                    return Trial(KILLED, " ".join(tests), round(time.monotonic() - started, 1))
        finally:
            self._put(module, self.source(module))
        return Trial(SURVIVED, "", round(time.monotonic() - started, 1))

    def _put(self, module: str, source: str) -> None:
        place = self.folder / PACKAGE / module
        place.write_text(source, encoding="utf-8")
        # Byte code is found by time and size of the source, and a mutant may differ in neither.
        Path(cache_from_source(str(place))).unlink(missing_ok=True)

    def _passes(self, tests: tuple[str, ...]) -> bool:
        argv = [
            *tests,
            "-x",
            "-q",
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            f"--timeout={_TEST_SECONDS}",
        ]
        log = self.folder / "tests.log"
        request: dict[str, JsonValue] = {
            "argv": [*argv, "--no-header", "--show-capture=no"],
            "log": str(log),
            "seconds": _STAGE_SECONDS,
        }
        status = self._ask(request)
        if status == _NO_TESTS:
            raise ConfigurationError(
                f"pytest finds no tests in {' '.join(tests)} (see {log}).",
                remedy="correct STAGES in campaigns/guard_trial.py",
            )
        return status == 0

    def _ask(self, request: Mapping[str, JsonValue]) -> int:
        """Let the server run tests; it is started for the first ones."""
        if self._server is None:
            self._server = self._start()
        server = self._server
        if server.stdin is None or server.stdout is None:
            raise ConfigurationError("The server that runs the tests has no pipes.")
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        return int(server.stdout.readline())

    def _start(self) -> subprocess.Popen[str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_HANDED_ON)}
        environ["PYTHONPATH"] = os.pathsep.join([str(self.folder / "plugins"), str(self.folder)])
        server = subprocess.Popen(
            [sys.executable, "-m", "campaigns.guard_server"],
            cwd=self.folder,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if server.stdout is None or not server.stdout.readline():
            raise ConfigurationError("The server that runs the tests does not start.")
        return server
