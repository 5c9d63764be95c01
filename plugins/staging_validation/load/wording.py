"""How the load speaks while it runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a phase is.

    Attributes:
        seconds: Since its start.
        sent: Requests that were sent.
        planned: Requests that will be sent altogether.
        in_flight: Those of the sent ones that wait for their answer.
        failed: Those that failed.
        p95_ms: The 95th percentile of the latencies so far.
    """

    seconds: float
    sent: int
    planned: int
    in_flight: int
    failed: int
    p95_ms: float


def progress_line(title: str, progress: Progress) -> str:
    """Return one line about a phase: how much is sent, and how it goes."""
    share = progress.sent / progress.planned if progress.planned else 1.0
    return (
        f"{title}: {progress.sent} of {progress.planned} sent ({share:.0%}) after {progress.seconds:.0f} s, "
        f"{progress.in_flight} without an answer yet, {progress.failed} failed, p95 {progress.p95_ms:.0f} ms"
    )
