"""Puts the staging data back to the known customers: all of it in one transaction, or none of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from staging_validation.clients.postgres import database_errors
from staging_validation.clients.reset_bulk import put_keys_back, take_keys_off
from staging_validation.clients.reset_catalogue import Dependants, read_columns, read_dependants
from staging_validation.clients.reset_errors import Progress, reset_errors
from staging_validation.clients.reset_files import read_declared_tables
from staging_validation.clients.reset_limits import begin, bound_statements
from staging_validation.clients.reset_plan import (
    Doomed,
    count_test_customers,
    delete_rows,
    make_room,
    note_rows,
    read_other_test_customers,
)
from staging_validation.clients.reset_results import (
    ceiling_result,
    indexes_result,
    require_allowed,
    strangers_result,
    tables_result,
)
from staging_validation.clients.reset_rows import read_states, seed_state
from staging_validation.clients.reset_summary import ResetPlan, ResetSummary
from staging_validation.errors import CheckFailedError, ConfigurationError
from staging_validation.fixtures.columns import check_columns
from staging_validation.fixtures.comparison import compare_others, compare_state, content_hash
from staging_validation.results import CheckResult, Outcome

if TYPE_CHECKING:
    from staging_validation.fixtures.model import CustomerState
    from staging_validation.fixtures.objects import SeededObjects
    from staging_validation.fixtures.rows import StateRows
    from staging_validation.fixtures.tables import DeclaredTable

DEFAULT_MAX_CUSTOMERS = 1000
NO_OBJECTS: Mapping[str, SeededObjects] = MappingProxyType({})

Confirm = Callable[["psycopg.Connection[Any]"], None]


def reset_staging(
    connection: psycopg.Connection[Any],
    states: Sequence[CustomerState],
    *,
    confirm: Confirm,
    now: datetime,
    max_customers: int = DEFAULT_MAX_CUSTOMERS,
    stripe: Mapping[str, SeededObjects] = NO_OBJECTS,
    tables: Sequence[DeclaredTable] | None = None,
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
        stripe: The states' objects in Stripe, by state key.
        tables: The tables that may lose rows; those of ``include/fixtures/tables.yaml`` by default.

    Raises:
        GuardRefusedError: ``confirm`` refused.
        CheckFailedError: Too many rows would go, rows of an undeclared table would, or what was read back is not
            what was seeded.
        ConfigurationError: The connection is not idle, or is not to the platform's database.
        FixtureError: The states do not fit the database's tables.
        ServiceError: The database could not be asked, or refused a statement; the message says what became of the
            data.
    """
    _require_idle(connection)
    _require_known(stripe, states)
    declared = read_declared_tables() if tables is None else tables
    reset_at = now.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
    progress = Progress()
    with reset_errors(progress), connection.transaction():
        begin(connection, exclusive=True)
        confirm(connection)
        dependants = _prepare(connection, states)
        customers = count_test_customers(connection, dependants.root)
        require_allowed([ceiling_result(customers, max_customers)])  # before anything is locked
        bound_statements(connection, customers=customers)
        aside = take_keys_off(connection, dependants, customers=customers)
        doomed = note_rows(connection, dependants, lock=True, customers_locked=bool(aside))
        allowed = _results(doomed, max_customers, declared)
        require_allowed(allowed)
        deleted = delete_rows(connection, doomed)
        put_keys_back(connection, dependants, aside)
        for state in states:
            seed_state(connection, state, reset_at=reset_at, objects=stripe.get(state.key))
        found = read_states(connection, [state.email for state in states])
        compared = [
            *_compare_states(states, found, stage="before_commit", stripe=stripe),
            _compare_others(connection, dependants, states, stage="before_commit"),
        ]
        _require_passed(compared)
        progress.committing = True
    return ResetSummary(
        deleted=deleted,
        created=len(states),
        fixture_types=tuple(state.key for state in states),
        content_hash=content_hash(found.values()),
        results=(*allowed, *compared),
    )


