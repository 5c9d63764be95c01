"""One reset in a process of its own, as the command line has it: ``python -m benchmarks.reset_process``.

The connection's address comes in ``RESET_DSN``, the ceiling in ``RESET_MAX_CUSTOMERS``. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import datetime, timezone

# Not used here: it makes the process as large as that of the command line is.
import staging_validation.cli
from benchmarks.memory import peak_megabytes
from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.environment import confirm_target
from staging_validation.clients.postgres import connect
from staging_validation.clients.reset import reset_staging
from staging_validation.clients.reset_files import read_customer_states


def main() -> int:
    """Reset once and print ``{seconds, peak_mb, deleted, cli}``."""
    settings = ConnectionSettings.from_airflow_value("staging_postgres", os.environ["RESET_DSN"])
    states = read_customer_states()
    with connect(settings) as connection:
        began = time.monotonic()
        summary = reset_staging(
            connection,
            states,
            confirm=confirm_target,
            now=datetime.now(timezone.utc),
            max_customers=int(os.environ["RESET_MAX_CUSTOMERS"]),
        )
        seconds = time.monotonic() - began
    said = {
        "seconds": seconds,
        "peak_mb": peak_megabytes(),
        "deleted": summary.deleted,
        "cli": staging_validation.cli.__name__,
    }
    sys.stdout.write(json.dumps(said) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
