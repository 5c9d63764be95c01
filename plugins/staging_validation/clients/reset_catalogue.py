"""What the database's own catalogue says about customers: columns, foreign keys, indexes.

The foreign keys are read from the database in front of us: the platform has more tables than any list would know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from psycopg import sql

from staging_validation.clients.postgres import fetch
from staging_validation.errors import ConfigurationError
from staging_validation.fixtures.columns import SEEDED_COLUMNS, Column

if TYPE_CHECKING:
    import psycopg

CUSTOMERS = "customers"

_FOREIGN_KEYS = """
SELECT con.oid, con.conrelid, con.conrelid::regclass::text, con.confrelid, con.confrelid::regclass::text,
       array(SELECT attname::text FROM unnest(con.conkey) WITH ORDINALITY AS k(number, position)
             JOIN pg_attribute ON attrelid = con.conrelid AND attnum = k.number ORDER BY position),
       array(SELECT attname::text FROM unnest(con.confkey) WITH ORDINALITY AS k(number, position)
             JOIN pg_attribute ON attrelid = con.confrelid AND attnum = k.number ORDER BY position),
       con.confdeltype::text,
       EXISTS (SELECT FROM pg_index
               WHERE indrelid = con.conrelid AND indisvalid AND indpred IS NULL
                 AND (indkey::int2[])[0:cardinality(con.conkey) - 1] @> con.conkey)
FROM pg_constraint con
WHERE con.contype = 'f' AND con.conparentid = 0
ORDER BY con.conrelid::regclass::text, con.conname
"""

_COLUMNS = """
SELECT t.name, a.attname::text,
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = ''
FROM unnest(%s::text[]) AS t(name) JOIN pg_attribute a ON a.attrelid = to_regclass(t.name)
WHERE a.attnum > 0 AND NOT a.attisdropped
ORDER BY t.name, a.attnum
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
        oid: The constraint's object id.
        child: The table that refers.
        parent: The table referred to.
        columns: The pairs of columns, the child's and the parent's.
        keeps_row: Whether deleting the parent's row leaves the child's row (SET NULL, SET DEFAULT).
        indexed: Whether an index finds the child's rows; without one every deleted parent row costs a scan.
    """

    oid: int
    child: Table
    parent: Table
    columns: tuple[tuple[str, str], ...]
    keeps_row: bool
    indexed: bool


@dataclass(frozen=True)
class Dependants:
    """What hangs on the rows of ``customers``, at any depth.

    Attributes:
        root: The table ``customers``.
        keys: The foreign keys that lead there, directly or through tables whose rows go with their customers.
    """

    root: Table
    keys: tuple[ForeignKey, ...]

    @cached_property
    def deleting(self) -> tuple[ForeignKey, ...]:
        """Keys whose referencing rows go with the row that they refer to."""
        return tuple(key for key in self.keys if not key.keeps_row and key.child != self.root)

    @cached_property
    def detaching(self) -> tuple[ForeignKey, ...]:
        """Keys whose referencing rows stay, without the reference."""
        return tuple(key for key in self.keys if key.keeps_row)

    @cached_property
    def returning(self) -> tuple[ForeignKey, ...]:
        """Keys by which customers would go with something of other customers."""
        return tuple(key for key in self.keys if not key.keeps_row and key.child == self.root)

    @cached_property
    def collected(self) -> tuple[Table, ...]:
        """Tables whose doomed rows must be noted one by one: others hang on them, or several keys lead to them."""
        parents = {key.parent for key in self.keys}
        reached = [key.child for key in self.deleting]
        several = {table for table in reached if reached.count(table) > 1}
        inner = dict.fromkeys(table for table in reached if table in parents or table in several)
        return (self.root, *inner)

    @cached_property
    def leaves(self) -> tuple[ForeignKey, ...]:
        """Keys whose child's doomed rows follow from the key alone."""
        return tuple(key for key in self.deleting if key.child not in self.collected)

    @cached_property
    def unindexed(self) -> tuple[ForeignKey, ...]:
        """Keys without an index on the columns that refer."""
        return tuple(key for key in self.keys if not key.indexed)

    def referenced(self, table: Table) -> list[str]:
        """Return the columns of a table that these keys refer to."""
        return list(
            dict.fromkeys(parent for key in self.keys if key.parent == table for _, parent in key.columns)
        )


def read_dependants(connection: psycopg.Connection[Any]) -> Dependants:
    """Read what hangs on ``customers``; the keys of a partitioned table once, not for each partition.

    Raises:
        ConfigurationError: There is no table ``customers``.
    """
    query = "SELECT to_regclass(%s)::oid, to_regclass(%s)::text"
    oid, name = fetch(connection, query, (CUSTOMERS, CUSTOMERS))[0]
    if oid is None:
        raise ConfigurationError(
            f"The database has no table {CUSTOMERS}.",
            remedy="point the connection staging_postgres at the platform's database, and create its tables there",
        )
    root = Table(oid, name)
    return Dependants(root, tuple(_reachable(root, _foreign_keys(connection))))


def read_columns(connection: psycopg.Connection[Any]) -> dict[str, list[Column]]:
    """Return the columns of the tables that a reset seeds; tables that do not exist are left out."""
    columns: dict[str, list[Column]] = {}
    for table, name, required in fetch(connection, _COLUMNS, (list(SEEDED_COLUMNS),)):
        columns.setdefault(table, []).append(Column(name, required))
    return columns


def _foreign_keys(connection: psycopg.Connection[Any]) -> list[ForeignKey]:
    return [
        ForeignKey(
            oid,
            Table(child, child_name),
            Table(parent, parent_name),
            tuple(zip(child_columns, parent_columns, strict=True)),
            keeps_row=action in _KEEPS_ROW,
            indexed=indexed,
        )
        for oid, child, child_name, parent, parent_name, child_columns, parent_columns, action, indexed in fetch(
            connection, _FOREIGN_KEYS
        )
    ]


def _reachable(root: Table, keys: Sequence[ForeignKey]) -> list[ForeignKey]:
    found: dict[ForeignKey, None] = {}
    waiting, seen = [root], {root}
    while waiting:
        parent = waiting.pop(0)
        for key in keys:
            if key.parent == parent:
                found[key] = None
                if not key.keeps_row and key.child not in seen:
                    seen.add(key.child)
                    waiting.append(key.child)
    return list(found)
