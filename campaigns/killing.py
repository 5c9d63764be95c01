"""Starts a process that does a run, and kills it at a given moment."""

from __future__ import annotations

import json
import os
import select
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import JsonValue

from campaigns.common import PROJECT
from staging_validation.errors import DeadlineError, ServiceUnreachableError

_START_SECONDS = 60.0
_END_SECONDS = 60.0


@dataclass(frozen=True)
class Killed:
    """How a process ended.

    Attributes:
        counts: Whether the kill met it at work: it had reported neither its end nor an error before.
        report: Its last line; empty when it said nothing after its begin.
        exit_status: Its exit status, negative for a signal.
    """

    counts: bool
    report: Mapping[str, JsonValue]
    exit_status: int


def kill_at(
    seconds: float, argv: Sequence[str], *, name: str, environment: Mapping[str, str] | None = None
) -> Killed:
    """Start a process, let it begin, and kill it (SIGKILL) after some seconds.

    The process prints JSON lines: one that says ``ready``, and, when it has read a line and done its work, what came
    of it.

    Args:
        seconds: When, after its begin.
        argv: The command.
        name: What it is, for messages: the subject of a sentence.
        environment: Variables beside this process's own, of which those for Airflow are left out.

    Raises:
        ServiceUnreachableError: The process did not get ready.
        DeadlineError: It did not end.
    """
    with _started(argv, environment or {}) as process:
        _wait_until_ready(process, name)
        try:
            output, _ = process.communicate("begin\n", timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            output = _rest(process, name)
    lines = [line for line in output.splitlines() if line]
    report = json.loads(lines[-1]) if lines else {}
    return Killed(not report and process.returncode < 0, report, process.returncode)


@contextmanager
def _started(argv: Sequence[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env={**kept, **environment},
        # A Ctrl-C in the terminal is the campaign's, which then kills this one.
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _wait_until_ready(process: subprocess.Popen[str], name: str) -> None:
    line = ""
    if (stdout := process.stdout) is not None and select.select([stdout], [], [], _START_SECONDS)[0]:
        line = stdout.readline()
    if '"ready"' not in line:
        raise ServiceUnreachableError(name, f"did not get ready: {line.strip()!r}.")


def _rest(process: subprocess.Popen[str], name: str) -> str:
    try:
        output, _ = process.communicate(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        raise DeadlineError(f"{name} did not end within {_END_SECONDS:g} s after it was killed.") from None
    return output
