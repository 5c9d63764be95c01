"""Writes the rows of customer states, and reads them back."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from psycopg import sql
from psycopg.types.json import Jsonb

from staging_validation.clients.postgres import fetch
from staging_validation.fixtures.model import CustomerState
from staging_validation.fixtures.objects import SeededObjects
from staging_validation.fixtures.rows import CustomerRow, LedgerRow, StateRows, SubscriptionRow, rows_of

if TYPE_CHECKING:
    import psycopg

_Row = TypeVar("_Row")

SEEDED_SUBSCRIPTION_PREFIX = "sub_seed_"
"""Begins the made-up ``stripe_subscription_id`` of a subscription that was seeded without Stripe: the column must
not be empty, Stripe has no such object, and nothing may ask it for one."""


def seed_state(
    connection: psycopg.Connection[Any],
    state: CustomerState,
    *,
    reset_at: datetime,
    objects: SeededObjects | None = None,
) -> None:
    """Write one state: the customer, its ledger, its subscription and a fresh API key that nobody knows.

    Args:
        connection: A connection inside a transaction.
        state: The state.
        reset_at: When the reset is made: UTC without a zone, in whole seconds.
        objects: The state's objects in Stripe, where it was given any.
    """
    rows = rows_of(state, reset_at, objects)
    customer_id = _insert(connection, "customers", _columns(rows.customer), updated_at=reset_at)
    for entry in rows.ledger:
        _insert(
            connection,
            "credit_transactions",
            _columns(entry),
            id=uuid.uuid4(),
            customer_id=customer_id,
            updated_at=entry.inserted_at,
        )
    for subscription in rows.subscriptions:
        _insert(
            connection,
            "subscriptions",
            {
                **_columns(subscription),
                "stripe_subscription_id": subscription.stripe_subscription_id or _made_up(),
            },
            id=uuid.uuid4(),
            customer_id=customer_id,
            updated_at=reset_at,
        )
    for _ in range(rows.api_keys):
        _insert(
            connection,
            "api_keys",
            key_hash=hashlib.sha256(_new_api_key().encode()).hexdigest(),
            name=f"Seeded for {state.key}",
            customer_id=customer_id,
            active=True,
            inserted_at=reset_at,
            updated_at=reset_at,
        )


def read_states(connection: psycopg.Connection[Any], emails: Sequence[str]) -> dict[str, StateRows]:
    """Read what the database holds of customers.

    Args:
        connection: The connection.
        emails: The customers' addresses, letter by letter.

    Returns:
        Their rows by address; addresses without a customer are left out.
    """
    customers = _select(connection, "customers", CustomerRow, owner="id", where="email", wanted=list(emails))
    ids = [customer_id for customer_id, _ in customers]
    ledgers = _select(connection, "credit_transactions", LedgerRow, wanted=ids)
    subscriptions = _select(connection, "subscriptions", SubscriptionRow, wanted=ids)
    keys = fetch(connection, "SELECT customer_id FROM api_keys WHERE customer_id = ANY(%s)", (ids,))
    return {
        customer.email: StateRows(
            customer,
            ledger=tuple(row for owner, row in ledgers if owner == customer_id),
            subscriptions=tuple(row for owner, row in subscriptions if owner == customer_id),
            api_keys=keys.count((customer_id,)),
        )
        for customer_id, customer in customers
    }


def _new_api_key() -> str:
    """Return a key of the platform's shape: ``rsolv_`` and 43 URL-safe characters (32 random bytes)."""
    return "rsolv_" + secrets.token_urlsafe(32)


def _made_up() -> str:
    return SEEDED_SUBSCRIPTION_PREFIX + secrets.token_hex(12)


def _columns(row: Any) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in fields(row)}


def _insert(
    connection: psycopg.Connection[Any], table: str, row: Mapping[str, Any] | None = None, **more: Any
) -> Any:
    """Write one row and return its id."""
    values = {**(row or {}), **more}
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join([sql.Placeholder()] * len(values)),
    )
    adapted = [Jsonb(value) if isinstance(value, dict) else value for value in values.values()]
    return fetch(connection, statement, adapted)[0][0]


def _select(
    connection: psycopg.Connection[Any],
    table: str,
    row_type: Callable[..., _Row],
    *,
    wanted: list[Any],
    owner: str = "customer_id",
    where: str = "customer_id",
) -> list[tuple[int, _Row]]:
    """Read rows, each with the id of the customer that owns it, oldest first."""
    columns = [column.name for column in fields(row_type)]  # type: ignore[arg-type]
    query = sql.SQL("SELECT {} FROM {} WHERE {} = ANY(%s) ORDER BY inserted_at").format(
        sql.SQL(", ").join(map(sql.Identifier, (owner, *columns))),
        sql.Identifier(table),
        sql.Identifier(where),
    )
    return [(row[0], row_type(*map(_in_utc, row[1:]))) for row in fetch(connection, query, (wanted,))]


def _in_utc(value: Any) -> Any:
    """Return a time as the platform's columns mean it, whether they carry a zone or not."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(timezone.utc).replace(tzinfo=None)
    return value
