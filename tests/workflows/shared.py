"""What the tests of the workflows share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.staging_session import Patience
from staging_validation.clients.workflow_files import workflow_paths
from staging_validation.reporting.wording import found
from staging_validation.results import Outcome

PROJECT = Path(__file__).parents[2]
WORKFLOWS = PROJECT / "include" / "workflows"
NAMES = tuple(path.stem for path in workflow_paths(WORKFLOWS))
IMPATIENT = Patience(effect_seconds=1.5, quiet_seconds=0.2, interval_seconds=0.05, clock_seconds=15.0)


@dataclass(frozen=True)
class RealStaging:
    """The real parts: PostgreSQL, the billing service and the Stripe sandbox.

    Attributes:
        api: The connection ``staging_api``.
        database: The connection ``staging_postgres``.
        stripe: The connection ``stripe_default``.
        dsn: The database's address, for tests that tamper.
    """

    api: ConnectionSettings
    database: ConnectionSettings
    stripe: ConnectionSettings
    dsn: str


def told(results: Sequence[Any]) -> dict[str, str]:
    """Return what people read of everything that is neither passed nor skipped."""
    return {
        result.id: f"{result.subject}: {found(result, limit=400)}"
        for result in results
        if result.outcome not in (Outcome.PASSED, Outcome.SKIPPED)
    }
