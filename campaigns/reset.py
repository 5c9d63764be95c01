"""Kills a reset again and again, at random moments, and looks at what is left: all of it, or nothing.

A private PostgreSQL server, a polluted database beside other customers' data, and one resetting process for each
run. At a random moment of the reset the process or its server process is killed. Afterwards the database must hold
exactly what it held before, or the whole state after; anything between is a partial state, and the campaign fails.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql
from pydantic import JsonValue

from campaigns.common import (
    BAD_EXIT,
    GOOD_EXIT,
    PROJECT,
    Journal,
    Record,
    carried_out,
    commit,
    parser,
    say,
    write_summary,
)
from campaigns.reset_database import AFTER, PARTIAL, Baseline, judge, pollute
from campaigns.reset_kill import BACKEND, CHILD, CLIENT, VICTIMS, Killed, full_reset, kill_at
from local_staging.service.database import migrate
from local_staging.stack.cache import default_cache_dir
from local_staging.stack.postgres import PostgresServer
from staging_validation.clients.connections import STAGING_POSTGRES, ConnectionSettings
from staging_validation.clients.marker import mark
from staging_validation.clients.postgres import connect, fetch
from staging_validation.clients.reset_files import read_customer_states
from staging_validation.errors import CheckFailedError
from staging_validation.fixtures import CustomerState

NAME = "reset"
_ADMIN, _POLLUTED, _TARGET = "admin", "polluted", "staging"
_TRIES = 10


@dataclass
class Arena:
    """A private server with a polluted database that can be had again and again.

    Attributes:
        server: The server.
        states: What a reset seeds.
        customers: How many test customers there are, and how many others.
        command: The process that resets.
        baseline: The polluted database's content.
    """

    server: PostgresServer
    states: Sequence[CustomerState]
    customers: int
    command: Sequence[str] = CHILD
    baseline: Baseline = field(init=False)

    def __post_init__(self) -> None:
        dsn = self.server.dsn(_POLLUTED)
        migrate(dsn)
        with psycopg.connect(dsn) as connection:
            # The launcher's server forgets its last commits in a crash; here, a commit that was reported must hold.
            connection.execute("ALTER ROLE CURRENT_USER SET synchronous_commit = on")
            mark(
                connection,
                environment="staging",
                marked_by="campaigns.reset",
                reason="made for this campaign",
            )
            pollute(connection, customers=self.customers, known=[state.email for state in self.states])
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            self.baseline = Baseline.of(connection)
        self.restore()

    @property
    def settings(self) -> ConnectionSettings:
        """The connection to the database that is reset."""
        return ConnectionSettings.from_airflow_value(STAGING_POSTGRES, self.server.dsn(_TARGET))

    @property
    def ceiling(self) -> int:
        """How many customers a reset may delete here."""
        return self.customers + len(self.states)

    def restore(self) -> None:
        """Make the database polluted again."""
        name, template = sql.Identifier(_TARGET), sql.Identifier(_POLLUTED)
        self.server.drop(_TARGET)
        with psycopg.connect(self.server.dsn(_ADMIN), autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(name, template))

    def judge(self) -> tuple[str, list[str]]:
        """Say what the database holds; see :func:`campaigns.reset_database.judge`."""
        with closing(connect(self.settings)) as connection:
            return judge(connection, self.baseline, self.states)

    def reset_completely(self) -> float:
        """Reset without a kill, make sure that nothing is wrong with it, and return how long it took.

        Raises:
            CheckFailedError: It left no whole state.
        """
        taken = full_reset(self.settings, ceiling=self.ceiling, command=self.command)
        state, wrong = self.judge()
        self.restore()
        if state != AFTER:
            raise CheckFailedError(f"A reset that nobody killed left the state {state!r}: {'; '.join(wrong)}")
        return taken

    def version(self) -> str:
        """Return the server's version."""
        with closing(connect(self.settings)) as connection:
            return str(fetch(connection, "SHOW server_version")[0][0])


@contextmanager
def arena(*, customers: int, command: Sequence[str] = CHILD) -> Iterator[Arena]:
    """Start a private server in a temporary folder; it is gone at the end.

    Args:
        customers: How many test customers, and how many others beside them.
        command: The process that resets.
    """
    with tempfile.TemporaryDirectory(prefix="staging-validation-campaign-") as folder:
        server = PostgresServer(
            Path(folder) / "postgres",
            cache_dir=default_cache_dir(os.environ),
            databases=(_ADMIN, _POLLUTED),
        )
        with server:
            yield Arena(server, read_customer_states(), customers, command)


