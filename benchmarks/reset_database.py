"""Databases to measure a reset on: filled once, copied for every measurement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from staging_validation.clients.marker import mark

if TYPE_CHECKING:
    from local_staging.stack.postgres import PostgresServer

TABLES = ("customers", "credit_transactions", "api_keys", "usage_records", "fix_attempts", "billing_events")

_CUSTOMERS = """
INSERT INTO customers (name, email, inserted_at, updated_at)
SELECT 'Customer ' || i, {prefix} || i || {domain}, now(), now() FROM generate_series({first}, {last}) AS i
"""
_DEPENDANTS = """
INSERT INTO credit_transactions (id, customer_id, amount, balance_after, source, inserted_at, updated_at)
SELECT gen_random_uuid(), id, 5, 5, 'trial_signup', now(), now() FROM customers WHERE id > %(after)s ORDER BY id;
INSERT INTO api_keys (key_hash, name, customer_id, inserted_at, updated_at)
SELECT encode(sha256(id::text::bytea), 'hex'), 'Key', id, now(), now() FROM customers WHERE id > %(after)s ORDER BY id;
INSERT INTO usage_records (customer_id, provider, inserted_at, updated_at)
SELECT id, 'github', now(), now() FROM customers WHERE id > %(after)s ORDER BY id;
INSERT INTO fix_attempts (github_org, repo_name, pr_number, customer_id, inserted_at, updated_at)
SELECT 'org', 'repository', id, id, now(), now() FROM customers WHERE id > %(after)s ORDER BY id;
INSERT INTO billing_events (id, customer_id, stripe_event_id, event_type, inserted_at, updated_at)
SELECT gen_random_uuid(), id, 'evt_' || id, 'invoice.payment_succeeded', now(), now()
FROM customers WHERE id > %(after)s ORDER BY id
"""
DEPENDANTS = 5
"""Rows that hang on every test customer: three that cascade, one that restricts, and one that stays."""

_HASH = """
SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM {table} AS t
WHERE {owner} IN (SELECT id FROM customers WHERE email LIKE 'person-%')
"""


def create(server: PostgresServer, name: str) -> None:
    """Create a database with the platform's tables, marked as a test's."""
    _statement(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with psycopg.connect(server.dsn(name)) as connection:
        connection.execute(resources.files("local_staging.service").joinpath("schema.sql").read_bytes())
        mark(connection, environment="test", marked_by="benchmark", reason="made for a benchmark")


def add_customers(server: PostgresServer, name: str, *, count: int, test: bool) -> None:
    """Add customers: people with a ledger row each, or what a load test left, with all dependants."""
    prefix, domain = ("load-", "@test.example.com") if test else ("person-", "@corp.io")
    with psycopg.connect(server.dsn(name), autocommit=True) as connection:
        last = _value(connection, "SELECT coalesce(max(id), 0) FROM customers")
        connection.execute(
            sql.SQL(_CUSTOMERS).format(prefix=prefix, domain=domain, first=last + 1, last=last + count)
        )
        for statement in _DEPENDANTS.split(";")[: None if test else 1]:
            connection.execute(statement, {"after": last})
        for table in TABLES:
            connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))


@contextmanager
def copied(server: PostgresServer, name: str) -> Iterator[str]:
    """Copy a database for one measurement; the copy is dropped at the end.

    Yields:
        The copy's address.
    """
    copy = sql.Identifier(f"{name}_copy")
    _statement(
        server,
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(copy, sql.Identifier(name)),
    )
    try:
        yield server.dsn(f"{name}_copy")
    finally:
        server.drop(f"{name}_copy")


def hash_people(dsn: str) -> dict[str, tuple[int, str]]:
    """Return count and hash of every row of the customers that a reset must not touch, by table."""
    with psycopg.connect(dsn) as connection:
        return {
            table: connection.execute(
                sql.SQL(_HASH).format(
                    table=sql.Identifier(table),
                    owner=sql.Identifier("id" if table == "customers" else "customer_id"),
                )
            ).fetchone()
            or (0, "")
            for table in TABLES
        }


def _value(connection: psycopg.Connection[Any], query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _statement(server: PostgresServer, statement: sql.Composed) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(statement)