def plan_staging(
    connection: psycopg.Connection[Any],
    states: Sequence[CustomerState],
    *,
    confirm: Confirm,
    max_customers: int = DEFAULT_MAX_CUSTOMERS,
    tables: Sequence[DeclaredTable] | None = None,
) -> ResetPlan:
    """Say exactly what a reset would do, without doing it.

    The transaction is read-only as soon as its own temporary tables exist, sees the database as it was at one
    moment, locks no row, and is rolled back.

    Args:
        connection: An idle connection to the staging database.
        states: The states that would be seeded.
        confirm: See :func:`reset_staging`.
        max_customers: See :func:`reset_staging`.
        tables: See :func:`reset_staging`.

    Raises:
        GuardRefusedError: ``confirm`` refused.
        ConfigurationError: The connection is not idle, or is not to the platform's database.
        FixtureError: The states do not fit the database's tables.
        ServiceError: The database could not be asked.
    """
    _require_idle(connection)
    declared = read_declared_tables() if tables is None else tables
    with reset_errors(Progress()), connection.transaction(force_rollback=True):
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        begin(connection, exclusive=False)
        confirm(connection)
        dependants = _prepare(connection, states)
        connection.execute("SET TRANSACTION READ ONLY")
        count_test_customers(connection, dependants.root)
        doomed = note_rows(connection, dependants, lock=False)
    return ResetPlan(
        customers=doomed.rows[dependants.root],
        deleted={table.name: count for table, count in doomed.rows.items() if count},
        detached=doomed.detached,
        created=len(states),
        fixture_types=tuple(state.key for state in states),
        results=tuple(_results(doomed, max_customers, declared)),
    )


def verify_states(
    connection: psycopg.Connection[Any],
    states: Sequence[CustomerState],
    *,
    stage: str = "after_commit",
    stripe: Mapping[str, SeededObjects] = NO_OBJECTS,
    others: bool = True,
) -> list[CheckResult]:
    """Compare what the database holds with the states, field by field, and look for other test customers.

    Args:
        connection: A connection to the staging database.
        states: The states that should be there.
        stage: When this is; part of the results' ids.
        stripe: The states' objects in Stripe, by state key. Where a state's are not given, any may be there.
        others: Whether to look for other test customers; when workflows have run, there are theirs.

    Returns:
        One result for each state (``reset.<stage>.<key>``), and one for everybody else (``reset.<stage>.others``) where
        that was asked for.

    Raises:
        ConfigurationError: The connection is not to the platform's database.
        ServiceError: The database could not be asked.
    """
    _require_known(stripe, states)
    with database_errors():
        dependants = read_dependants(connection)
        found = read_states(connection, [state.email for state in states])
        compared = _compare_states(states, found, stage=stage, stripe=stripe)
        return (
            [*compared, _compare_others(connection, dependants, states, stage=stage)] if others else compared
        )


def _prepare(connection: psycopg.Connection[Any], states: Sequence[CustomerState]) -> Dependants:
    """Look at the database's tables, and make room for the rows to be noted."""
    dependants = read_dependants(connection)
    check_columns(states, read_columns(connection))
    make_room(connection, dependants)
    return dependants


def _results(doomed: Doomed, max_customers: int, declared: Sequence[DeclaredTable]) -> list[CheckResult]:
    root = doomed.dependants.root
    losing = {table.name: count for table, count in doomed.rows.items() if table != root}
    return [
        ceiling_result(doomed.rows[root], max_customers),
        strangers_result(doomed.strangers, root.name),
        tables_result(losing, declared),
        indexes_result(doomed.dependants.unindexed),
    ]


def _compare_states(
    states: Sequence[CustomerState],
    found: Mapping[str, StateRows],
    *,
    stage: str,
    stripe: Mapping[str, SeededObjects],
) -> list[CheckResult]:
    return [
        compare_state(state, found.get(state.email), stage=stage, objects=stripe.get(state.key))
        for state in states
    ]


def _compare_others(
    connection: psycopg.Connection[Any],
    dependants: Dependants,
    states: Sequence[CustomerState],
    *,
    stage: str,
) -> CheckResult:
    others = read_other_test_customers(connection, dependants.root, (state.email for state in states))
    return compare_others(others, stage=stage)


def _require_idle(connection: psycopg.Connection[Any]) -> None:
    status = connection.info.transaction_status
    if status is not TransactionStatus.IDLE:
        raise ConfigurationError(
            f"The connection for the reset is not idle ({status.name}): its end would not be the transaction's end.",
            remedy="hand the reset a fresh connection",
        )


def _require_known(stripe: Mapping[str, SeededObjects], states: Sequence[CustomerState]) -> None:
    strange = sorted(set(stripe) - {state.key for state in states})
    if strange:
        raise ConfigurationError(
            f"There are Stripe objects for {', '.join(strange)}, but no such customer state.",
            remedy="make the objects from the same states",
        )


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
