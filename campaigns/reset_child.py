"""The process that the campaign kills: one reset, begun when a line comes in, reported as JSON lines.

The first line names the connection's server process. The last one, unless the process was killed, says either how
long the reset took or which error ended it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timezone

from staging_validation.clients.connections import STAGING_POSTGRES, load_connections
from staging_validation.clients.environment import confirm_target
from staging_validation.clients.postgres import connect
from staging_validation.clients.reset import reset_staging
from staging_validation.clients.reset_files import read_customer_states
from staging_validation.errors import StagingValidationError
from staging_validation.fixtures import CustomerState, SeededObjects


def made_up_objects(states: Sequence[CustomerState]) -> dict[str, SeededObjects]:
    """Return ids as Stripe could have given them: the campaign is about the database alone."""
    return {
        state.key: SeededObjects(
            f"cus_{state.key}", f"pm_{state.key}" if state.payment_method_added_days_ago is not None else None
        )
        for state in states
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Reset once; the only argument is the ceiling of customers.

    Returns:
        0 after a reset, 1 when it ended with an error of ours.
    """
    (ceiling,) = sys.argv[1:] if arguments is None else arguments
    settings = load_connections(os.environ)[STAGING_POSTGRES]
    states = read_customer_states()
    try:
        with connect(settings) as connection:
            _report(backend=connection.info.backend_pid)
            sys.stdin.readline()
            began = time.monotonic()
            reset_staging(
                connection,
                states,
                confirm=confirm_target,
                now=datetime.now(timezone.utc),
                max_customers=int(ceiling),
                stripe=made_up_objects(states),
            )
            _report(seconds=time.monotonic() - began)
    except StagingValidationError as error:
        _report(error=type(error).__name__, message=error.message)
        return 1
    return 0


def _report(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    sys.exit(main())
