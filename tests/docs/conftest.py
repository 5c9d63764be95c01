"""The embedded staging without Airflow, started once, and a shell in which the documents' commands run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.launch import Launch
from local_staging.stack.monitoring_binaries import MonitoringBinaries
from local_staging.stack.settings import LocalSettings
from local_staging.stack.stack import Stack
from tests.docs.blocks import PROJECT, Block
from tests.processes import untraced

SECONDS = 170
TOOLS = ("curl", "openssl")
"""What a machine may lack; promtool is fetched like the other programs of the stack."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    environ = untraced()
    settings = LocalSettings.load(PROJECT / "airflow_settings.yaml", environ)
    folder = tmp_path_factory.mktemp("stack")
    with Launch(folder, cache_dir=default_cache_dir(environ), purpose="the tests of docs") as launch:
        started = Stack(launch, root=PROJECT, settings=settings, environ=environ)
        started.start()
        yield started


@pytest.fixture(scope="session")
def administrator(stack: Stack) -> Iterator[psycopg.Connection[Any]]:
    """The superuser's connection to the staging database, in autocommit: somebody who owns everything."""
    server = stack._staging
    assert server is not None
    address = server._dsn("postgres", server._superuser_password, "staging")
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def tools(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PATH: promtool under its name, and our own programs."""
    folder = tmp_path_factory.mktemp("tools")
    binaries = MonitoringBinaries(
        default_cache_dir(os.environ),
        supervisor=stack._launch.supervisor,
        log_dir=stack._launch.log_dir,
        environ=os.environ,
    )
    (folder / "promtool").symlink_to(binaries.find("promtool"))
    return folder


@pytest.fixture(scope="session")
def environment(stack: Stack, tools: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the documents' commands find in their environment: all connections, and the pages' variables."""
    connections = stack.connections()
    own = Path(sys.executable).parent
    results = tmp_path_factory.mktemp("results")
    return {
        **untraced(),
        **stack.environment(),
        "AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL": str(results),
        "PATH": os.pathsep.join([str(tools), str(own), os.environ["PATH"]]),
        "API": connections["staging_api"].base_url,
        "PROMETHEUS": connections["prometheus_default"].base_url,
        "PUSHGATEWAY": connections["pushgateway_default"].base_url,
        "WEBHOOK_SECRET": str(connections["stripe_default"].extra["webhook_secret"]),
    }


@pytest.fixture(scope="session")
def airflow_db() -> dict[str, str]:
    """Airflow's own database, made; the environment that says where its commands find it."""
    from airflow.utils.db import initdb

    initdb()
    return {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_")}


Shell = Callable[..., str]


@pytest.fixture(scope="session")
def shell(environment: Mapping[str, str]) -> Shell:
    """Run a bash block to its end; every command in it must succeed. Returns what it printed."""

    def run(block: Block, folder: Path, **more: str) -> str:
        missing = [
            tool
            for tool in TOOLS
            if tool in block.text and shutil.which(tool, path=environment["PATH"]) is None
        ]
        if missing:
            pytest.skip(f"this machine has no {', '.join(missing)}")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=folder,
            env={**environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, (
            f"line {block.line}, status {done.returncode}:\n{block.text}\n{done.stdout[-6000:]}"
        )
        return done.stdout

    return run


@pytest.fixture(scope="session")
def project_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like the project, in which commands may write files."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("dags", "plugins", "airflow_settings.yaml", "docs"):
        (folder / name).symlink_to(PROJECT / name)
    shutil.copytree(PROJECT / "include", folder / "include", ignore=shutil.ignore_patterns("__pycache__"))
    return folder
