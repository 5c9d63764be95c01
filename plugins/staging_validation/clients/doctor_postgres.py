"""The doctor's look at the staging database: version, tables, rights, indexes. Reads the catalogue only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.doctor_findings import Findings, how_to_set
from staging_validation.clients.postgres import connect, database_errors, fetch
from staging_validation.clients.reset_catalogue import Dependants, read_columns, read_dependants
from staging_validation.clients.reset_files import read_customer_states, read_declared_tables
from staging_validation.clients.reset_results import indexes_result
from staging_validation.errors import (
    ConfigurationError,
    FixtureError,
    ServiceUnreachableError,
    StagingValidationError,
)
from staging_validation.fixtures import DeclaredTable, undeclared
from staging_validation.fixtures.columns import SEEDED_COLUMNS, check_columns
from staging_validation.results import Outcome

if TYPE_CHECKING:
    import psycopg

OLDEST, NEWEST = 15, 18
"""The major versions of PostgreSQL that the reset is tested on."""

_SECONDS = 5
_LIMITS = "SELECT set_config('statement_timeout', '5s', false), set_config('lock_timeout', '2s', false)"

_RIGHTS = """
SELECT wanted.privilege || ' ON ' || wanted.name
FROM unnest(%s::text[], %s::text[]) AS wanted(name, privilege)
WHERE NOT has_table_privilege(to_regclass(wanted.name), wanted.privilege)
ORDER BY wanted.name, wanted.privilege
"""
_SEQUENCES = """
SELECT DISTINCT 'USAGE ON SEQUENCE ' || found.sequence
FROM (SELECT pg_get_serial_sequence(tables.name, columns.attname) AS sequence
      FROM unnest(%s::text[]) AS tables(name)
      JOIN pg_attribute AS columns ON columns.attrelid = to_regclass(tables.name)
      WHERE columns.attnum > 0 AND NOT columns.attisdropped AND columns.attidentity = '') AS found
WHERE found.sequence IS NOT NULL AND NOT has_sequence_privilege(found.sequence, 'USAGE')
"""
_DATABASE = """
SELECT has_database_privilege(current_database(), 'TEMPORARY'),
       pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'
"""
_WRONG_LOGIN = (
    "authentication failed",
    "no pg_hba.conf entry",
    "no password supplied",
    "is not permitted to log in",
)
_NO_POSTGRES = ("SSL negotiation", "expected authentication request", "unexpected message from server")


def look_at_postgres(found: Findings, connections: Mapping[str, ConnectionSettings]) -> None:
    """Check that a reset could work on this database; the marker is the guard's question."""
    settings = connections[found.conn_id]
    try:
        opened = connect(
            settings, application_name="staging-validation doctor", connect_timeout_seconds=_SECONDS
        )
    except ServiceUnreachableError as error:
        _not_connected(found, settings, error)
        return
    with closing(opened) as connection:
        connection.read_only = True
        connection.autocommit = True
        found.passed("reachable", f"{settings.host}:{settings.port or 5432}/{settings.database}")
        _version(found, connection.info.server_version)
        try:
            with database_errors():
                fetch(connection, _LIMITS)
                _content(found, connection)
        except StagingValidationError as error:
            found.error("content", error)


def _not_connected(found: Findings, settings: ConnectionSettings, error: ServiceUnreachableError) -> None:
    told = error.message
    if any(sign in told for sign in _WRONG_LOGIN):
        found.failed("authorised", told, remedy=how_to_set(found.conn_id, "password"))
    elif f'database "{settings.database}" does not exist' in told:
        found.failed("database", told, remedy=how_to_set(found.conn_id, "schema"))
    elif any(sign in told for sign in _NO_POSTGRES):
        found.failed("thing", told, expected="a PostgreSQL server", remedy=how_to_set(found.conn_id, "host"))
    elif "certificate" in told or "SSL" in told:
        found.error(
            "reachable",
            error,
            remedy="set sslmode and sslrootcert (the CA's file) in the extra field of the connection "
            f"{found.conn_id}: they are handed to libpq",
        )
    else:
        found.error("reachable", error)


def _version(found: Findings, number: int) -> None:
    major = number // 10_000
    if OLDEST <= major <= NEWEST:
        found.passed("version", f"PostgreSQL {major}")
        return
    found.failed(
        "version",
        f"PostgreSQL {major}",
        expected=f"{OLDEST} to {NEWEST}",
        warning=major > NEWEST,
        remedy=f"upgrade the server to one of {OLDEST} to {NEWEST}, on which the reset is tested",
    )


