"""Starts a process that emits a run, and kills it at a given moment."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from campaigns import killing
from campaigns.killing import Killed
from campaigns.telemetry_monitoring import Monitoring

CHILD = (sys.executable, "-m", "campaigns.telemetry_child")


def kill_at(seconds: float, run_id: str, place: Monitoring, *, command: Sequence[str] = CHILD) -> Killed:
    """Start a run in a process of its own, and kill the process (SIGKILL) after some seconds.

    Args:
        seconds: When, after the run's begin.
        run_id: The run's id.
        place: Where it emits.
        command: The process to start; it speaks as ``campaigns.telemetry_child`` does.

    Raises:
        ServiceUnreachableError: The process did not get ready.
        DeadlineError: It did not end.
    """
    argv = (*command, place.gateway_url, place.prometheus_url, run_id)
    return killing.kill_at(seconds, argv, name="The emitting process")
