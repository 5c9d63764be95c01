"""Puts the staging data back to the known customers: all of it in one transaction, or none of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from staging_validation.clients.postgres import database_errors, fetch
from staging_validation.clients.reset_plan import delete_planned, plan_reset, read_test_customers
from staging_validation.clients.reset_rows import read_states, seed_state
from staging_validation.errors import CheckFailedError, ConfigurationError
from staging_validation.fixtures.comparison import compare_others, compare_state, content_hash
from staging_validation.results import CheckResult, Outcome

if TYPE_CHECKING:
    from staging_validation.fixtures.model import CustomerState
    from staging_validation.fixtures.rows import StateRows

DEFAULT_MAX_CUSTOMERS = 1000
STATEMENT_TIMEOUT_SECONDS = 60
LOCK_TIMEOUT_SECONDS = 10

_LIMITS = """
SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true),
       set_config('timezone', 'UTC', true)
"""
_ADVISORY_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('staging_validation.reset', 0))"


@dataclass(frozen=True)
class ResetSummary:
    """What a reset did.

    Attributes:
        deleted: How many rows went, by table.
        created: How many customers were seeded.
        fixture_types: The keys of the seeded states.
        content_hash: What the seeded customers hold, without ids, keys and times: the same for every reset with
            the same states.
        results: The read-back inside the transaction, one result for each customer.
    """

    deleted: dict[str, int]
    created: int
    fixture_types: tuple[str, ...]
    content_hash: str
    results: tuple[CheckResult, ...]


def reset_staging(
    connection: psycopg.Connection[Any],
    states: Sequence[CustomerState],
    *,
    confirm: Callable[[psycopg.Connection[Any]], None],
    now: datetime,
    max_customers: int = DEFAULT_MAX_CUSTOMERS,
) -> ResetSummary:
    """Delete all test customers with everything that is theirs, and seed the states.

    One transaction, from the guard's check to the read-back: whatever goes wrong, or whoever kills it, the
    database is as it was before. Two resets at the same time wait for each other.

    Args:
        connection: An idle connection to the staging database.
        states: The states to seed.
        confirm: The guard: called on this connection inside the transaction, before anything is read or written;
            it raises to refuse.
        now: The time of the reset, with its time zone; the states' times are relative to it.
        max_customers: More test customers than this are not deleted but reported.

    Raises:
        GuardRefusedError: ``confirm`` refused.
        CheckFailedError: Too many rows would go, or what was read back is not what was seeded.
        ConfigurationError: The connection is not idle, or is not to the platform's database.
        ServiceError: The database could not be asked, or refused a statement.
    """
    status = connection.info.transaction_status
    if status is not TransactionStatus.IDLE:
        raise ConfigurationError(
            f"The connection for the reset is not idle ({status.name}): its end would not be the transaction's end.",
            remedy="hand the reset a fresh connection",
        )
    reset_at = now.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
    with database_errors(), connection.transaction():
        _begin(connection)
        confirm(connection)
        plan = plan_reset(connection, max_customers=max_customers)
        deleted = delete_planned(connection, plan)
        for state in states:
            seed_state(connection, state, reset_at=reset_at)
        found = read_states(connection, [state.email for state in states])
        results = _compare(connection, states, found, stage="before_commit")
        _require_passed(results)
    return ResetSummary(
        deleted=deleted,
        created=len(states),
        fixture_types=tuple(state.key for state in states),
        content_hash=content_hash(found.values()),
        results=tuple(results),
    )


def verify_states(
    connection: psycopg.Connection[Any], states: Sequence[CustomerState], *, stage: str = "after_commit"
) -> list[CheckResult]:
    """Compare what the database holds with the states, field by field, and look for other test customers.

    Args:
        connection: A connection to the staging database.
        states: The states that should be there.
        stage: When this is; part of the results' ids.

    Returns:
        One result for each state (``reset.<stage>.<key>``), and one for everybody else (``reset.<stage>.others``).

    Raises:
        ServiceError: The database could not be asked.
    """
    with database_errors():
        found = read_states(connection, [state.email for state in states])
        return _compare(connection, states, found, stage=stage)


def _compare(
    connection: psycopg.Connection[Any],
    states: Sequence[CustomerState],
    found: Mapping[str, StateRows],
    *,
    stage: str,
) -> list[CheckResult]:
    declared = {state.email for state in states}
    others = [email for email in read_test_customers(connection).values() if email not in declared]
    compared = [compare_state(state, found.get(state.email), stage=stage) for state in states]
    return [*compared, compare_others(others, stage=stage)]


def _begin(connection: psycopg.Connection[Any]) -> None:
    """Bound every wait of the transaction, and keep a second reset out until it ends."""
    limits = (f"{STATEMENT_TIMEOUT_SECONDS}s", f"{LOCK_TIMEOUT_SECONDS}s")
    fetch(connection, _LIMITS, limits)
    fetch(connection, _ADVISORY_LOCK)


def _require_passed(results: Sequence[CheckResult]) -> None:
    wrong = [result for result in results if result.outcome is not Outcome.PASSED]
    if wrong:
        found = "; ".join(
            f"{result.subject}: expected {result.expected}, found {result.actual}" for result in wrong
        )
        raise CheckFailedError(
            f"The seeded customers do not read back as declared ({found}). Everything was rolled back.",
            remedy="look for triggers, defaults or other writers that change the rows",
        )
