"""Plants defects of every class in clean dashboards and rule files: the checker must find each at its place.

The mutants are those of ``tests/lint/mutation``, all of them or a sample. A mutant is caught when the right rule says
something at the right place that it does not say of the clean file. At least 95 of 100 must be caught, and the clean
files must give no error and no warning.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from campaigns.common import (
    BAD_EXIT,
    GOOD_EXIT,
    INTERRUPTED_EXIT,
    PROJECT,
    ends_in_good_order,
    say,
    write_summary,
)
from staging_validation.lint.finding import Severity
from staging_validation.lint.registry import all_rules
from tests.lint.mutation.controls import controls
from tests.lint.mutation.judge import all_mutants, findings_of, judge, sample
from tests.lint.mutation.mutant import Control
from tests.lint.mutation.summary import DEMANDED, misses, summary, told

if TYPE_CHECKING:
    from pydantic import JsonValue

NAME = "lint_mutations"
_PROGRESS = 500


def main(arguments: Sequence[str] | None = None, *, root: Path = PROJECT) -> int:
    """Run the campaign.

    Args:
        arguments: The command line; the process's own by default.
        root: The project's folder, where results are kept.

    Returns:
        0 when enough mutants were caught and nothing clean was blamed, 1 when not, 130 when it was interrupted.
    """
    options = argparse.ArgumentParser(prog=f"python -m campaigns.{NAME}", description=__doc__)
    options.add_argument("--each", type=int, help="how many mutants of each operator (default: all)")
    options.add_argument("--misses", action="store_true", help="list what was not caught")
    chosen = options.parse_args(arguments)
    try:
        with ends_in_good_order():
            return _campaign(chosen.each, root, list_misses=chosen.misses)
    except KeyboardInterrupt:
        say("Interrupted; nothing was written.")
        return INTERRUPTED_EXIT


def _campaign(each: int | None, root: Path, *, list_misses: bool) -> int:
    blamed = [name for control in controls() for name in false_alarms(control)]
    mutants = sample(each) if each else tuple(all_mutants())
    verdicts = []
    for number, mutant in enumerate(mutants, start=1):
        verdicts.append(judge(mutant))
        if number % _PROGRESS == 0:
            say(f"[{number}/{len(mutants)}] {len(misses(verdicts))} not caught so far")
    found: dict[str, JsonValue] = {**summary(verdicts), "false_alarms": [*blamed]}
    path = write_summary(NAME, found, root=root)
    if list_misses:
        say("\n".join(misses(verdicts)))
    say(f"{told(verdicts)}\n{len(blamed)} errors or warnings in {len(controls())} clean files; see {path}")
    rate = found["rate"]
    return GOOD_EXIT if isinstance(rate, float) and rate >= DEMANDED and not blamed else BAD_EXIT


def false_alarms(control: Control) -> list[str]:
    """Return the errors and warnings in a clean file; rules of taste do not count.

    Args:
        control: The file.
    """
    taste = {rule.id for rule in all_rules() if rule.style}
    return [
        f"{control.name}{one.pointer}: {one.rule}: {one.message}"
        for one in findings_of({control.name: control.text}, control.known)
        if one.severity is not Severity.INFO and one.rule not in taste
    ]


if __name__ == "__main__":
    sys.exit(main())