def _content(found: Findings, connection: psycopg.Connection[Any]) -> None:
    try:
        dependants = read_dependants(connection)
        check_columns(read_customer_states(), read_columns(connection))
    except FixtureError as error:
        found.misconfigured("columns", error)
        return
    except ConfigurationError as error:
        found.misconfigured("tables", error)
        return
    declared = read_declared_tables()
    _tables(found, connection, dependants, declared)
    _rights(found, connection, dependants)
    _indexes(found, dependants)
    _customers(found, connection)


def _tables(
    found: Findings,
    connection: psycopg.Connection[Any],
    dependants: Dependants,
    declared: Iterable[DeclaredTable],
) -> None:
    names = [table.name for table in declared]
    query = "SELECT name FROM unnest(%s::text[]) AS t(name) WHERE to_regclass(name) IS NULL"
    missing = [name for (name,) in fetch(connection, query, (names,))]
    if missing:
        found.failed(
            "tables",
            f"has no {', '.join(missing)}",
            expected="the tables of include/fixtures/tables.yaml",
            remedy="run the platform's migrations on this database, or correct include/fixtures/tables.yaml",
        )
    else:
        found.passed("tables", f"has customers, {', '.join(names)}")
    losing = {key.child.name for key in dependants.deleting}
    if unknown := undeclared(losing, declared):
        found.failed(
            "undeclared",
            f"{', '.join(unknown)} would lose rows with their customers",
            expected="only tables of include/fixtures/tables.yaml",
            warning=True,
            remedy="declare them in include/fixtures/tables.yaml as cascade or restrict, if their rows may go; "
            "a reset that meets such rows refuses",
        )


def needed_rights(dependants: Dependants) -> list[tuple[str, str]]:
    """Return the rights on tables that a reset needs, as pairs of table and privilege.

    Rows that others refer to are locked, for which PostgreSQL asks for UPDATE (PostgreSQL documentation, GRANT).
    """
    needed = dict.fromkeys((name, privilege) for name in SEEDED_COLUMNS for privilege in ("SELECT", "INSERT"))
    for table in dependants.collected:
        needed |= dict.fromkeys((table.name, privilege) for privilege in ("SELECT", "UPDATE", "DELETE"))
    for key in dependants.deleting:
        needed |= dict.fromkeys((key.child.name, privilege) for privilege in ("SELECT", "DELETE"))
    for key in dependants.detaching:
        needed[key.child.name, "SELECT"] = None
    return list(needed)


def _rights(found: Findings, connection: psycopg.Connection[Any], dependants: Dependants) -> None:
    rights = needed_rights(dependants)
    missing = [
        right for (right,) in fetch(connection, _RIGHTS, ([n for n, _ in rights], [p for _, p in rights]))
    ]
    missing += [right for (right,) in fetch(connection, _SEQUENCES, (list(SEEDED_COLUMNS),))]
    temporary, read_only = fetch(connection, _DATABASE)[0]
    if not temporary:
        missing.append(f"TEMPORARY ON DATABASE {connection.info.dbname}")
    role = connection.info.user
    if missing:
        grants = "; ".join(f"GRANT {right} TO {role}" for right in missing)
        found.failed(
            "rights",
            f"role {role} lacks {', '.join(missing)}",
            expected="what a reset needs",
            remedy=f"as the tables' owner: {grants}",
        )
    else:
        found.passed("rights", f"role {role} may reset")
    if read_only:
        found.failed(
            "writable",
            "is a replica, or every transaction of this role is read-only",
            expected="a primary that can be written to",
            remedy="point the connection at staging's primary, and look at default_transaction_read_only",
        )
    else:
        found.passed("writable", "is a primary that can be written to")


def _indexes(found: Findings, dependants: Dependants) -> None:
    result = indexes_result(dependants.unindexed)
    if result.outcome is Outcome.PASSED:
        found.passed("indexes", "every foreign key to customers has one")
    else:
        found.failed("indexes", str(result.evidence["because"]), warning=True, remedy=str(result.remedy))


def _customers(found: Findings, connection: psycopg.Connection[Any]) -> None:
    emails = [state.email for state in read_customer_states()]
    there = fetch(connection, "SELECT count(*) FROM customers WHERE email = ANY(%s)", (emails,))[0][0]
    if there == len(emails):
        found.passed("test_customers", f"all {there} are there")
    else:
        found.skipped(
            "test_customers", f"{there} of {len(emails)} are there: the first reset or night makes them"
        )
