"""The polluted database that a reset is killed on, and the judgement of what a killed reset left of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from campaigns.reset_child import made_up_objects
from staging_validation.clients.postgres import fetch
from staging_validation.clients.reset import verify_states
from staging_validation.fixtures import CustomerState, is_test_address
from staging_validation.results import Outcome

Digest = tuple[int, str]
"""How many rows a table has, and a hash of them."""

CUSTOMERS = "customers"
BEFORE, AFTER, PARTIAL = "before", "after", "partial"

_CUSTOMERS = """
INSERT INTO customers (name, email, stripe_customer_id, credit_balance, metadata, inserted_at, updated_at)
SELECT 'Customer ' || n, format(%(address)s, n), format('cus_%%s_%%s', %(kind)s::text, n), n %% 70,
       jsonb_build_object('number', n), now() - n * interval '1 minute', now()
FROM generate_series(1, %(count)s) n
"""
_KNOWN = """
INSERT INTO customers (name, email, credit_balance, inserted_at, updated_at)
SELECT 'Somebody else', email, 7, now(), now() FROM unnest(%s::text[]) email
"""
_DEPENDANTS = """
INSERT INTO credit_transactions
SELECT gen_random_uuid(), c.id, 1, n, 'adjustment', jsonb_build_object('n', n), now(), now()
FROM customers c, generate_series(1, 5) n;
INSERT INTO subscriptions
SELECT gen_random_uuid(), id, 'sub_' || id, 'pro', 'active', now(), now() + interval '30 days', false, now(), now()
FROM customers WHERE id % 3 = 0;
INSERT INTO billing_events
SELECT gen_random_uuid(), c.id, format('evt_%s_%s', c.id, n), 'invoice.payment_succeeded', 59900, '{}', now(), now()
FROM customers c, generate_series(1, 2) n;
INSERT INTO fix_attempts (github_org, repo_name, pr_number, customer_id, amount, inserted_at, updated_at)
SELECT 'org', 'repo', id, id, 15.00, now(), now() FROM customers WHERE id % 2 = 0;
INSERT INTO api_keys (key_hash, name, customer_id, permissions, inserted_at, updated_at)
SELECT md5(id::text) || md5('key' || id), 'key', id, '{read,write}', now(), now() FROM customers;
INSERT INTO usage_records (customer_id, provider, tokens_used, inserted_at, updated_at)
SELECT c.id, 'provider', n * 100, now(), now() FROM customers c, generate_series(1, 3) n
"""
_TABLES = """
SELECT c.oid::regclass::text,
       EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'customer_id'),
       EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'f'
               AND confrelid = 'customers'::regclass AND confdeltype = 'n')
FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  AND c.relpersistence <> 't'
"""
_ROWS = "SELECT to_jsonb(t)::text FROM {table} t"
_OWNED = _ROWS + " WHERE {owner} IS NULL OR NOT {owner} = ANY(%(without)s)"
_OUTLIVING = """
SELECT (to_jsonb(t) || CASE WHEN {owner} = ANY(%(without)s) THEN '{{"customer_id": null}}' ELSE '{{}}' END::jsonb)::text
FROM {table} t
"""
_DIGEST = """
SELECT count(*), coalesce(md5(string_agg(line, '' ORDER BY line COLLATE "C")), '') FROM ({}) lines (line)
"""


@dataclass(frozen=True)
class Baseline:
    """The content of a database before a reset.

    Attributes:
        everything: All rows, by table.
        others: What is left of them when the test customers are gone, by table.
    """

    everything: dict[str, Digest]
    others: dict[str, Digest]

    @classmethod
    def of(cls, connection: psycopg.Connection[Any]) -> Baseline:
        """Read a database's content."""
        emails = fetch(connection, "SELECT id, email FROM customers")
        test_customers = [customer_id for customer_id, email in emails if is_test_address(email)]
        return cls(digests(connection), digests(connection, without=test_customers))


def pollute(connection: psycopg.Connection[Any], *, customers: int, known: Sequence[str]) -> None:
    """Fill the platform's empty tables.

    Args:
        connection: The connection.
        customers: How many test customers, and how many others beside them.
        known: Addresses of the customer states: their customers hold something else than the states.
    """
    for kind, address, count in (
        ("test", "polluted-%s@test.example.com", customers - customers // 3),
        ("upper", "Polluted-%s@Example.COM", customers // 3),
        ("other", "customer-%s@example.org", customers),
    ):
        connection.execute(_CUSTOMERS, {"kind": kind, "address": address, "count": count})
    connection.execute(_KNOWN, (list(known),))
    connection.execute(_DEPENDANTS)


def digests(connection: psycopg.Connection[Any], *, without: Collection[int] = ()) -> dict[str, Digest]:
    """Return a hash of every table: all rows in order, with all columns.

    Args:
        connection: The connection.
        without: Customers to leave out, with their rows; rows that outlive a customer (SET NULL) count as rows of
            nobody.
    """
    return {
        name: _digest(connection, name, owned=owned, outlives=outlives, without=list(without))
        for name, owned, outlives in fetch(connection, _TABLES)
    }


def judge(
    connection: psycopg.Connection[Any], baseline: Baseline, states: Sequence[CustomerState]
) -> tuple[str, list[str]]:
    """Say what a reset left: all of the state before, or the whole state after; anything else is partial.

    Args:
        connection: A connection to the database after the reset ended somehow.
        baseline: The content before it.
        states: What the reset seeds.

    Returns:
        ``before``, ``after`` or ``partial``; for the latter, what keeps it from being the state after.
    """
    if digests(connection) == baseline.everything:
        return BEFORE, []
    wrong = [
        f"{result.id}: expected {result.expected}, found {result.actual}"
        for result in verify_states(connection, states, stage="after_kill", stripe=made_up_objects(states))
        if result.outcome is not Outcome.PASSED
    ]
    emails = [state.email for state in states]
    seeded = [
        row[0] for row in fetch(connection, "SELECT id FROM customers WHERE email = ANY(%s)", (emails,))
    ]
    others = digests(connection, without=seeded)
    wrong += [
        f"{table}: expected {baseline.others.get(table)} of others, found {others.get(table)}"
        for table in sorted({*baseline.others, *others})
        if baseline.others.get(table) != others.get(table)
    ]
    return (PARTIAL, wrong) if wrong else (AFTER, [])


def _digest(
    connection: psycopg.Connection[Any], table: str, *, owned: bool, outlives: bool, without: list[int]
) -> Digest:
    rows = _OUTLIVING if outlives else _OWNED if owned or table == CUSTOMERS else _ROWS
    owner = sql.Identifier("id" if table == CUSTOMERS else "customer_id")
    query = sql.SQL(_DIGEST).format(sql.SQL(rows).format(table=sql.SQL(table), owner=owner))
    count, digest = connection.execute(query, {"without": without}).fetchall()[0]
    return count, digest
