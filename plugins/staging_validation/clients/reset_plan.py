"""Which rows a reset removes, and their removal.

Everything is set-based: the doomed rows are noted in temporary tables, counted, and removed by one statement. A plan
and a reset share this code, so that a plan says exactly what a reset would do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from staging_validation.clients.postgres import fetch
from staging_validation.clients.reset_catalogue import Dependants, ForeignKey, Table
from staging_validation.errors import CheckFailedError
from staging_validation.fixtures.addresses import TEST_DOMAINS, is_test_address

if TYPE_CHECKING:
    import psycopg

# Exact, not only a sieve: neither domain holds an @, so what ends so has the domain after its last @; and in the
# collation "C" only ASCII letters have a lower case. The driver halves the signs again: it is always given parameters.
_IS_TEST_ADDRESS = sql.SQL('lower(email::text COLLATE "C") LIKE ANY ({})').format(
    sql.Literal([f"%%@{domain}" for domain in sorted(TEST_DOMAINS)])
)
_DOMAINS = sql.SQL(
    "SELECT right(email::text, strpos(reverse(email::text), '@') - 1), count(*) FROM {table} WHERE {test} GROUP BY 1"
)
_OTHERS = sql.SQL("SELECT email::text FROM {table} WHERE {test} AND NOT email = ANY(%s) ORDER BY 1")


@dataclass(frozen=True)
class Doomed:
    """The rows that go, as far as they are noted; see :func:`note_rows`.

    Attributes:
        dependants: What hangs on customers.
        rows: How many rows go, by table: ``customers`` first; tables that lose none are left out.
        detached: How many rows stay without their reference, by table.
        strangers: How many other customers would go with them, which must not be.
    """

    dependants: Dependants
    rows: dict[Table, int]
    detached: dict[str, int]
    strangers: int


def count_test_customers(connection: psycopg.Connection[Any], table: Table) -> int:
    """Return how many test customers there are.

    Raises:
        CheckFailedError: The database and :func:`is_test_address` do not agree about what a test address is.
    """
    domains = fetch(connection, _DOMAINS.format(table=table.sql, test=_IS_TEST_ADDRESS))
    wrong = [domain for domain, _ in domains if not is_test_address(f"x@{domain}")]
    if wrong:
        raise CheckFailedError(
            f"The database takes addresses at {', '.join(map(repr, wrong))} for test addresses, which they are not.",
            remedy="report this: nothing may be deleted from this database until it is understood",
        )
    return sum(count for _, count in domains)


def read_other_test_customers(
    connection: psycopg.Connection[Any], table: Table, declared: Iterable[str]
) -> list[str]:
    """Return the addresses of test customers, but for some, letter by letter."""
    query = _OTHERS.format(table=table.sql, test=_IS_TEST_ADDRESS)
    return [email for (email,) in fetch(connection, query, (list(declared),))]


def make_room(connection: psycopg.Connection[Any], dependants: Dependants) -> None:
    """Create the temporary tables that note the doomed rows; they end with the transaction."""
    for index, table in enumerate(dependants.collected):
        columns = [
            sql.SQL("{} AS {}").format(sql.Identifier(column), _noted(position))
            for position, column in enumerate(dependants.referenced(table))
        ]
        create = sql.SQL(
            "CREATE TEMPORARY TABLE {noted} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA"
        ).format(
            noted=_name(dependants, table),
            columns=sql.SQL(", ").join([sql.SQL("tableoid AS part"), sql.SQL("ctid AS place"), *columns]),
            table=table.sql,
        )
        connection.execute(create)
        if index:  # customers are noted once; rows of other tables can be found in several ways
            connection.execute(
                sql.SQL("CREATE UNIQUE INDEX ON {} (part, place)").format(_name(dependants, table))
            )


def note_rows(
    connection: psycopg.Connection[Any],
    dependants: Dependants,
    *,
    lock: bool,
    customers_locked: bool = False,
) -> Doomed:
    """Note and count every row that goes with the test customers. Nothing is changed.

    Args:
        connection: A connection inside a transaction, after :func:`make_room`.
        dependants: What hangs on customers.
        lock: Whether to keep others from changing customers, and whatever else others may refer to, until the
            transaction ends.
        customers_locked: Whether the table of customers is locked as a whole already.
    """
    root = dependants.root
    lock_root = lock and not customers_locked
    rows = {root: _note(connection, dependants, root, _IS_TEST_ADDRESS, lock=lock_root)}
    _follow(connection, dependants, rows, lock=lock)
    for table in dependants.collected:
        # Without statistics the planner would take a thousand rows for a few, or a few for a thousand.
        connection.execute(sql.SQL("ANALYZE {}").format(_name(dependants, table)))
    for key in dependants.leaves:
        rows[key.child] = _count(connection, key.child, _refers(dependants, key))
    strangers = sum(
        _count(
            connection,
            root,
            sql.SQL("{} AND NOT {}").format(_refers(dependants, key), _is_doomed(dependants, root)),
        )
        for key in dependants.returning
    )
    return Doomed(
        dependants,
        {table: count for table, count in rows.items() if count or table == root},
        _detached(connection, dependants),
        strangers,
    )


def delete_rows(connection: psycopg.Connection[Any], doomed: Doomed) -> dict[str, int]:
    """Delete the noted rows.

    Rows that nothing refers to go first. The others go with one statement for all tables: foreign keys are checked when
    a statement ends, so rows that restrict a deletion go together with what they restrict, and no order among the
    tables is needed, not even where tables refer to each other in a circle.

    Returns:
        How many rows went, by table.

    Raises:
        CheckFailedError: Other rows went than were planned.
    """
    dependants, planned = doomed.dependants, doomed.rows
    deleted = {
        key.child: connection.execute(_delete_leaf(dependants, key)).rowcount
        for key in dependants.leaves
        if planned.get(key.child)
    }
    deleted |= _delete_together(
        connection, dependants, [table for table in dependants.collected if planned.get(table)]
    )
    for table, count in deleted.items():
        if count != planned[table]:
            raise CheckFailedError(
                f"{count} rows of {table.name} were deleted, but {planned[table]} were planned.",
                remedy="look for triggers or row level security on the table, or for somebody else who writes to it",
            )
    return {table.name: deleted[table] for table in planned if table in deleted}


def detach_rows(connection: psycopg.Connection[Any], dependants: Dependants, key: ForeignKey) -> None:
    """Clear the references of a key to noted rows, as ON DELETE SET NULL does."""
    cleared = sql.SQL(", ").join(
        sql.SQL("{} = NULL").format(sql.Identifier(child)) for child, _ in key.columns
    )
    connection.execute(
        sql.SQL("UPDATE {} AS t SET {} FROM {} AS d WHERE {}").format(
            key.child.sql, cleared, _name(dependants, key.parent), _joined(dependants, key)
        )
    )


def _delete_leaf(dependants: Dependants, key: ForeignKey) -> sql.Composed:
    return sql.SQL("DELETE FROM {} AS t USING {} AS d WHERE {}").format(
        key.child.sql, _name(dependants, key.parent), _joined(dependants, key)
    )


def _delete_together(
    connection: psycopg.Connection[Any], dependants: Dependants, tables: Sequence[Table]
) -> dict[Table, int]:
    """Delete the rows that are noted one by one, with one statement."""
    if not tables:
        return {}
    names = [sql.Identifier(f"deleted_{index}") for index in range(len(tables))]
    parts = [
        sql.SQL(
            "{} AS (DELETE FROM {} AS t USING {} AS d WHERE t.ctid = d.place AND t.tableoid = d.part RETURNING 1)"
        ).format(name, table.sql, _name(dependants, table))
        for name, table in zip(names, tables, strict=True)
    ]
    counts = [sql.SQL("(SELECT count(*) FROM {})").format(name) for name in names]
    statement = sql.SQL("WITH {} SELECT {}").format(sql.SQL(", ").join(parts), sql.SQL(", ").join(counts))
    return dict(zip(tables, fetch(connection, statement)[0], strict=True))


def _follow(
    connection: psycopg.Connection[Any], dependants: Dependants, rows: dict[Table, int], *, lock: bool
) -> None:
    """Note what refers to noted rows until nothing new is found; every row is noted once."""
    waiting = [dependants.root]
    while waiting:
        parent = waiting.pop()
        for key in dependants.deleting:
            if key.parent != parent or key.child not in dependants.collected:
                continue
            if found := _note(connection, dependants, key.child, _refers(dependants, key), lock=lock):
                rows[key.child] = rows.get(key.child, 0) + found
                waiting.append(key.child)


def _note(
    connection: psycopg.Connection[Any],
    dependants: Dependants,
    table: Table,
    condition: sql.Composable,
    *,
    lock: bool,
) -> int:
    columns = [sql.SQL("t.{}").format(sql.Identifier(column)) for column in dependants.referenced(table)]
    query = sql.SQL(
        "INSERT INTO {noted} SELECT {columns} FROM {table} AS t WHERE {condition} {lock} {again}"
    ).format(
        noted=_name(dependants, table),
        columns=sql.SQL(", ").join([sql.SQL("t.tableoid"), sql.SQL("t.ctid"), *columns]),
        table=table.sql,
        condition=condition,
        lock=sql.SQL("FOR UPDATE OF t" if lock else ""),
        again=sql.SQL("ON CONFLICT DO NOTHING" if table != dependants.root else ""),
    )
    return connection.execute(query, ()).rowcount


def _count(connection: psycopg.Connection[Any], table: Table, condition: sql.Composable) -> int:
    query = sql.SQL("SELECT count(*) FROM {} AS t WHERE {}").format(table.sql, condition)
    return int(fetch(connection, query)[0][0])


def _detached(connection: psycopg.Connection[Any], dependants: Dependants) -> dict[str, int]:
    """Count the rows that lose a reference and do not go themselves."""
    by_table: dict[Table, list[ForeignKey]] = {}
    for key in dependants.detaching:
        by_table.setdefault(key.child, []).append(key)
    found: dict[str, int] = {}
    for table, keys in by_table.items():
        refers = sql.SQL(" OR ").join(_refers(dependants, key) for key in keys)
        goes: Sequence[sql.Composable] = [
            _refers(dependants, key) for key in dependants.leaves if key.child == table
        ]
        if table in dependants.collected:
            goes = [_is_doomed(dependants, table)]
        stays = [sql.SQL("NOT {}").format(condition) for condition in goes]
        condition = sql.SQL(" AND ").join([sql.SQL("({})").format(refers), *stays])
        if count := _count(connection, table, condition):
            found[table.name] = count
    return found


def _refers(dependants: Dependants, key: ForeignKey) -> sql.Composed:
    """Say of a row ``t`` that it refers to a noted row."""
    return sql.SQL("EXISTS (SELECT FROM {} AS d WHERE {})").format(
        _name(dependants, key.parent), _joined(dependants, key)
    )


def _is_doomed(dependants: Dependants, table: Table) -> sql.Composed:
    """Say of a row ``t`` that it is noted itself."""
    return sql.SQL("EXISTS (SELECT FROM {} AS d WHERE t.ctid = d.place AND t.tableoid = d.part)").format(
        _name(dependants, table)
    )


def _joined(dependants: Dependants, key: ForeignKey) -> sql.Composed:
    referenced = dependants.referenced(key.parent)
    return sql.SQL(" AND ").join(
        sql.SQL("t.{} = d.{}").format(sql.Identifier(child), _noted(referenced.index(parent)))
        for child, parent in key.columns
    )


def _name(dependants: Dependants, table: Table) -> sql.Composed:
    position = dependants.collected.index(table)
    return sql.SQL("pg_temp.{}").format(sql.Identifier(f"staging_validation_doomed_{position}"))


def _noted(position: int) -> sql.Identifier:
    return sql.Identifier(f"column_{position}")
