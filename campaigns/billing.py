"""Runs all billing workflows one run after the other, then kills runs at random moments: no flake, nothing left.

Private stagings, one after the other, whose parts are processes of their own. Every run resets, drives all workflows
four at once, reconciles their money and sweeps; every single result must pass, in time. Then processes that do a whole
run, telemetry included, are killed at random moments; after the next run, an independent look finds nothing of them in
Stripe, in the database and on the Pushgateway.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from campaigns.billing_night import Night, carry_out, tried
from campaigns.billing_place import Place, private_staging
from campaigns.billing_summary import (
    KILL,
    RUN,
    counted_kills,
    kept,
    number_in,
    of_sort,
    outcome,
    summary,
    told,
)
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
from campaigns.killing import kill_at
from staging_validation.errors import CheckFailedError

NAME = "billing"
CHILD = (sys.executable, "-m", "campaigns.billing_child")
_TRIES = 10
_RUNS_EACH, _KILLS_EACH = 10, 5
"""How much each staging does; a kill is two runs."""


@dataclass
class Arena:
    """Where the campaign happens.

    Attributes:
        place: The staging.
        command: The process that is killed.
        names: The workflows to run; all by default.
    """

    place: Place
    command: Sequence[str] = CHILD
    names: Sequence[str] = ()


def run_campaign(arena: Arena, journal: Journal, *, runs: int, kills: int, seed: int) -> None:
    """Carry out what is missing in the journal.

    Args:
        arena: Where.
        journal: Where the results go; those that are there count.
        runs: How many undisturbed runs in all.
        kills: How many killed ones.
        seed: Seed of the moments.

    Raises:
        CheckFailedError: The runs were over before their kills, again and again.
        StagingValidationError: A process did not start or end.
    """
    for number in range(len(of_sort(journal, RUN)), runs):
        record = _undisturbed(arena, number, f"campaign-{seed}-{number}")
        journal.add(record)
        say(f"[{number + 1}/{runs}] {told(record)}")
    whole = statistics.median(number_in(record["seconds"]) for record in of_sort(journal, RUN))
    while (number := len(counted_kills(journal))) < kills:
        record = _killed(arena, journal, number, seed, whole)
        journal.add(record)
        say(f"[kill {number + 1}/{kills}] {told(record)}")


def steps(runs: int, kills: int) -> Iterator[tuple[int, int]]:
    """Yield how many runs and kills there shall be when each staging has done its part.

    A staging does some nights only: its service keeps the metrics of all customers it ever had, and its Stripe all
    events, so that after a hundred nights within the hour one would measure those.

    Args:
        runs: How many undisturbed runs in all.
        kills: How many killed ones.
    """
    yield from ((upto, 0) for upto in (*range(_RUNS_EACH, runs, _RUNS_EACH), runs))
    yield from ((runs, upto) for upto in (*range(_KILLS_EACH, kills, _KILLS_EACH), kills) if upto)


def main(arguments: Sequence[str] | None = None, *, root: Path = PROJECT) -> int:
    """Run the campaign.

    Args:
        arguments: The command line; the process's own by default.
        root: The project's folder, where results are kept.

    Returns:
        0 when every promise was kept, 1 when one was not, 2 when the campaign could not be carried out, 130 when it
        was interrupted.
    """
    options = parser(NAME, __doc__, runs=100)
    options.add_argument("--kills", type=int, default=20, help="how many killed runs (default: %(default)s)")
    chosen = options.parse_args(arguments)
    return carried_out(lambda: _campaign(chosen, root))


def _campaign(chosen: argparse.Namespace, root: Path) -> int:
    journal = Journal.of(NAME, fresh=chosen.fresh, root=root)
    runs, kills, seed = chosen.runs, chosen.kills, journal.seed(chosen.seed)
    journal.begin({"commit": commit()[0], "seed": seed})
    for upto, killed in steps(runs, kills):
        if len(of_sort(journal, RUN)) < upto or len(counted_kills(journal)) < killed:
            with private_staging() as place:
                run_campaign(Arena(place), journal, runs=upto, kills=killed, seed=seed)
    found = summary(journal, runs=runs, seed=seed)
    path = write_summary(NAME, found, packages=("stripe", "psycopg", "requests"), root=root)
    say(f"{outcome(found)}; see {path}")
    return GOOD_EXIT if kept(found) else BAD_EXIT


def _undisturbed(arena: Arena, number: int, run_id: str) -> Record:
    done = tried(lambda: carry_out(run_id, arena.place.connections, names=arena.names))
    left = arena.place.left(run_id)
    return {"sort": RUN, "run": number, **_recorded(done), "faults": [*done.faults, *_named(left)]}


def _killed(arena: Arena, journal: Journal, number: int, seed: int, whole: float) -> Record:
    """Kill one run at a random moment of it, carry out the next, and look at what is left.

    Raises:
        CheckFailedError: It was over before its kill, again and again.
    """
    tries = sum(record["run"] == number for record in of_sort(journal, KILL))
    if tries >= _TRIES:
        raise CheckFailedError(f"Kill {number}: the run was over before it, {tries} times.")
    moment = random.Random(f"{seed}/{number}/{tries}").uniform(0, whole)  # noqa: S311 - repeatable, not secret
    victim, after = (f"campaign-{seed}-{role}-{number}-{tries}" for role in ("killed", "after"))
    argv = (*arena.command, victim, *arena.names)
    killed = kill_at(moment, argv, name="The process with a whole run", environment=arena.place.environment)
    by_kill = arena.place.of_run(victim)
    done = tried(lambda: carry_out(after, arena.place.connections, telemetry=True, names=arena.names))
    left = arena.place.left(after)
    faults = [*done.faults]
    if not killed.counts and "seconds" not in killed.report:
        said = killed.report.get("message", "without a word")
        faults.append(f"the process with a whole run ended with status {killed.exit_status}: {said}")
    report: dict[str, JsonValue] = dict(killed.report)
    return {
        "sort": KILL,
        "run": number,
        "moment_seconds": round(moment, 3),
        "counts": killed.counts,
        "exit_status": killed.exit_status,
        "report": report,
        "left_by_the_kill": [*by_kill],
        "left": [*left],
        **_recorded(done),
        "faults": [*faults, *_named(left)],
    }


def _recorded(done: Night) -> Record:
    return {
        "results": done.results,
        "workflows": {name: round(seconds, 2) for name, seconds in done.workflows.items()},
        "workflows_seconds": round(done.workflows_seconds, 2),
        "seconds": round(done.seconds, 2),
    }


def _named(left: Sequence[str]) -> list[str]:
    return [f"left: {one}" for one in left]


if __name__ == "__main__":
    sys.exit(main())
