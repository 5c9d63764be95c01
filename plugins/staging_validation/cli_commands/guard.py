"""``guard`` and ``mark``: what environment is this, and say so."""

from __future__ import annotations

import getpass
import json
import platform
from difflib import get_close_matches

from rich.console import Console
from rich.table import Table
from rich.text import Text

from staging_validation.cli_commands.configuration import configuration
from staging_validation.clients.connections import STAGING_POSTGRES, ConnectionSettings
from staging_validation.clients.guarding import GuardReport, guard, require_connections
from staging_validation.environment import Evidence, Reading
from staging_validation.environment.names import PRODUCTION, RUNNABLE
from staging_validation.errors import ConfigurationError, GuardRefusedError, ServiceUnreachableError
from staging_validation.results.outcomes import Outcome

_STYLES = {
    Reading.PRODUCTION: "bold red",
    Reading.NON_PRODUCTION: "green",
    Reading.UNKNOWN: "dim",
    Reading.UNREACHABLE: "yellow",
}


def show_guard(*, as_json: bool = False) -> int:
    """Print what every source says, and the verdict.

    Args:
        as_json: Print the results as a JSON list, and nothing else.

    Returns:
        The exit status of the verdict: 0 passed, 2 errored, 3 refused.

    Raises:
        ConfigurationError: A connection that the guard asks is missing.
    """
    connections, declared = configuration()
    require_connections(connections)
    report = guard(connections, declared=declared)
    if as_json:
        Console().print_json(json.dumps([result.model_dump(mode="json") for result in report.results]))
    else:
        console = Console()
        print_evidence(console, report)
        reasons = "; ".join(report.verdict.reasons) or "all evidence allows it"
        console.print(f"{report.verdict.outcome.value.upper()}: {reasons}", markup=False, soft_wrap=True)
    return report.verdict.outcome.exit_status


def mark(environment: str, *, reason: str, marked_by: str | None = None) -> int:
    """Mark the database of the connection ``staging_postgres``.

    Marking it as production is always allowed. Marking it as anything else is refused when any source says
    production: also when its own marker does, unless that came with a dump from another cluster.

    Args:
        environment: The environment's name.
        reason: Why it may be called so; kept with the marker.
        marked_by: Who says so; the user and the machine by default.

    Returns:
        The exit status.

    Raises:
        ConfigurationError: The name is unheard of, or no reason is given.
        GuardRefusedError: A source says production.
        ServiceUnreachableError: A configured source cannot be asked.
    """
    name = _known(environment)
    if not reason.strip():
        raise ConfigurationError(
            "A marker needs a reason.", remedy="say why, for whoever audits it: --reason '…'"
        )
    connections, declared = configuration()
    report = guard(connections, declared=declared, required=frozenset())
    console = Console()
    print_evidence(console, report)
    if name not in PRODUCTION:
        _refuse_production(report)
    _write(connections[STAGING_POSTGRES], name, reason=reason, marked_by=marked_by or _whoami())
    console.print(f"Marked the database as {name}: {reason}", markup=False, soft_wrap=True)
    return Outcome.PASSED.exit_status


def print_evidence(console: Console, report: GuardReport) -> None:
    """Print what every source says as a table."""
    table = Table(title="Is this production?", title_justify="left")
    for heading in ("Source", "Says", "Because"):
        table.add_column(heading, overflow="fold")
    for piece in report.verdict.evidence:
        table.add_row(
            Text(_source(piece)), Text(piece.reading.value, _STYLES[piece.reading]), Text(piece.because)
        )
    console.print(table)


def _source(piece: Evidence) -> str:
    return f"{piece.source} (required)" if piece.required else piece.source


def _known(environment: str) -> str:
    name = environment.strip().casefold()
    if name in RUNNABLE or name in PRODUCTION:
        return name
    close = get_close_matches(name, RUNNABLE | PRODUCTION, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise ConfigurationError(
        f"Nobody has heard of an environment called {environment!r}.{hint}",
        remedy=f"use one of {', '.join(sorted(RUNNABLE))}, or production",
    )


def _refuse_production(report: GuardReport) -> None:
    said = [piece.because for piece in report.verdict.evidence if piece.reading is Reading.PRODUCTION]
    if said:
        raise GuardRefusedError(
            f"The database is not marked: {'; '.join(said)}.",
            remedy="correct what says production; a marker never overrides it",
        )
    unasked = [piece.because for piece in report.verdict.evidence if piece.reading is Reading.UNREACHABLE]
    if unasked:
        raise ServiceUnreachableError("Environment guard", "; ".join(unasked))


def _write(settings: ConnectionSettings, environment: str, *, reason: str, marked_by: str) -> None:
    from staging_validation.clients.marker import mark as write_marker
    from staging_validation.clients.postgres import connect, database_errors

    with database_errors(), connect(settings, application_name="staging-validation mark") as connection:
        write_marker(connection, environment=environment, marked_by=marked_by, reason=reason)


def _whoami() -> str:
    return f"{getpass.getuser()}@{platform.node()}"
