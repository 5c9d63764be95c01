"""Lets the checker read files that nobody would write: each must end in findings, in time, never in a traceback.

The files are those of ``tests/lint/fuzzing.py``: clean ones with values changed or pieces cut, queries and templates of
any tokens, any JSON and YAML, deep and huge ones. Every rule looks at each, and every form of output is written.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from campaigns.common import (
    BAD_EXIT,
    GOOD_EXIT,
    INTERRUPTED_EXIT,
    PROJECT,
    ends_in_good_order,
    say,
    write_summary,
)
from tests.lint.fuzzing import SECONDS, SORTS, Case, checked

if TYPE_CHECKING:
    from hypothesis import strategies as st
    from pydantic import JsonValue

NAME = "lint_fuzz"
_SHOWN = 2_000


@dataclass
class Tried:
    """What became of the files of one sort.

    Attributes:
        files: How many there were.
        with_findings: How many of them ended in at least one finding.
        findings: How many findings there were.
        slowest_seconds: How much of the processor's time the slowest took.
        faults: What broke the checker, each with the beginning of the file.
    """

    files: int = 0
    with_findings: int = 0
    findings: int = 0
    slowest_seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def add(self, case: Case) -> None:
        """Check one file."""
        began = time.process_time()
        try:
            found = len(checked(case).findings)
        except Exception:  # noqa: BLE001 - whatever it is, it is what the campaign looks for
            self.faults.append(f"{case[0]}: {case[1][:_SHOWN]!r}\n{traceback.format_exc()}")
            found = 0
        self.files += 1
        self.findings += found
        self.with_findings += bool(found)
        self.slowest_seconds = max(self.slowest_seconds, time.process_time() - began)


def run_campaign(cases: int, start: int) -> dict[str, Tried]:
    """Check files of every sort.

    Args:
        cases: How many files in all.
        start: The seed.

    Returns:
        What became of them, by sort.
    """
    each = -(-cases // len(SORTS))
    tried = {}
    for number, (name, strategy) in enumerate(SORTS.items()):
        tried[name] = _sort(strategy, each, start + number)
        done = sum(sort.files for sort in tried.values())
        say(f"[{done}/{each * len(SORTS)}] {name}: {len(tried[name].faults)} faults")
    return tried


def _sort(strategy: st.SearchStrategy[Case], count: int, start: int) -> Tried:
    tried = Tried()

    @seed(start)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def every(case: Case) -> None:
        tried.add(case)

    run: Any = every
    while tried.files < count:
        before = tried.files
        run()
        if tried.files == before:
            break
    return tried


def main(arguments: Sequence[str] | None = None, *, root: Path = PROJECT) -> int:
    """Run the campaign.

    Args:
        arguments: The command line; the process's own by default.
        root: The project's folder, where results are kept.

    Returns:
        0 when no file broke the checker, 1 when one did, 130 when it was interrupted.
    """
    options = argparse.ArgumentParser(prog=f"python -m campaigns.{NAME}", description=__doc__)
    options.add_argument("--cases", type=int, default=20_000, help="how many files (default: %(default)s)")
    options.add_argument("--seed", type=int, help="seed of everything random (default: a new one)")
    chosen = options.parse_args(arguments)
    start = random.SystemRandom().randrange(2**32) if chosen.seed is None else chosen.seed
    try:
        with ends_in_good_order():
            tried = run_campaign(chosen.cases, start)
    except KeyboardInterrupt:
        say("Interrupted; nothing was written.")
        return INTERRUPTED_EXIT
    found = _summary(tried, start)
    path = write_summary(NAME, found, packages=("hypothesis", "jsonschema", "PyYAML"), root=root)
    faults = [fault for sort in tried.values() for fault in sort.faults]
    for fault in faults[:3]:
        say(fault)
    say(f"{len(faults)} of {found['files']} files broke the checker; see {path}")
    return BAD_EXIT if faults else GOOD_EXIT


def _summary(tried: dict[str, Tried], start: int) -> dict[str, JsonValue]:
    sorts = tried.values()
    faults: list[JsonValue] = [fault for sort in sorts for fault in sort.faults]
    return {
        "seed": start,
        "files": sum(sort.files for sort in sorts),
        "files_with_findings": sum(sort.with_findings for sort in sorts),
        "findings": sum(sort.findings for sort in sorts),
        "seconds_allowed": SECONDS,
        "slowest_seconds": round(max(sort.slowest_seconds for sort in sorts), 3),
        "sorts": {
            name: {"files": sort.files, "slowest_seconds": round(sort.slowest_seconds, 3)}
            for name, sort in tried.items()
        },
        "faults": faults,
    }


if __name__ == "__main__":
    sys.exit(main())
