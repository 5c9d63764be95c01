"""``doctor``: looks at every connection, and says what is missing and how to set it."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

from rich.console import Console

from staging_validation.cli_commands.configuration import airflow_variables, configuration
from staging_validation.errors import ConfigurationError
from staging_validation.project import project_root
from staging_validation.results import RunResults

_PLAIN_WIDTH = 140
_AIRFLOW = "airflow "


def doctor(*, only: Sequence[str] = (), as_json: bool = False, local: bool = False) -> int:
    """Look at every connection that the package knows. Reads only; no message is sent.

    Args:
        only: The connections to look at; all by default.
        as_json: Print the results as a JSON list, and nothing else.
        local: Look at the connections of the local stack that ``up`` left running.

    Returns:
        The exit status: 0 passed, 1 something is missing or wrong, 2 something could not be asked, 3 the guard
        would refuse.

    Raises:
        ConfigurationError: The settings file or a variable cannot be read; no local stack runs; or
            ``only`` names an unknown connection.
    """
    environ = running_environment() if local else os.environ
    connections, declared = configuration(environ=environ)
    began = datetime.now(timezone.utc)
    try:
        from staging_validation.clients.doctor import examine

        found = examine(
            connections, declared=declared, variables=airflow_variables(environ=environ), only=only
        )
    except KeyboardInterrupt:
        return _interrupted()
    results = RunResults.gather("doctor", found, started_at=began, finished_at=datetime.now(timezone.utc))
    if as_json:
        Console().print_json(json.dumps([result.model_dump(mode="json") for result in found]))
    else:
        _print(results)
    return results.outcome.exit_status


def running_environment() -> Mapping[str, str]:
    """Return the environment of the local stack's Airflow: the only place that knows its passwords.

    They are new at every start and written to no file, so the running process itself is asked; that works for
    whoever started it.

    Raises:
        ConfigurationError: No local stack runs, or it is somebody else's.
    """
    try:
        import psutil

        from local_staging.stack.state import StateFile
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The local staging is not installed: {error.name} is missing.",
            remedy="run this in a checkout of the project, after `make up`",
        ) from error
    state = StateFile(project_root() / "build" / "stack" / "state.json").read()
    for recorded in state.running() if state else ():
        process = recorded.identity.process()
        if process is None or not recorded.name.startswith(_AIRFLOW):
            continue
        try:
            environ = process.environ()
        except psutil.Error as error:
            raise ConfigurationError(
                f"The environment of {recorded.name} (process {recorded.pid}) cannot be read: {error}.",
                remedy="run this as the user who started the stack",
            ) from error
        # The api-server writes its title over its environment; the others keep theirs.
        if any(name.startswith("AIRFLOW_CONN_") for name in environ):
            return environ
    raise ConfigurationError(
        f"No local stack runs in {project_root() / 'build' / 'stack'}.", remedy="start it with `make up`"
    )


def _print(results: RunResults) -> None:
    from staging_validation.reporting import results_table, summary_line

    console = Console() if sys.stdout.isatty() else Console(width=max(Console().width, _PLAIN_WIDTH))
    console.print(results_table(results))
    console.print(summary_line(results), markup=False, soft_wrap=True)


def _interrupted() -> int:
    """End as a program ends by Ctrl-C, at once: a thread may still wait for a server."""
    sys.stderr.write("Interrupted: nothing was changed.\n")
    sys.stderr.flush()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)
    return 128 + signal.SIGINT
