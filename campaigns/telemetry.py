"""Emits and verifies one run after the other, then kills runs at random moments: nothing may be late, wrong or left.

A private Pushgateway and a private Prometheus that scrapes it every second. Every push of every run must be seen in a
query within one scrape interval and one second, and every series and bucket must be equal. Then processes that emit a
run are killed at random moments. The next run sweeps what they left, is verified like any other, and after its
deletion the Pushgateway holds no group and Prometheus shows no series any more.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

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
from campaigns.killing import Killed
from campaigns.telemetry_kill import CHILD, kill_at
from campaigns.telemetry_monitoring import Monitoring, private_monitoring
from campaigns.telemetry_run import carry_out, shipped_catalogue
from campaigns.telemetry_summary import (
    KILL,
    LAST,
    PROMISED_SECONDS,
    RUN,
    counted_kills,
    kept,
    number_in,
    of_sort,
    outcome,
    summary,
    told,
)
from staging_validation.clients.emission import sweep_groups
from staging_validation.clients.polling import wait_for
from staging_validation.errors import CheckFailedError, DeadlineError
from staging_validation.telemetry import Catalogue

NAME = "telemetry"
_TRIES = 10
_GONE_SECONDS = 10.0
_SHOWN = 'count({validation_run=~".+"})'


@dataclass
class Arena:
    """Where the campaign happens.

    Attributes:
        place: The Pushgateway and Prometheus.
        catalogue: The metric catalogue.
        session: Names this Pushgateway among those of the campaign: what a killed run left, only its own has.
        command: The process that is killed.
    """

    place: Monitoring
    catalogue: Catalogue
    session: str
    command: Sequence[str] = CHILD


def run_campaign(arena: Arena, journal: Journal, *, runs: int, kills: int, seed: int) -> None:
    """Carry out what is missing in the journal.

    Args:
        arena: Where.
        journal: Where the results go; those that are there count. A killed run counts only when the run after the
            kills met the same Pushgateway.
        runs: How many undisturbed runs in all.
        kills: How many killed ones.
        seed: Seed of the moments.

    Raises:
        CheckFailedError: The runs were over before their kills, again and again.
        StagingValidationError: A service cannot be asked, or a process did not start or end.
    """
    for number in range(len(of_sort(journal, RUN)), runs):
        record = _undisturbed(arena, RUN, number, f"campaign-{seed}-{number}")
        journal.add(record)
        say(f"[{number + 1}/{runs}] {told(record)}")
    if any(record["kills"] == kills for record in of_sort(journal, LAST)):
        return
    whole = statistics.median(number_in(record["seconds"]) for record in of_sort(journal, RUN))
    while (number := len(counted_kills(journal, arena.session))) < kills:
        record = _killed(arena, journal, number, seed, whole)
        journal.add(record)
        say(f"[{number + 1}/{kills}] {told(record)}")
    record = {**_after_the_kills(arena, f"campaign-{seed}-last"), "kills": kills}
    journal.add(record)
    say(f"[after the kills] {told(record)}")


def main(arguments: Sequence[str] | None = None, *, root: Path = PROJECT) -> int:
    """Run the campaign.

    Args:
        arguments: The command line; the process's own by default.
        root: The project's folder, where results are kept.

    Returns:
        0 when every promise was kept, 1 when one was not, 2 when the campaign could not be carried out, 130 when it
        was interrupted.
    """
    options = parser(NAME, __doc__, runs=50)
    options.add_argument("--kills", type=int, default=10, help="how many killed runs (default: %(default)s)")
    chosen = options.parse_args(arguments)
    return carried_out(lambda: _campaign(chosen, root))


def _campaign(chosen: argparse.Namespace, root: Path) -> int:
    journal = Journal.of(NAME, fresh=chosen.fresh, root=root)
    runs, kills, seed = chosen.runs, chosen.kills, journal.seed(chosen.seed)
    journal.begin({"commit": commit()[0], "seed": seed})
    with private_monitoring() as place:
        session = datetime.now(timezone.utc).isoformat()
        run_campaign(Arena(place, shipped_catalogue(), session), journal, runs=runs, kills=kills, seed=seed)
        versions = place.versions()
    found = {**summary(journal, runs=runs, kills=kills, seed=seed), **versions}
    path = write_summary(NAME, found, packages=("prometheus-client", "requests"), root=root)
    say(f"{outcome(found)}; see {path}")
    return GOOD_EXIT if kept(found) else BAD_EXIT


def _undisturbed(arena: Arena, sort: str, number: int, run_id: str) -> Record:
    done = asdict(carry_out(run_id, arena.catalogue, arena.place))
    late = [
        f"the push of the {stage} was seen after {seconds:.2f} s, promised are {PROMISED_SECONDS:g} s"
        for stage, seconds in done["latencies"].items()
        if seconds > PROMISED_SECONDS
    ]
    return {"sort": sort, "run": number, **done, "faults": [*done["faults"], *late]}


def _killed(arena: Arena, journal: Journal, number: int, seed: int, whole: float) -> Record:
    """Kill one run at a random moment of it.

    Raises:
        CheckFailedError: It was over before its kill, again and again.
    """
    tries = sum(
        record["run"] == number and record["session"] == arena.session for record in of_sort(journal, KILL)
    )
    if tries >= _TRIES:
        raise CheckFailedError(f"Kill {number}: the run was over before it, {tries} times.")
    moment = random.Random(f"{seed}/{number}/{tries}").uniform(0, whole)  # noqa: S311 - repeatable, not secret
    run_id = f"campaign-{seed}-killed-{number}-{tries}"
    killed = kill_at(moment, run_id, arena.place, command=arena.command)
    report: dict[str, JsonValue] = dict(killed.report)
    return {
        "sort": KILL,
        "run": number,
        "session": arena.session,
        "moment_seconds": round(moment, 3),
        "counts": killed.counts,
        "report": report,
        "exit_status": killed.exit_status,
        "left": run_id in arena.place.groups(),
        "faults": list(_faults_of(killed)),
    }


def _faults_of(killed: Killed) -> Iterator[str]:
    """Yield what is wrong with a process beside its having been killed."""
    if not killed.counts and "seconds" not in killed.report:
        said = killed.report.get("message", "without a word")
        yield f"the emitting process ended with status {killed.exit_status}: {said}"
    faults = killed.report.get("faults")
    if isinstance(faults, list):
        yield from map(str, faults)


def _after_the_kills(arena: Arena, run_id: str) -> Record:
    """Sweep, carry out one more run, and look at what is left."""
    found = arena.place.groups()
    swept = sweep_groups(arena.place.gateway, older_than=datetime.now(timezone.utc), keep=run_id)
    record = _undisturbed(arena, LAST, 0, run_id)
    left = arena.place.groups()
    faults = record["faults"]
    wrong = [*faults] if isinstance(faults, list) else []
    wrong += [f"the sweep did not take the group of {run}" for run in found if run not in swept]
    wrong += [f"the group of {run} is left" for run in left]
    wrong += _still_shown(arena.place)
    return {
        **record,
        "session": arena.session,
        "swept": len(swept),
        "groups_left": len(left),
        "faults": wrong,
    }


def _still_shown(place: Monitoring) -> list[JsonValue]:
    """Say whether Prometheus still shows series of runs, although their groups are gone."""
    try:
        wait_for(
            "Prometheus to show no series of any run",
            lambda: True if not place.prometheus.query(_SHOWN) else None,
            timeout_seconds=_GONE_SECONDS,
        )
    except DeadlineError:
        return [f"{_GONE_SECONDS:g} s after the last group's deletion Prometheus still shows series of a run"]
    return []


if __name__ == "__main__":
    sys.exit(main())
