"""Reads the rows of the staging database that workflows look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from staging_validation.clients.json_values import json_value
from staging_validation.clients.postgres import look_only, looking
from staging_validation.workflows.model import Row

if TYPE_CHECKING:
    import psycopg
    from pydantic import JsonValue
    from typing_extensions import LiteralString

_CUSTOMER = """
SELECT id, name, email, active, metadata, trial_fixes_used, trial_fixes_limit, trial_expired_at,
       payment_method_added_at, stripe_customer_id, stripe_payment_method_id, stripe_subscription_id,
       subscription_type, subscription_state, has_payment_method, billing_consent_given, billing_consent_at,
       subscription_cancel_at_period_end, credit_balance, fixes_used_this_month, fixes_quota_this_month,
       rollover_fixes, auto_provisioned
FROM customers WHERE id = %s
"""
_LEDGER = """
SELECT id, amount, balance_after, source, metadata, inserted_at
FROM credit_transactions WHERE customer_id = %s ORDER BY inserted_at, id
"""
_SUBSCRIPTIONS = """
SELECT id, stripe_subscription_id, plan, status, current_period_start, current_period_end, cancel_at_period_end,
       inserted_at
FROM subscriptions WHERE customer_id = %s ORDER BY inserted_at, id
"""
_API_KEYS = """
SELECT id, name, active, permissions, key_hash = encode(sha256(convert_to(%s, 'UTF8')), 'hex') AS matches
FROM api_keys WHERE customer_id = %s ORDER BY id
"""
_EVENT_COLUMNS = "id, customer_id, stripe_event_id, event_type, amount_cents, metadata, inserted_at"
_EVENTS = f"""
SELECT {_EVENT_COLUMNS} FROM billing_events
WHERE customer_id = %s AND event_type = %s ORDER BY inserted_at, id
"""  # noqa: S608 - a constant
_EVENT = f"""
SELECT {_EVENT_COLUMNS} FROM billing_events WHERE stripe_event_id = %s ORDER BY inserted_at, id
"""  # noqa: S608 - a constant
_RECORDED = """
SELECT stripe_event_id, count(*) AS found FROM billing_events WHERE stripe_event_id = ANY(%s)
GROUP BY stripe_event_id
"""
_FIX_ATTEMPTS = """
SELECT id, github_org, repo_name, issue_number, pr_number, status, billing_status, inserted_at
FROM fix_attempts WHERE customer_id = %s ORDER BY id
"""
_BY_EMAIL = "SELECT id, email, stripe_customer_id FROM customers WHERE email = ANY(%s)"
_STRIPE_CUSTOMER = "SELECT stripe_customer_id FROM customers WHERE email = %s"
_COUNT_ADDRESSES = "SELECT count(*) AS found FROM customers WHERE starts_with(email, %s)"


class StagingRecords:
    """Rows of the staging database, as plain JSON values.

    Args:
        connection: A connection of its own; it is made read-only and leaves no transaction open.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        look_only(connection)

    def customer(self, customer_id: int) -> Row | None:
        """Return a customer's row, or None."""
        return next(iter(self._rows(_CUSTOMER, customer_id)), None)

    def ledger(self, customer_id: int) -> Sequence[Row]:
        """Return a customer's credit transactions."""
        return self._rows(_LEDGER, customer_id)

    def subscriptions(self, customer_id: int) -> Sequence[Row]:
        """Return a customer's subscriptions, oldest first."""
        return self._rows(_SUBSCRIPTIONS, customer_id)

    def api_keys(self, customer_id: int, api_key: str) -> Sequence[Row]:
        """Return a customer's API keys without their hashes; ``matches`` says which one is ``api_key``."""
        return self._rows(_API_KEYS, api_key, customer_id)

    def events(self, *, customer_id: int, event_type: str) -> Sequence[Row]:
        """Return the billing events of one type that belong to a customer, oldest first."""
        return self._rows(_EVENTS, customer_id, event_type)

    def event(self, stripe_event_id: str) -> Sequence[Row]:
        """Return the rows of one Stripe event: none, or one, or the proof of a fault."""
        return self._rows(_EVENT, stripe_event_id)

    def recorded(self, stripe_event_ids: Sequence[str]) -> Mapping[str, int]:
        """Return how many rows each of these Stripe events has, those without any left out."""
        rows = self._rows(_RECORDED, list(stripe_event_ids))
        return {str(row["stripe_event_id"]): int(str(row["found"])) for row in rows}

    def fix_attempts(self, customer_id: int) -> Sequence[Row]:
        """Return a customer's fix attempts, oldest first."""
        return self._rows(_FIX_ATTEMPTS, customer_id)

    def with_addresses(self, *emails: str) -> Sequence[Row]:
        """Return ``id``, ``email`` and ``stripe_customer_id`` of the customers with these addresses."""
        return self._rows(_BY_EMAIL, list(emails))

    def stripe_customer_of(self, email: str) -> str | None:
        """Return the Stripe customer's id of the customer with an address, or None."""
        found = next(iter(self._rows(_STRIPE_CUSTOMER, email)), None)
        stripe_id = found["stripe_customer_id"] if found else None
        return stripe_id if isinstance(stripe_id, str) else None

    def count_addresses(self, prefix: str) -> int:
        """Count the customers whose address begins with a text."""
        return int(str(self._rows(_COUNT_ADDRESSES, prefix)[0]["found"]))

    def _rows(self, query: LiteralString, *parameters: object) -> list[dict[str, JsonValue]]:
        with looking(self._connection), self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(query, parameters).fetchall()
        return [{name: json_value(value) for name, value in row.items()} for row in rows]