def run_campaign(place: Arena, journal: Journal, *, runs: int, seed: int, measured: int = 5) -> float:
    """Kill resets until there are as many results as wanted.

    Args:
        place: Where.
        journal: Where the results go; those that are there count.
        runs: How many kills in all.
        seed: Seed of the moments.
        measured: How many whole resets to time at first.

    Returns:
        How long a whole reset takes, in seconds: the moments are spread evenly over it.

    Raises:
        CheckFailedError: A reset that nobody killed is wrong.
        StagingValidationError: Something did not start, end or recover.
    """
    full = statistics.median(place.reset_completely() for _ in range(measured))
    say(f"A whole reset takes {full * 1000:.0f} ms.")
    while (number := sum(record["counts"] is True for record in journal.records)) < runs:
        tries = sum(record["run"] == number for record in journal.records)
        if tries >= _TRIES:
            raise CheckFailedError(f"Run {number}: the reset was over before the kill, {tries} times.")
        moment = random.Random(f"{seed}/{number}/{tries}").uniform(0, full)  # noqa: S311 - repeatable, not secret
        record = _one_run(place, number, moment)
        journal.add(record)
        _report(record, runs)
    place.restore()
    place.reset_completely()
    return full


def summary(
    records: Sequence[Record], *, runs: int, seed: int, customers: int, full: float, postgresql: str
) -> Record:
    """Return what the campaign found.

    Args:
        records: The journal's records.
        runs: How many kills were wanted.
        seed: Seed of the moments.
        customers: How many test customers there were, and how many others.
        full: How long a whole reset takes, in seconds.
        postgresql: The server's version.
    """
    counted = [record for record in records if record["counts"]]
    return {
        "runs": runs,
        "seed": seed,
        "test_customers": customers,
        "other_customers": customers,
        "postgresql": postgresql,
        "whole_reset_seconds": round(full, 4),
        "kills": dict(Counter(str(record["victim"]) for record in counted)),
        "states": {PARTIAL: 0, **Counter(str(record["state"]) for record in counted)},
        "kills_that_came_too_late": len(records) - len(counted),
        "faults": sum(bool(record["faults"]) for record in records),
    }


def main(arguments: Sequence[str] | None = None, *, root: Path = PROJECT) -> int:
    """Run the campaign.

    Args:
        arguments: The command line; the process's own by default.
        root: The project's folder, where results are kept.

    Returns:
        0 when every kill left all or nothing, 1 when one did not, 2 when the campaign could not be carried out,
        130 when it was interrupted.
    """
    options = parser(NAME, __doc__, runs=100)
    options.add_argument(
        "--customers",
        type=int,
        default=3000,
        help="test customers, and as many others (default: %(default)s)",
    )
    chosen = options.parse_args(arguments)
    return carried_out(lambda: _campaign(chosen, root))


def _campaign(chosen: argparse.Namespace, root: Path) -> int:
    journal = Journal.of(NAME, fresh=chosen.fresh, root=root)
    runs, seed, customers = chosen.runs, journal.seed(chosen.seed), chosen.customers
    journal.begin({"commit": commit()[0], "seed": seed, "customers": customers})
    with arena(customers=customers) as place:
        full, postgresql = run_campaign(place, journal, runs=runs, seed=seed), place.version()
    found = summary(
        journal.records, runs=runs, seed=seed, customers=customers, full=full, postgresql=postgresql
    )
    path = write_summary(NAME, found, packages=("psycopg",), root=root)
    say(f"{runs} kills: {found['states']}, {found['faults']} faults; see {path}")
    return BAD_EXIT if found["faults"] else GOOD_EXIT


def _one_run(place: Arena, number: int, moment: float) -> Record:
    victim = VICTIMS[number % len(VICTIMS)]
    began = time.monotonic()
    killed = kill_at(moment, victim, place.settings, ceiling=place.ceiling, command=place.command)
    state, wrong = place.judge()
    if state != "before":
        place.restore()
    report: dict[str, JsonValue] = dict(killed.report)
    return {
        "run": number,
        "victim": victim,
        "moment_seconds": round(moment, 6),
        "counts": killed.counts,
        "report": report,
        "exit_status": killed.exit_status,
        "state": state,
        "faults": [*wrong, *_broken_promises(killed, victim, state)],
        "seconds": round(time.monotonic() - began, 3),
    }


def _broken_promises(killed: Killed, victim: str, state: str) -> Iterator[str]:
    if "seconds" in killed.report and state != AFTER:
        yield f"the reset reported its success, and the state is {state}"
    if victim != CLIENT and not killed.report:
        yield f"the resetting process ended with status {killed.exit_status} and without a word"
    if victim == BACKEND and killed.exit_status < 0:
        yield f"the resetting process died of signal {-killed.exit_status}"


def _report(record: Record, runs: int) -> None:
    moment, faults = record["moment_seconds"], record["faults"]
    milliseconds = f"{moment * 1000:.0f} ms" if isinstance(moment, float) else "no time"
    late = "" if record["counts"] else " (too late: it was over)"
    wrong = f": {'; '.join(map(str, faults))}" if isinstance(faults, list) and faults else ""
    say(
        f"[{record['run']}/{runs}] {record['victim']} killed after {milliseconds}: {record['state']}{late}{wrong}"
    )


if __name__ == "__main__":
    sys.exit(main())
