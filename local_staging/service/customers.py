"""Customers: reading them, locking them, and the summary that operators see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from local_staging.service.database import Connection
from local_staging.service.errors import not_found

TRIAL = "trial"
PAY_AS_YOU_GO = "pay_as_you_go"
PRO = "pro"

_SUMMARY_TRANSACTIONS = 10
_COLUMNS = """
    id, email, active, credit_balance, subscription_type, subscription_state, has_payment_method,
    payment_method_added_at, subscription_cancel_at_period_end, trial_fixes_used, trial_fixes_limit,
    stripe_customer_id, stripe_payment_method_id, stripe_subscription_id
"""
# Not FOR UPDATE: rows that only refer to the customer may be written meanwhile.
_LOCK = f"SELECT {_COLUMNS} FROM customers WHERE id = %s FOR NO KEY UPDATE"  # noqa: S608 - a constant
_LOCK_BY_STRIPE_ID = f"SELECT {_COLUMNS} FROM customers WHERE stripe_customer_id = %s FOR NO KEY UPDATE"  # noqa: S608
_READ = f"SELECT {_COLUMNS} FROM customers WHERE id = %s"  # noqa: S608 - a constant
_TRANSACTIONS = """
    SELECT amount, balance_after, source, metadata, inserted_at FROM credit_transactions
    WHERE customer_id = %s ORDER BY inserted_at DESC, id DESC LIMIT %s
"""


@dataclass(frozen=True)
class Customer:
    """What the service needs to know of a customer; the attributes are the columns' names."""

    id: int
    email: str
    active: bool | None
    credit_balance: int
    subscription_type: str | None
    subscription_state: str | None
    has_payment_method: bool | None
    payment_method_added_at: datetime | None
    subscription_cancel_at_period_end: bool
    trial_fixes_used: int | None
    trial_fixes_limit: int | None
    stripe_customer_id: str | None
    stripe_payment_method_id: str | None
    stripe_subscription_id: str | None

    @property
    def is_pro(self) -> bool:
        """Whether the customer is on the Pro plan."""
        return self.subscription_type == PRO


def lock_customer(connection: Connection, customer_id: int) -> Customer:
    """Read a customer and hold the row: nobody else moves this customer's credits until the transaction ends.

    Raises:
        RefusedError: 404, there is none.
    """
    return _one(connection, _LOCK, customer_id)


def lock_stripe_customer(connection: Connection, stripe_customer_id: str) -> Customer | None:
    """As :func:`lock_customer`, by the Stripe customer's id; None when the platform knows no such customer."""
    with connection.cursor(row_factory=class_row(Customer)) as cursor:
        return cursor.execute(_LOCK_BY_STRIPE_ID, [stripe_customer_id]).fetchone()


def summary(connection: Connection, customer_id: int) -> dict[str, Any]:
    """Return what operators see of a customer: balance, type, state, flags and the last ten transactions.

    Raises:
        RefusedError: 404, there is none.
    """
    customer = _one(connection, _READ, customer_id)
    transactions = connection.execute(_TRANSACTIONS, [customer_id, _SUMMARY_TRANSACTIONS]).fetchall()
    return {
        "customer_id": customer.id,
        "email": customer.email,
        "credit_balance": customer.credit_balance,
        "subscription_type": customer.subscription_type,
        "subscription_state": customer.subscription_state,
        "has_payment_method": bool(customer.has_payment_method),
        "subscription_cancel_at_period_end": customer.subscription_cancel_at_period_end,
        "stripe_customer_id": customer.stripe_customer_id,
        "stripe_subscription_id": customer.stripe_subscription_id,
        "transactions": [
            {**row, "inserted_at": f"{row['inserted_at'].isoformat(timespec='seconds')}Z"}
            for row in transactions
        ],
    }


def _one(connection: Connection, query: Any, customer_id: int) -> Customer:
    with connection.cursor(row_factory=class_row(Customer)) as cursor:
        customer = cursor.execute(query, [customer_id]).fetchone()
    if customer is None:
        raise not_found(customer_id)
    return customer
