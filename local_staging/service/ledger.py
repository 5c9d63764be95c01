"""The credit ledger: the balance and its rows move together, or not at all."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from local_staging.service.keys import new_row_id
from local_staging.service.work import UnitOfWork

TRIAL_SIGNUP = "trial_signup"
TRIAL_BILLING_ADDED = "trial_billing_added"
PRO_SUBSCRIPTION_PAYMENT = "pro_subscription_payment"
PURCHASED = "purchased"
FIX_DEPLOYED = "fix_deployed"

SIGNUP_CREDITS = 5
BILLING_ADDED_CREDITS = 5
PRO_CREDITS = 60
"""Credits for each paid invoice of the Pro plan (platform contract, credits and prices)."""

_MOVE = """
    UPDATE customers SET credit_balance = credit_balance + %s, updated_at = %s WHERE id = %s
    RETURNING credit_balance
"""
_INSERT = """
    INSERT INTO credit_transactions
        (id, customer_id, amount, balance_after, source, metadata, inserted_at, updated_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_KNOWN = """
    SELECT 1 FROM credit_transactions WHERE customer_id = %s AND source = %s AND metadata @> %s LIMIT 1
"""


def grant(
    work: UnitOfWork, customer_id: int, credits_added: int, source: str, metadata: Mapping[str, object]
) -> None:
    """Add credits."""
    _move(work, customer_id, credits_added, source, metadata)
    work.emit("credits_added", {"quantity": credits_added}, customer_id=customer_id, reason=source)


def consume(work: UnitOfWork, customer_id: int, plan: str | None, metadata: Mapping[str, object]) -> None:
    """Take one credit for a deployed fix."""
    _move(work, customer_id, -1, FIX_DEPLOYED, metadata)
    work.emit("credits_consumed", {"quantity": 1}, customer_id=customer_id, plan=plan)


def is_recorded(
    work: UnitOfWork, customer_id: int, source: str, metadata: Mapping[str, object] | None = None
) -> bool:
    """Say whether the ledger holds a row of this source whose metadata has these values.

    The answer holds until the transaction ends only when the customer is locked.
    """
    found = work.connection.execute(_KNOWN, [customer_id, source, Jsonb(dict(metadata or {}))])
    return found.fetchone() is not None


def _move(
    work: UnitOfWork, customer_id: int, amount: int, source: str, metadata: Mapping[str, object]
) -> None:
    moved = work.connection.execute(_MOVE, [amount, work.now, customer_id]).fetchone()
    if moved is None:
        raise LookupError(f"customer {customer_id} is gone, although it was locked")
    work.connection.execute(
        _INSERT,
        [
            new_row_id(),
            customer_id,
            amount,
            moved["credit_balance"],
            source,
            Jsonb(dict(metadata)),
            work.now,
            work.now,
        ],
    )
