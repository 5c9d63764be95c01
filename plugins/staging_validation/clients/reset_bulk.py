"""Deleting very many customers: foreign keys are checked once for each table instead of once for each row.

The server checks a foreign key with a query of its own for every deleted row that the key may refer to: six keys and a
million customers are six million queries, most of a minute. Here the keys are taken off and put back inside the reset's
transaction, and putting one back checks the whole table, with one join. Nobody else ever sees the tables without their
keys: they are locked until the transaction ends, and whatever ends it early puts everything back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from staging_validation.clients.postgres import fetch
from staging_validation.clients.reset_catalogue import Dependants, ForeignKey
from staging_validation.clients.reset_plan import detach_rows

if TYPE_CHECKING:
    import psycopg

BULK_FROM = 20_000
"""From so many customers on. Below it the row-by-row checks take about a second, and lock nobody out."""

# Only ordinary tables that are ours on both sides, and only actions that are done here in the same way.
_KEYS = """
SELECT con.oid, con.conname::text, pg_get_constraintdef(con.oid), obj_description(con.oid, 'pg_constraint')
FROM pg_constraint AS con
JOIN pg_class AS child ON child.oid = con.conrelid
JOIN pg_class AS parent ON parent.oid = con.confrelid
WHERE con.oid = ANY(%s::oid[]) AND con.confdeltype IN ('a', 'r', 'c', 'n') AND con.confdelsetcols IS NULL
  AND child.relkind = 'r' AND parent.relkind = 'r' AND con.conrelid <> con.confrelid
  AND pg_has_role(child.relowner, 'USAGE') AND pg_has_role(parent.relowner, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent IN (child.oid, parent.oid))
ORDER BY child.oid, con.conname
"""


@dataclass(frozen=True)
class KeyAside:
    """A foreign key that was taken off.

    Attributes:
        key: The key.
        name: Its name.
        definition: How it is put back.
        comment: Its comment, None without one.
    """

    key: ForeignKey
    name: str
    definition: str
    comment: str | None


def take_keys_off(
    connection: psycopg.Connection[Any], dependants: Dependants, *, customers: int
) -> list[KeyAside]:
    """Take off the keys that refer to customers, where so many go that it pays.

    Args:
        connection: A connection inside the reset's transaction.
        dependants: What hangs on customers.
        customers: How many customers go.

    Returns:
        What :func:`put_keys_back` needs. When there is any, the table of customers is locked against everybody.
        Nothing where few customers go, or the tables are not ours.
    """
    if customers < BULK_FROM:
        return []
    keys = {key.oid: key for key in dependants.keys if key.parent == dependants.root}
    aside = [
        KeyAside(keys[oid], name, definition, comment)
        for oid, name, definition, comment in fetch(connection, _KEYS, (list(keys),))
    ]
    for taken in aside:
        _alter(connection, taken, sql.SQL("DROP CONSTRAINT {}").format(sql.Identifier(taken.name)))
    return aside


def put_keys_back(
    connection: psycopg.Connection[Any], dependants: Dependants, aside: Sequence[KeyAside]
) -> None:
    """Do for each key what the server would have done, and put it back: it checks every row of its table."""
    for taken in aside:
        if taken.key.keeps_row:
            detach_rows(connection, dependants, taken.key)
    for taken in aside:
        added = sql.SQL("ADD CONSTRAINT {} {}").format(sql.Identifier(taken.name), sql.SQL(taken.definition))
        _alter(connection, taken, added)
        if taken.comment is not None:
            connection.execute(
                sql.SQL("COMMENT ON CONSTRAINT {} ON {} IS {}").format(
                    sql.Identifier(taken.name), taken.key.child.sql, taken.comment
                )
            )


def _alter(connection: psycopg.Connection[Any], taken: KeyAside, what: sql.Composable) -> None:
    connection.execute(sql.SQL("ALTER TABLE {} {}").format(taken.key.child.sql, what))
