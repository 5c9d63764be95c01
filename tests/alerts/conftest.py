"""The shipped rule file, and the real promtool."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.monitoring_binaries import MonitoringBinaries
from local_staging.stack.supervisor import Supervisor
from staging_validation.alerts.model import RuleFile
from staging_validation.alerts.reading import read_rules
from staging_validation.clients.source_files import read_source_file
from staging_validation.project import include_dir

ALERTS = include_dir("alerts")


@dataclass(frozen=True)
class Answer:
    status: int
    text: str


Promtool = Callable[..., Answer]


@pytest.fixture(scope="session")
def promtool(tmp_path_factory) -> Promtool:
    with Supervisor() as supervisor:
        binary = MonitoringBinaries(
            default_cache_dir(os.environ),
            supervisor=supervisor,
            log_dir=tmp_path_factory.mktemp("binaries"),
            environ=os.environ,
        ).find("promtool")

    def run(*arguments: str | Path) -> Answer:
        done = subprocess.run(
            [str(binary), *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
        )
        return Answer(done.returncode, done.stdout + done.stderr)

    return run


@pytest.fixture(scope="session")
def shipped() -> RuleFile:
    return read_rules(read_source_file(ALERTS / "billing.yaml", relative_to=ALERTS.parents[1]))


@pytest.fixture
def copied_rules(tmp_path) -> Path:
    """A copy of the rules and their tests, to be broken."""
    return Path(shutil.copytree(ALERTS, tmp_path / "alerts"))
