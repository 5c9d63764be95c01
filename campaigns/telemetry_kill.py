"""Starts a process that emits a run, and kills it at a given moment."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import JsonValue

from campaigns.common import PROJECT
from campaigns.telemetry_monitoring import Monitoring
from staging_validation.errors import DeadlineError, ServiceUnreachableError

CHILD = (sys.executable, "-m", "campaigns.telemetry_child")

_NAME = "The emitting process"
_START_SECONDS = 60.0
_END_SECONDS = 60.0


@dataclass(frozen=True)
class Killed:
    """How an emitting process ended.

    Attributes:
        counts: Whether the kill met it at work: it had reported neither its end nor an error before.
        report: Its last line; empty when it said nothing after its begin.
        exit_status: Its exit status, negative for a signal.
    """

    counts: bool
    report: Mapping[str, JsonValue]
    exit_status: int


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
    with _started((*command, place.gateway_url, place.prometheus_url, run_id)) as process:
        _wait_until_ready(process)
        try:
            output, _ = process.communicate("begin\n", timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            output = _rest(process)
    lines = [line for line in output.splitlines() if line]
    report = json.loads(lines[-1]) if lines else {}
    return Killed(not report and process.returncode < 0, report, process.returncode)


@contextmanager
def _started(argv: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env=kept,
        # A Ctrl-C in the terminal is the campaign's, which then kills this one.
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    line = ""
    if (stdout := process.stdout) is not None and select.select([stdout], [], [], _START_SECONDS)[0]:
        line = stdout.readline()
    if '"ready"' not in line:
        raise ServiceUnreachableError(_NAME, f"did not get ready: {line.strip()!r}.")


def _rest(process: subprocess.Popen[str]) -> str:
    try:
        output, _ = process.communicate(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        raise DeadlineError(f"{_NAME} did not end within {_END_SECONDS:g} s after it was killed.") from None
    return output
