"""Reads what the load left in the staging database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from staging_validation.clients.postgres import fetch, look_only, looking
from staging_validation.load.effects import CreditRow, CustomerRow, EventRow, Found
from staging_validation.load.events import Member

if TYPE_CHECKING:
    import psycopg

_CUSTOMERS = """
SELECT id, email, credit_balance, subscription_state, stripe_customer_id,
       (SELECT count(*) FROM api_keys WHERE api_keys.customer_id = customers.id)
FROM customers WHERE email = ANY(%s) ORDER BY id
"""
_EVENTS = """
SELECT stripe_event_id, event_type, customer_id, amount_cents
FROM billing_events WHERE stripe_event_id = ANY(%s) ORDER BY inserted_at, id
"""
_CREDITS = """
SELECT customer_id, amount, source, metadata->>'stripe_invoice_id'
FROM credit_transactions WHERE customer_id = ANY(%s) ORDER BY inserted_at, id
"""
_RECORDED = "SELECT count(DISTINCT stripe_event_id) FROM billing_events WHERE stripe_event_id = ANY(%s)"


class LoadRecords:
    """Rows of the staging database that a run's load made.

    Args:
        connection: A connection of its own; it is made read-only and leaves no transaction open.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        look_only(connection)

    def members(self, emails: Sequence[str]) -> list[Member]:
        """Return the customers with these addresses that have a Stripe customer, in the order of their ids."""
        return [
            Member(row.id, row.email, row.stripe_customer_id)
            for row in self._customers(emails)
            if row.stripe_customer_id
        ]

    def count_recorded(self, event_ids: Sequence[str]) -> int:
        """Count how many of these events are recorded."""
        return int(self._fetch(_RECORDED, list(event_ids))[0][0])

    def found(self, emails: Sequence[str], event_ids: Sequence[str]) -> Found:
        """Read the customers with these addresses, their credits, and the rows of these events."""
        customers = self._customers(emails)
        ids = [row.id for row in customers]
        return Found(
            events=[EventRow(*row) for row in self._fetch(_EVENTS, list(event_ids))],
            credits=[CreditRow(*row) for row in self._fetch(_CREDITS, ids)],
            customers=customers,
        )

    def _customers(self, emails: Sequence[str]) -> list[CustomerRow]:
        return [CustomerRow(*row) for row in self._fetch(_CUSTOMERS, list(emails))]

    def _fetch(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with looking(self._connection):
            return fetch(self._connection, query, parameters)
