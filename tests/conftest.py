"""Airflow for the tests: its own home in a temporary folder, set up before anything imports Airflow."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
from pathlib import Path

import pytest

from tests.processes import untraced

PROJECT = Path(__file__).resolve().parents[1]
AIRFLOW_HOME = Path(tempfile.mkdtemp(prefix="staging-validation-airflow-"))

_LONG = frozenset({"alerts", "benchmarks", "campaigns", "docs", "guard", "integration", "workflows"})
"""Folders whose tests start servers, or many processes."""

# A suite that was started in the background ignores Ctrl-C, and so would everything that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

for name in [name for name in os.environ if name.startswith(("AIRFLOW_", "STAGING_VALIDATION_"))]:
    if name != "STAGING_VALIDATION_CACHE":
        del os.environ[name]
for name in ("ENVIRONMENT", "MIX_ENV", "RELEASE_ENV"):
    os.environ.pop(name, None)
os.environ.update(
    {
        "AIRFLOW_HOME": str(AIRFLOW_HOME),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{AIRFLOW_HOME}/airflow.db",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(AIRFLOW_HOME / "logs"),
    }
)


@pytest.fixture(autouse=True)
def own_loggers_speak() -> None:
    """Enable our loggers again: Airflow, once loaded, silences every logger that was made before it."""
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and name.startswith(("staging_validation", "local_staging")):
            logger.disabled = False


@pytest.fixture(autouse=True)
def children_of_long_proofs_are_not_traced(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What campaigns and benchmarks run of the package is covered by its own tests."""
    if request.path.relative_to(PROJECT / "tests").parts[0] in ("benchmarks", "campaigns"):
        for name in os.environ.keys() - untraced().keys():
            monkeypatch.delenv(name)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, in whatever order otherwise: at the end, no process shall wait for another."""
    items.sort(key=lambda item: _rank(item.path.relative_to(PROJECT / "tests")))


def _rank(file: Path) -> int:
    if file.name == "test_night.py":
        return 0
    return 1 if file.parts[0] in _LONG else 2


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests have recorded as ``told``, in whichever process they ran."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, text in report.user_properties:
                if name == "told":
                    terminalreporter.write_line(str(text))


def pytest_sessionfinish() -> None:
    """Remove Airflow's home."""
    import shutil

    shutil.rmtree(AIRFLOW_HOME, ignore_errors=True)
