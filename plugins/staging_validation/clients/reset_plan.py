"""Which rows a reset removes, and their removal.

The foreign keys are read from the catalogue of the database in front of us: the platform has more tables than
any list here would know. Rows are collected first, table by table, so that the plan is known before anything
is touched; then one statement removes all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from staging_validation.clients.postgres import fetch
from staging_validation.errors import CheckFailedError, ConfigurationError
from staging_validation.fixtures.addresses import TEST_DOMAINS, is_test_address

if TYPE_CHECKING:
    import psycopg

CUSTOMERS = "customers"

_FOREIGN_KEYS = """
SELECT con.conrelid, con.conrelid::regclass::text, con.confrelid, con.confrelid::regclass::text,
       array(SELECT attname::text FROM unnest(con.conkey) WITH ORDINALITY AS k(number, position)
             JOIN pg_attribute ON attrelid = con.conrelid AND attnum = k.number ORDER BY position),
       array(SELECT attname::text FROM unnest(con.confkey) WITH ORDINALITY AS k(number, position)
             JOIN pg_attribute ON attrelid = con.confrelid AND attnum = k.number ORDER BY position),
       con.confdeltype::text
FROM pg_constraint con
WHERE con.contype = 'f' AND con.conparentid = 0
ORDER BY con.conrelid::regclass::text, con.conname
"""

_CREATE_DOOMED = """
CREATE TEMPORARY TABLE staging_validation_doomed (
    relation oid NOT NULL, part oid NOT NULL, place tid NOT NULL, PRIMARY KEY (relation, part, place)
) ON COMMIT DROP
"""
_DOOMED = sql.SQL("pg_temp.staging_validation_doomed")

_TEST_CUSTOMERS = """
SELECT id, email::text FROM customers WHERE lower(email::text COLLATE "C") LIKE ANY(%s) ORDER BY id
"""

_KEEPS_ROW = frozenset("nd")
"""Delete actions (``pg_constraint.confdeltype``) that keep the referencing row: SET NULL and SET DEFAULT."""


@dataclass(frozen=True)
class Table:
    """A table as the catalogue knows it: its object id, and its name, quoted and qualified where needed."""

    oid: int
    name: str

    @property
    def sql(self) -> sql.SQL:
        """The name for a statement; ``regclass`` has quoted it already."""
        return sql.SQL(self.name)


@dataclass(frozen=True)
class ForeignKey:
    """One foreign key: ``child`` refers to ``parent``.

    Attributes:
        child: The table that refers.
        parent: The table referred to.
        columns: The pairs of columns, the child's and the parent's.
        keeps_row: Whether deleting the parent's row leaves the child's row (SET NULL, SET DEFAULT).
    """

    child: Table
    parent: Table
    columns: tuple[tuple[str, str], ...]
    keeps_row: bool


@dataclass(frozen=True)
class ResetPlan:
    """What a reset removes.

    Attributes:
        rows: How many rows go, by table; ``customers`` first, then as the foreign keys lead to them.
    """

    rows: dict[Table, int]


def read_foreign_keys(connection: psycopg.Connection[Any]) -> list[ForeignKey]:
    """Return all foreign keys of the database; those of a partitioned table once, not for each partition."""
    return [
        ForeignKey(
            Table(child, child_name),
            Table(parent, parent_name),
            tuple(zip(child_columns, parent_columns, strict=True)),
            keeps_row=action in _KEEPS_ROW,
        )
        for child, child_name, parent, parent_name, child_columns, parent_columns, action in fetch(
            connection, _FOREIGN_KEYS
        )
    ]


def read_test_customers(connection: psycopg.Connection[Any], *, lock: bool = False) -> dict[int, str]:
    """Return the addresses of all test customers by their id.

    The statement narrows the customers down; :func:`is_test_address` decides about each of them.

    Args:
        connection: The connection.
        lock: Whether to keep others from changing them, or referring to them, until the transaction ends.
    """
    query = _TEST_CUSTOMERS + (" FOR UPDATE" if lock else "")
    candidates = fetch(connection, query, ([f"%@{domain}" for domain in TEST_DOMAINS],))
    return {customer_id: email for customer_id, email in candidates if is_test_address(email)}


def plan_reset(connection: psycopg.Connection[Any], *, max_customers: int) -> ResetPlan:
    """Collect and lock every row that goes with the test customers. Nothing is changed.

    Args:
        connection: A connection inside a transaction.
        max_customers: More test customers than this are not deleted but reported.

    Raises:
        ConfigurationError: There is no table ``customers``.
        CheckFailedError: There are too many test customers, or a foreign key leads from them to other customers.
    """
    table = _customers_table(connection)
    doomed = _test_customers(connection, max_customers)
    connection.execute(_CREATE_DOOMED)
    query = sql.SQL(
        "INSERT INTO {doomed} SELECT {oid}::oid, tableoid, ctid FROM {table} WHERE id = ANY(%s)"
    ).format(doomed=_DOOMED, oid=table.oid, table=table.sql)
    rows = {table: connection.execute(query, (list(doomed),)).rowcount}
    _follow(connection, read_foreign_keys(connection), rows)
    if rows[table] != len(doomed):
        raise CheckFailedError(
            f"A foreign key leads from test customers to {rows[table] - len(doomed)} other rows of {table.name}, which "
            "a reset must not delete.",
            remedy="find customers that refer to a test customer, and clear the reference",
        )
    return ResetPlan(rows)


def delete_planned(connection: psycopg.Connection[Any], plan: ResetPlan) -> dict[str, int]:
    """Delete the rows of a plan.

    One statement deletes from all tables. Foreign keys are checked when a statement ends, so rows that restrict
    a deletion go together with what they restrict, and no order among the tables is needed, not even where
    tables refer to each other in a circle.

    Returns:
        How many rows went, by table.

    Raises:
        CheckFailedError: Other rows went than were planned.
    """
    tables = [table for table, count in plan.rows.items() if count]
    if not tables:
        return {}
    parts = [
        sql.SQL(
            "{name} AS (DELETE FROM {table} AS t USING {doomed} AS d "
            "WHERE d.relation = {oid}::oid AND t.tableoid = d.part AND t.ctid = d.place RETURNING 1)"
        ).format(name=sql.Identifier(f"deleted_{index}"), table=table.sql, doomed=_DOOMED, oid=table.oid)
        for index, table in enumerate(tables)
    ]
    counts = [
        sql.SQL("(SELECT count(*) FROM {})").format(sql.Identifier(f"deleted_{index}"))
        for index in range(len(tables))
    ]
    statement = sql.SQL("WITH {} SELECT {}").format(sql.SQL(", ").join(parts), sql.SQL(", ").join(counts))
    deleted = dict(zip(tables, fetch(connection, statement)[0], strict=True))
    for table, count in deleted.items():
        if count != plan.rows[table]:
            raise CheckFailedError(
                f"{count} rows of {table.name} were deleted, but {plan.rows[table]} were planned.",
                remedy="look for triggers or row level security on the table",
            )
    return {table.name: count for table, count in deleted.items()}


def _customers_table(connection: psycopg.Connection[Any]) -> Table:
    oid, name = fetch(
        connection, "SELECT to_regclass(%s)::oid, to_regclass(%s)::text", (CUSTOMERS, CUSTOMERS)
    )[0]
    if oid is None:
        raise ConfigurationError(
            f"The database has no table {CUSTOMERS}.",
            remedy="point the connection staging_postgres at the platform's database, and create its tables there",
        )
    return Table(oid, name)


def _test_customers(connection: psycopg.Connection[Any], ceiling: int) -> dict[int, str]:
    found = read_test_customers(connection, lock=True)
    if len(found) > ceiling:
        raise CheckFailedError(
            f"The database holds {len(found)} test customers, more than the {ceiling} that a reset may delete.",
            remedy="make sure that this is the right database; then raise max_customers for one reset",
        )
    return found


def _follow(connection: psycopg.Connection[Any], keys: Sequence[ForeignKey], rows: dict[Table, int]) -> None:
    """Collect what refers to collected rows until nothing new is found; every row is collected once."""
    waiting = list(rows)
    while waiting:
        parent = waiting.pop()
        for key in keys:
            if key.parent == parent and not key.keeps_row and (found := _collect(connection, key)):
                rows[key.child] = rows.get(key.child, 0) + found
                waiting.append(key.child)


def _collect(connection: psycopg.Connection[Any], key: ForeignKey) -> int:
    joined = sql.SQL(" AND ").join(
        sql.SQL("c.{} = p.{}").format(sql.Identifier(child), sql.Identifier(parent))
        for child, parent in key.columns
    )
    query = sql.SQL(
        "INSERT INTO {doomed} SELECT {child_oid}::oid, c.tableoid, c.ctid FROM {child} AS c WHERE EXISTS ("
        "SELECT 1 FROM {parent} AS p JOIN {doomed} AS d "
        "ON d.relation = {parent_oid}::oid AND d.part = p.tableoid AND d.place = p.ctid WHERE {joined}"
        ") FOR UPDATE OF c ON CONFLICT DO NOTHING"
    ).format(
        doomed=_DOOMED,
        child_oid=key.child.oid,
        child=key.child.sql,
        parent=key.parent.sql,
        parent_oid=key.parent.oid,
        joined=joined,
    )
    return connection.execute(query).rowcount
