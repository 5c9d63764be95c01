"""What became of the requests of a phase, and the figures that sum them up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

BOUNDS_MS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
"""Upper bounds of the histogram's buckets; the contract's thresholds are among them."""

_BAR_WIDTH = 30
_SHOWN_PERCENTILES = (50, 90, 95, 99, 100)


@dataclass(frozen=True)
class Sample:
    """One request.

    All times are seconds from the start of the phase.

    Attributes:
        key: What was sent: an event's id, or an address.
        due: When it was meant to be sent.
        woke: When the generator came to it; later than ``due`` is the generator's fault.
        done: When its answer was there, or when it was given up.
        good: Whether the answer had the status that it must have.
        complete: Whether the answer held everything that it promises.
        fault: What was wrong, in a few words; None for a good and complete answer.
    """

    key: str
    due: float
    woke: float
    done: float
    good: bool
    complete: bool = True
    fault: str | None = None

    @property
    def latency_ms(self) -> float:
        """From the intended moment to the answer: a request that had to wait for others is not excused."""
        return (self.done - self.due) * 1000

    @property
    def lag_ms(self) -> float:
        """How late the generator was."""
        return (self.woke - self.due) * 1000


def percentile(values: Sequence[float], rank: float) -> float:
    """Return a percentile by nearest rank: the smallest value that so many per cent do not exceed; 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * rank / 100) - 1)]


def percentiles(values: Sequence[float]) -> dict[str, JsonValue]:
    """Return the usual percentiles of some latencies, in milliseconds."""
    ordered = sorted(values)
    names = {rank: "max" if rank == 100 else f"p{rank}" for rank in _SHOWN_PERCENTILES}
    return {name: round(percentile(ordered, rank), 1) for rank, name in names.items()}


def histogram(values: Sequence[float]) -> list[dict[str, JsonValue]]:
    """Return how many latencies lie in which range, each with a bar of text, without the empty ranges at the end.

    Args:
        values: The latencies in milliseconds.
    """
    bounds = [*BOUNDS_MS, math.inf]
    counts = [0] * len(bounds)
    for value in values:
        counts[next(place for place, bound in enumerate(bounds) if value <= bound)] += 1
    while len(counts) > 1 and counts[-1] == 0:
        counts.pop()
    most = max(counts)
    return [
        {"ms": _range(place), "requests": count, "bar": _bar(count, most)}
        for place, count in enumerate(counts)
    ]


def achieved_rate(samples: Sequence[Sample], *, slack_seconds: float = 0.0) -> float:
    """Return the share of the planned rate at which the generator really sent, from the first to the last request.

    Args:
        samples: The requests.
        slack_seconds: By how much the last request may be late before it counts: in a short phase a moment is much.
    """
    if len(samples) < 2:
        return 1.0
    planned = max(sample.due for sample in samples) - min(sample.due for sample in samples)
    real = max(sample.woke for sample in samples) - min(sample.woke for sample in samples)
    return 1.0 if real <= planned + slack_seconds else planned / real


def _range(place: int) -> str:
    low = 0 if place == 0 else BOUNDS_MS[place - 1]
    return f"over {low}" if place == len(BOUNDS_MS) else f"{low} to {BOUNDS_MS[place]}"


def _bar(count: int, most: int) -> str:
    """Return a bar; a range with any request at all has at least one mark."""
    return "█" * (max(1, round(_BAR_WIDTH * count / most)) if count else 0)
