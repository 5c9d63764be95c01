"""The process that the campaign kills: one whole run, begun when a line comes in, reported as JSON lines.

The first line says that it is ready. The last one, unless the process was killed, says how long the run took and what
was wrong with it, or which error ended it. The parts of staging are named by ``AIRFLOW_CONN_…`` variables.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

from campaigns.billing_night import carry_out
from staging_validation.clients.connections import load_connections
from staging_validation.errors import StagingValidationError


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one run; the arguments are its id, and the workflows to run (all by default).

    Returns:
        0 after a run, 1 when it ended with an error of ours.
    """
    run_id, *names = sys.argv[1:] if arguments is None else arguments
    try:
        connections = load_connections(os.environ)
        _report(ready=run_id)
        sys.stdin.readline()
        done = carry_out(run_id, connections, telemetry=True, names=names)
    except StagingValidationError as error:
        _report(error=type(error).__name__, message=error.message)
        return 1
    _report(seconds=done.seconds, faults=list(done.faults))
    return 0


def _report(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    sys.exit(main())
