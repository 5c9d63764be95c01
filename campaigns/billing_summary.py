"""What the billing campaign's records say: what did not pass, how long it took, what kills left."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from pydantic import JsonValue

from campaigns.common import Journal, Record

ALL_SECONDS = 30.0
"""What all workflows may take together."""

YEAR, YEAR_SECONDS = "w20_billing_year", 10.0
"""The workflow that lives a year, and what it may take."""

_SHOWN_FAULTS = 20

RUN, KILL = "run", "kill"
"""The sorts of records: a run, and a killed run with the one after it."""


def summary(journal: Journal, *, runs: int, seed: int) -> Record:
    """Return what the campaign found.

    Args:
        journal: The journal of a finished campaign.
        runs: How many runs were wanted.
        seed: Seed of the moments.
    """
    ran, killed = of_sort(journal, RUN), counted_kills(journal)
    longest: dict[str, float] = {}
    for record in ran:
        for name, seconds in numbers_in(record["workflows"]).items():
            longest[name] = max(longest.get(name, 0.0), seconds)
    together = [number_in(record["workflows_seconds"]) for record in ran]
    every = [text for record in journal.records for text in texts_in(record["faults"])]
    return {
        "runs": runs,
        "kills": len(killed),
        "seed": seed,
        "workflows": len(longest),
        "results": sum(int(number_in(record["results"])) for record in ran),
        "runs_with_faults": sum(bool(record["faults"]) for record in ran),
        "all_workflows_seconds": {
            "promised": ALL_SECONDS,
            "median": round(statistics.median(together), 2) if together else None,
            "maximum": round(max(together, default=0.0), 2),
        },
        "billing_year_seconds": {"promised": YEAR_SECONDS, "maximum": round(longest.get(YEAR, 0.0), 2)},
        "longest_seconds": {name: round(seconds, 2) for name, seconds in sorted(longest.items())},
        "kills_that_came_too_late": sum(record["counts"] is False for record in of_sort(journal, KILL)),
        "kills_that_left_something": sum(bool(record["left_by_the_kill"]) for record in killed),
        "left_after_the_next_run": sum(len(texts_in(record["left"])) for record in killed),
        "faults": list[JsonValue](every[:_SHOWN_FAULTS]),
    }


def kept(found: Record) -> bool:
    """Say whether every promise was kept, and whether there was something to keep."""
    together, year = found["all_workflows_seconds"], found["billing_year_seconds"]
    return (
        not found["faults"]
        and found["runs_with_faults"] == found["left_after_the_next_run"] == 0
        and number_in(found["results"]) > 0
        and number_in(numbers_in(together).get("maximum", 0.0)) <= ALL_SECONDS
        and number_in(numbers_in(year).get("maximum", 0.0)) <= YEAR_SECONDS
        and (found["kills"] == 0 or number_in(found["kills_that_left_something"]) > 0)
    )


def outcome(found: Record) -> str:
    """Return a summary as one line."""
    together, year = found["all_workflows_seconds"], found["billing_year_seconds"]
    return (
        f"{found['runs']} runs of {found['workflows']} workflows, {found['results']} results, "
        f"{found['runs_with_faults']} runs with faults; all workflows at most {_maximum(together)} s "
        f"(promised {ALL_SECONDS:g}), the billing year {_maximum(year)} s (promised {YEAR_SECONDS:g}); "
        f"{found['kills']} kills, {found['kills_that_left_something']} left something, "
        f"{found['left_after_the_next_run']} leftovers after the next run: "
        f"{'every promise kept' if kept(found) else 'NOT every promise kept'}"
    )


def told(record: Record) -> str:
    """Return a record as a line of progress."""
    faults = texts_in(record["faults"])
    wrong = f": {'; '.join(faults[:3])}" if faults else ""
    if record["sort"] == KILL:
        late = "" if record["counts"] else ", too late"
        left = texts_in(record["left"])
        after = f"{len(left)} left after the next run" + (f" ({'; '.join(left[:3])})" if left else "")
        by_kill = len(texts_in(record["left_by_the_kill"]))
        return f"killed after {record['moment_seconds']} s{late}, left {by_kill} things, {after}{wrong}"
    slowest = max(numbers_in(record["workflows"]).items(), key=lambda entry: entry[1], default=("none", 0.0))
    return (
        f"{record['results']} results, {len(faults)} faults, workflows {record['workflows_seconds']} s "
        f"(slowest {slowest[0]} {slowest[1]} s), whole {record['seconds']} s{wrong}"
    )


def of_sort(journal: Journal, sort: str) -> list[Record]:
    """Return the records of one sort."""
    return [record for record in journal.records if record["sort"] == sort]


def counted_kills(journal: Journal) -> list[Record]:
    """Return the kills that met a run at work."""
    return [record for record in of_sort(journal, KILL) if record["counts"] is True]


def number_in(value: JsonValue) -> float:
    """Return a record's number, 0 when there is none."""
    return float(value) if isinstance(value, (int, float)) else 0.0


def numbers_in(value: JsonValue) -> dict[str, float]:
    """Return a record's numbers by name."""
    return {name: number_in(number) for name, number in value.items()} if isinstance(value, dict) else {}


def texts_in(value: JsonValue) -> Sequence[str]:
    """Return a record's list of texts."""
    return [str(text) for text in value] if isinstance(value, list) else []


def _maximum(value: JsonValue) -> float:
    return numbers_in(value).get("maximum", 0.0)
