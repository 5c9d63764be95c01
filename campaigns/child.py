"""What the processes that campaigns kill have in common: begun when a line comes in, reported as JSON lines.

The first line says that the process is ready. The last one, unless it was killed, says how long its work took and what
was wrong with it, or which error ended it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping

from staging_validation.errors import StagingValidationError

Work = Callable[[], Mapping[str, object]]
"""Does the work, and returns what is told of it."""


def obey(prepare: Callable[[], tuple[Mapping[str, object], Work]]) -> int:
    """Prepare, say so, wait for a line, and work.

    Args:
        prepare: Prepares the work; returns what is told of that, and the work.

    Returns:
        The exit status: 0 after the work, 1 when it ended with an error of ours.
    """
    try:
        ready, work = prepare()
        _report(ready)
        sys.stdin.readline()
        done = work()
    except StagingValidationError as error:
        _report({"error": type(error).__name__, "message": error.message})
        return 1
    _report(done)
    return 0


def _report(fields: Mapping[str, object]) -> None:
    print(json.dumps(dict(fields)), flush=True)
