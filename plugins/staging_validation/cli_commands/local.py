"""``run``, ``up`` and ``down``: the local staging and Airflow, started, used and ended."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from staging_validation.cli_commands.night import Night, watch
from staging_validation.cli_commands.outcome import exit_status, show
from staging_validation.cli_commands.progress import Progress
from staging_validation.errors import ConfigurationError
from staging_validation.project import project_root

if TYPE_CHECKING:
    from local_staging.airflow_runtime.workbench import Workbench
    from local_staging.stack.launch import Launch

LOAD_DAG = "staging_load"
"""The DAG that needs an instance of the service which keeps the rate limits; others start sooner without it."""

_DAG_SECONDS = 60.0
_PLAIN_WIDTH = 140


def run(dag_id: str, conf: Mapping[str, Any], *, keep: bool = False, dags_folder: Path | None = None) -> int:
    """Start everything, run a DAG once, and print and keep what it found.

    Args:
        dag_id: The DAG.
        conf: The run's parameters.
        keep: Leave everything running afterwards.
        dags_folder: Another folder of DAGs than the project's.

    Returns:
        The exit status.

    Raises:
        StagingValidationError: Something could not be started or asked.
    """
    console = _console()
    progress = Progress(console)
    with _launch("staging-validation run") as launch:
        progress.say("Starting the local staging and Airflow")
        bench = _workbench(launch, progress, dags_folder, strict_api=dag_id == LOAD_DAG)
        results_dir = bench.results_dir
        api = bench.start()
        api.wait_for_dag(dag_id, timeout_seconds=_DAG_SECONDS)
        run_id = f"local__{datetime.now(timezone.utc):%Y-%m-%dT%H-%M-%S}"
        night = Night(dag_id, run_id, results_dir=results_dir)
        progress.say(f"Running {dag_id} as {run_id}: {bench.airflow.base_url}")
        ended = watch(api, night, conf, progress=progress, alive=bench.airflow.check)
        for child in launch.supervisor.dead():
            progress.warn(f"{child.program.name} ended during the run: {child.died()}")
        show(console, ended, report_dir=project_root() / "build" / "report")
        if keep:
            launch.keep()
            _how_to_sign_in(console, bench)
        stopping = time.monotonic()
        status = exit_status(ended)
    starts = ", ".join(f"{part} {seconds:.0f} s" for part, seconds in bench.seconds.items())
    console.print(
        f"Time: start (side by side) {starts}; run {ended.seconds:.0f} s; stop {time.monotonic() - stopping:.0f} s"
    )
    return status


def up(*, dags_folder: Path | None = None) -> int:
    """Start everything and leave it running.

    Returns:
        The exit status.

    Raises:
        StagingValidationError: Something could not be started.
    """
    console = _console()
    progress = Progress(console)
    with _launch("staging-validation up") as launch:
        progress.say("Starting the local staging and Airflow")
        bench = _workbench(launch, progress, dags_folder, strict_api=True)
        bench.start()
        launch.keep()
    _how_to_sign_in(console, bench)
    return 0


def down() -> int:
    """End what ``up`` or a killed run left running.

    Returns:
        The exit status.

    Raises:
        ConfigurationError: Another launcher is at work.
    """
    console = _console()
    with _launch("staging-validation down", take_over=True) as launch:
        ended = launch.recovered
    console.print(f"Ended {ended} processes." if ended else "Nothing was running.")
    return 0


def _console() -> Console:
    console = Console()
    # Where nobody looks on, rich assumes 80 columns, which breaks the names of checks.
    return console if console.is_terminal else Console(width=max(console.width, _PLAIN_WIDTH))


@contextmanager
def _launch(purpose: str, *, take_over: bool = False) -> Iterator[Launch]:
    """Open the project's launch, with signals turned into an orderly end."""
    try:
        from local_staging.stack.cache import default_cache_dir
        from local_staging.stack.interruption import Interruption
        from local_staging.stack.launch import Launch
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The local staging is not installed: {error.name} is missing.",
            remedy="run this in a checkout of the project, after `pip install -e .` (make does both)",
        ) from error
    folder = project_root() / "build" / "stack"
    cache_dir = default_cache_dir(os.environ)
    with Interruption().listening() as interruption:
        try:
            with Launch(
                folder, cache_dir=cache_dir, purpose=purpose, interruption=interruption, take_over=take_over
            ) as launch:
                yield launch
        except KeyboardInterrupt:
            sys.stderr.write("Interrupted: everything that was started has been ended.\n")
            sys.exit(interruption.exit_status)


def _workbench(
    launch: Launch, progress: Progress, dags_folder: Path | None, *, strict_api: bool
) -> Workbench:
    from local_staging.airflow_runtime.workbench import Workbench

    return Workbench(
        launch,
        project_root(),
        os.environ,
        dags_folder=dags_folder,
        progress=progress.say,
        strict_api=strict_api,
    )


def _how_to_sign_in(console: Console, bench: Workbench) -> None:
    from local_staging.airflow_runtime.runtime import USER

    console.print(f"Airflow: {bench.airflow.base_url}", soft_wrap=True)
    console.print(f"Sign in as {USER}; the password is in {bench.airflow.password_file}", soft_wrap=True)
    console.print("It runs until `staging-validation down` (make down).")
