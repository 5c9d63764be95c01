"""What the telemetry campaign's records say: the latencies, what was equal, what was left, and whether that is good."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import ceil

from pydantic import JsonValue

from campaigns.common import Journal, Record
from local_staging.stack.monitoring import SCRAPE_INTERVAL_SECONDS

PROMISED_SECONDS = SCRAPE_INTERVAL_SECONDS + 1.0
"""How long a push may take until a query shows all of it."""

RUN, KILL, LAST = "run", "kill", "last"
"""The sorts of records: an undisturbed run, a killed one, and the run after the kills."""


def summary(journal: Journal, *, runs: int, kills: int, seed: int) -> Record:
    """Return what the campaign found.

    Args:
        journal: The journal of a finished campaign.
        runs: How many undisturbed runs were wanted.
        kills: How many killed ones.
        seed: Seed of the moments.
    """
    last = next(record for record in of_sort(journal, LAST) if record["kills"] == kills)
    counted = counted_kills(journal, str(last["session"]))
    measured = [*of_sort(journal, RUN), last]
    by_stage: dict[str, list[float]] = defaultdict(list)
    for stage, seconds in (pair for record in measured for pair in latencies_of(record)):
        by_stage[stage].append(seconds)
    pushes = [seconds for stage in by_stage.values() for seconds in stage]
    return {
        "runs": runs,
        "kills": len(counted),
        "seed": seed,
        "scrape_interval_seconds": SCRAPE_INTERVAL_SECONDS,
        "promised_seconds": PROMISED_SECONDS,
        "pushes": len(pushes),
        "pushes_later_than_promised": sum(seconds > PROMISED_SECONDS for seconds in pushes),
        "push_to_visible_seconds": {
            "all": _spread(pushes),
            **{stage: _spread(seconds) for stage, seconds in by_stage.items()},
        },
        "series": sum(int(number_in(record["series"])) for record in measured),
        "series_equal": sum(int(number_in(record["equal"])) for record in measured),
        "kills_that_left_a_group": sum(record["left"] is True for record in counted),
        "kills_that_came_too_late": sum(record["counts"] is False for record in of_sort(journal, KILL)),
        "groups_swept_after_the_kills": last["swept"],
        "groups_left": last["groups_left"],
        "faults": sum(bool(record["faults"]) for record in journal.records),
    }


def kept(found: Record) -> bool:
    """Say whether every promise was kept: nothing late, wrong or left; and whether there was something to keep."""
    return (
        found["pushes_later_than_promised"] == found["groups_left"] == found["faults"] == 0
        and found["series"] == found["series_equal"] != 0
        and (found["kills"] == 0 or found["groups_swept_after_the_kills"] != 0)
    )


def outcome(found: Record) -> str:
    """Return a summary as one line."""
    spread = found["push_to_visible_seconds"]
    every = spread.get("all") if isinstance(spread, dict) else None
    figures = (
        ", ".join(f"{name} {seconds} s" for name, seconds in every.items()) if isinstance(every, dict) else ""
    )
    return (
        f"{found['pushes']} pushes seen ({figures}; promised {found['promised_seconds']} s), "
        f"{found['series_equal']} of {found['series']} series equal, {found['kills']} kills, "
        f"{found['groups_left']} groups left: {'every promise kept' if kept(found) else 'NOT every promise kept'}"
    )


def of_sort(journal: Journal, sort: str) -> list[Record]:
    """Return the records of one sort."""
    return [record for record in journal.records if record["sort"] == sort]


def counted_kills(journal: Journal, session: str) -> list[Record]:
    """Return the kills that met a run at work, on one Pushgateway."""
    return [
        record
        for record in of_sort(journal, KILL)
        if record["counts"] is True and record["session"] == session
    ]


def latencies_of(record: Record) -> Iterator[tuple[str, float]]:
    """Yield each push of a run with how long it took until it was seen, in seconds."""
    latencies = record["latencies"]
    if isinstance(latencies, dict):
        yield from ((stage, number_in(seconds)) for stage, seconds in latencies.items())


def _spread(values: Sequence[float]) -> JsonValue:
    """Return median, 95th percentile (the nearest rank) and maximum; nothing when no push was seen."""
    if not values:
        return None
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 3),
        "percentile_95": ordered[ceil(0.95 * len(ordered)) - 1],
        "maximum": ordered[-1],
    }


def number_in(value: JsonValue) -> float:
    """Return a record's number, 0 when there is none."""
    return float(value) if isinstance(value, (int, float)) else 0.0


def told(record: Record) -> str:
    """Return a record as a line of progress."""
    faults = record["faults"]
    wrong = f": {'; '.join(map(str, faults))}" if isinstance(faults, list) and faults else ""
    if record["sort"] == KILL:
        late = "" if record["counts"] else ", too late"
        left = "left a group" if record["left"] else "left nothing"
        return f"killed after {record['moment_seconds']} s{late}, {left}{wrong}"
    seen = ", ".join(f"{stage} after {seconds:.2f} s" for stage, seconds in latencies_of(record))
    return f"{record['equal']} of {record['series']} series equal; seen: {seen}{wrong}"
