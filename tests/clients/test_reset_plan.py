"""What a reset would do, what forbids it, and that a plan says exactly what a reset then does."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timezone

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from staging_validation.clients import reset_bulk, reset_plan
from staging_validation.clients.reset import plan_staging, reset_staging
from staging_validation.clients.reset_catalogue import read_dependants
from staging_validation.clients.reset_files import read_declared_tables
from staging_validation.errors import CheckFailedError, ConfigurationError, FixtureError, GuardRefusedError
from staging_validation.fixtures import DeclaredTable, is_test_address
from staging_validation.results import Outcome, Severity

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=timezone.utc)
TABLES = ("customers", "credit_transactions", "subscriptions", "billing_events", "fix_attempts", "api_keys")


def allow(connection):
    """The guard's yes."""


def add(connection, table, **row):
    row = {"inserted_at": NOW, "updated_at": NOW, **row}
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id"
    return connection.execute(statement, list(row.values())).fetchone()[0]


def everything(connection):
    return {
        table: sorted(text for (text,) in connection.execute(f"SELECT t::text FROM {table} t"))
        for table in TABLES
    }


def xmax(connection):
    """What locked rows would show."""
    return connection.execute("SELECT id, xmax::text FROM customers ORDER BY id").fetchall()


def by_id(results):
    return {result.id: result for result in results}


@pytest.fixture
def plan(dsn, states):
    """Plans a reset on a connection of its own."""

    def run(*declared, **changes):
        tables = [*read_declared_tables(), *declared]
        options = {"confirm": allow, "tables": tables, **changes}
        with psycopg.connect(dsn) as opened:
            return plan_staging(opened, states, **options)

    return run


@pytest.fixture
def reset(dsn, states):
    def run(*declared, **changes):
        tables = [*read_declared_tables(), *declared]
        options = {"confirm": allow, "now": NOW, "tables": tables, **changes}
        with psycopg.connect(dsn) as opened:
            return reset_staging(opened, states, **options)

    return run


@pytest.fixture
def polluted(connection):
    """Two test customers and another one, with all kinds of dependants."""
    owners = [
        add(connection, "customers", name="N", email=email)
        for email in ("a@example.com", "B@TEST.example.com", "real@corp.io")
    ]
    for owner in owners:
        identifier = {"id": uuid.uuid4(), "customer_id": owner}
        add(connection, "credit_transactions", **identifier, amount=1, balance_after=1, source="x")
        add(connection, "billing_events", **identifier, stripe_event_id=f"evt_{owner}", event_type="x")
        add(
            connection,
            "fix_attempts",
            github_org="o",
            repo_name=str(owner),
            pr_number=1,
            customer_id=owner,
        )
    return owners


def test_a_plan_counts_what_goes_and_what_stays(polluted, plan, states):
    planned = plan()
    assert planned.customers == 2
    assert planned.deleted == {"customers": 2, "credit_transactions": 2, "fix_attempts": 2}
    assert planned.detached == {"billing_events": 2}
    assert planned.created == 10
    assert planned.fixture_types == tuple(state.key for state in states)
    assert {result.outcome for result in planned.results} == {Outcome.PASSED}
    assert [result.id for result in planned.results] == [
        "reset.plan.ceiling",
        "reset.plan.strangers",
        "reset.plan.tables",
        "reset.plan.indexes",
    ]


def test_a_plan_is_plain_json(polluted, plan, states):
    assert json.loads(json.dumps(plan().as_json())) == {
        "customers": 2,
        "deleted": {"customers": 2, "credit_transactions": 2, "fix_attempts": 2},
        "detached": {"billing_events": 2},
        "created": 10,
        "fixture_types": [state.key for state in states],
    }


def test_a_plan_changes_nothing_and_locks_nothing(connection, polluted, plan):
    before, locks = everything(connection), xmax(connection)
    plan()
    assert everything(connection) == before
    assert xmax(connection) == locks


def test_a_plan_is_made_in_a_read_only_transaction(dsn, polluted, states, monkeypatch):
    seen = []
    noted = reset_plan.note_rows

    def note(opened, *given, **options):
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), opened.transaction():
            opened.execute("DELETE FROM customers")
        seen.append(options["lock"])
        return noted(opened, *given, **options)

    monkeypatch.setattr("staging_validation.clients.reset.note_rows", note)
    with psycopg.connect(dsn) as opened:
        plan_staging(opened, states, confirm=allow)
    assert seen == [False]


def test_a_plan_does_not_wait_for_a_reset(connection, polluted, plan):
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('staging_validation.reset', 0))")
        connection.execute("SELECT FROM customers FOR UPDATE")
        assert plan().customers == 2


def test_a_plan_asks_the_guard_first(connection, polluted, plan):
    def refuse(opened):
        raise GuardRefusedError("production")

    with pytest.raises(GuardRefusedError):
        plan(confirm=refuse)


def test_a_plan_needs_an_idle_connection(dsn, states):
    with psycopg.connect(dsn) as opened:
        opened.execute("SELECT 1")
        with pytest.raises(ConfigurationError, match="not idle"):
            plan_staging(opened, states, confirm=allow)


def test_the_connection_is_idle_after_a_plan(dsn, states):
    with psycopg.connect(dsn) as opened:
        plan_staging(opened, states, confirm=allow)
        reset_staging(opened, states, confirm=allow, now=NOW)
        assert plan_staging(opened, states, confirm=allow).customers == 10


def test_an_empty_database_plans_nothing_to_delete(plan):
    planned = plan()
    assert (planned.customers, planned.deleted, planned.detached) == (0, {}, {})


GRAPH = """
CREATE TABLE teams (id int PRIMARY KEY, owner bigint REFERENCES customers ON DELETE RESTRICT, best int);
CREATE TABLE members (id int PRIMARY KEY, team int REFERENCES teams ON DELETE CASCADE,
    mentor int REFERENCES members ON DELETE RESTRICT, friend int REFERENCES members ON DELETE SET NULL);
ALTER TABLE teams ADD FOREIGN KEY (best) REFERENCES members ON DELETE SET DEFAULT;
ALTER TABLE customers ADD favourite int REFERENCES teams ON DELETE SET NULL;
CREATE TABLE notes (member int REFERENCES members, author bigint REFERENCES customers, about bigint
    REFERENCES customers ON DELETE SET NULL);
CREATE TABLE visits (customer bigint REFERENCES customers, guide bigint REFERENCES customers ON DELETE SET NULL)
"""
KEYS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated,
       obj_description(oid, 'pg_constraint')
FROM pg_constraint WHERE contype = 'f' ORDER BY 1, 2
"""
DECLARED = [DeclaredTable(name, "cascade") for name in ("teams", "members", "notes", "visits")]


@pytest.mark.parametrize("bulk_from", [1, 1000])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_reset_does_exactly_what_the_plan_says(dsn, states, monkeypatch, bulk_from, data):
    """Random rows in tables that refer to each other in circles, twice and in every way."""
    monkeypatch.setattr(reset_bulk, "BULK_FROM", bulk_from)
    with psycopg.connect(dsn) as opened:
        opened.execute(
            "DROP TABLE IF EXISTS visits, notes; ALTER TABLE customers DROP COLUMN IF EXISTS favourite"
        )
        opened.execute("DROP TABLE IF EXISTS teams, members CASCADE; TRUNCATE customers CASCADE")
        opened.execute(GRAPH)
        emails = data.draw(st.lists(st.sampled_from(["x@example.com", "x@corp.io"]), min_size=1, max_size=5))
        owners = [
            add(opened, "customers", name="N", email=f"{number}{email}")
            for number, email in enumerate(emails)
        ]
        owner = st.one_of(st.none(), st.sampled_from(owners))
        teams = list(range(data.draw(st.integers(0, 3))))
        for team in teams:
            opened.execute("INSERT INTO teams VALUES (%s, %s)", (team, data.draw(owner)))
        team = st.one_of(st.none(), st.sampled_from(teams)) if teams else st.none()
        members: list[int] = []
        for member in range(data.draw(st.integers(0, 6))):
            other = st.one_of(st.none(), st.sampled_from(members)) if members else st.none()
            row = (member, data.draw(team), data.draw(other), data.draw(other))
            opened.execute("INSERT INTO members VALUES (%s, %s, %s, %s)", row)
            members.append(member)
        member = st.one_of(st.none(), st.sampled_from(members)) if members else st.none()
        for identifier in teams:
            opened.execute("UPDATE teams SET best = %s WHERE id = %s", (data.draw(member), identifier))
        for _ in range(data.draw(st.integers(0, 4))):
            note = (data.draw(member), data.draw(owner), data.draw(owner))
            opened.execute("INSERT INTO notes VALUES (%s, %s, %s)", note)
            opened.execute("INSERT INTO visits VALUES (%s, %s)", (data.draw(owner), data.draw(owner)))
        opened.commit()
        tables = ("customers", "teams", "members", "notes", "visits")
        before = {name: opened.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}
        opened.commit()
        declared = [*read_declared_tables(), *DECLARED]
        keys = opened.execute(KEYS).fetchall()
        opened.commit()
        planned = plan_staging(opened, states, confirm=allow, tables=declared)
        summary = reset_staging(opened, states, confirm=allow, now=NOW, tables=declared)
        assert summary.deleted == planned.deleted
        assert opened.execute(KEYS).fetchall() == keys
        after = {name: opened.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}
        gone = {name: before[name] - after[name] + (10 if name == "customers" else 0) for name in tables}
        assert {name: count for name, count in gone.items() if count} == planned.deleted


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    local=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=5),
    domain=st.one_of(
        st.sampled_from(["example.com", "Example.COM", "test.example.com", "TEST.example.com"]),
        st.text("@.examplECOMtsT \n\u0131\u212a\u0130K", max_size=18),
        st.sampled_from(
            ["ex\u0430mple.com", "example.com\n", "example.com ", "xexample.com", "te\u017ft.example.com"]
        ),
    ),
)
def test_the_database_and_the_domain_agree_about_test_addresses(connection, local, domain):
    address = f"{local}@{domain}"
    connection.execute("TRUNCATE customers CASCADE")
    add(connection, "customers", name="N", email=address)
    found = reset_plan.count_test_customers(connection, read_dependants(connection).root)
    assert found == is_test_address(address)


def test_a_disagreement_about_test_addresses_stops_everything(connection, polluted, plan, reset, monkeypatch):
    monkeypatch.setattr(reset_plan, "is_test_address", lambda address: address.endswith("@example.com"))
    before = everything(connection)
    for attempt in (plan, reset):
        with pytest.raises(CheckFailedError, match=r"at 'TEST\.example\.com' for test addresses"):
            attempt()
    assert everything(connection) == before


# --- what forbids a reset


def test_the_ceiling_is_in_the_plan_and_forbids_the_reset(connection, polluted, plan, reset):
    planned = plan(max_customers=1)
    (result,) = [result for result in planned.results if result.outcome is Outcome.FAILED]
    assert (result.id, result.expected, result.actual) == ("reset.plan.ceiling", "at most 1", 2)
    before, locks = everything(connection), xmax(connection)
    with pytest.raises(CheckFailedError, match="2 test customers, more than the 1"):
        reset(max_customers=1)
    assert (everything(connection), xmax(connection)) == (before, locks)
    assert plan(max_customers=2).results[0].outcome is Outcome.PASSED


def test_a_reset_just_below_the_ceiling_that_grew_meanwhile_is_refused(
    connection, polluted, reset, monkeypatch
):
    monkeypatch.setattr("staging_validation.clients.reset.count_test_customers", lambda *given: 1)
    before = everything(connection)
    with pytest.raises(CheckFailedError, match="2 test customers, more than the 1"):
        reset(max_customers=1)
    assert everything(connection) == before


def test_an_undeclared_table_that_would_lose_rows_refuses_by_name(connection, polluted, plan, reset):
    connection.execute(
        """CREATE TABLE invoices (customer bigint REFERENCES customers ON DELETE CASCADE);
           CREATE TABLE lines (attempt bigint REFERENCES fix_attempts ON DELETE CASCADE)"""
    )
    connection.execute("INSERT INTO invoices SELECT id FROM customers")
    connection.execute("INSERT INTO lines SELECT id FROM fix_attempts")
    before = everything(connection)
    result = by_id(plan().results)["reset.plan.tables"]
    assert (result.outcome, result.severity) == (Outcome.FAILED, Severity.ERROR)
    assert result.actual == {"invoices": 2, "lines": 2}
    with pytest.raises(
        CheckFailedError, match=r"declared would be deleted: invoices \(2\), lines \(2\)\."
    ) as raised:
        reset()
    assert "include/fixtures/tables.yaml" in raised.value.remedy
    assert everything(connection) == before
    with pytest.raises(CheckFailedError, match=r"would be deleted: lines \(2\)"):
        reset(DeclaredTable("invoices", "cascade"))
    done = reset(DeclaredTable("invoices", "cascade"), DeclaredTable("lines", "restrict"))
    assert (done.deleted["invoices"], done.deleted["lines"]) == (2, 2)


def test_a_table_that_is_declared_to_keep_its_rows_refuses_to_lose_them(connection, polluted, reset):
    connection.execute("CREATE TABLE invoices (customer bigint REFERENCES customers ON DELETE CASCADE)")
    connection.execute("INSERT INTO invoices SELECT id FROM customers")
    with pytest.raises(CheckFailedError, match=r"invoices \(2\)"):
        reset(DeclaredTable("invoices", "set_null"))
    assert connection.execute("SELECT count(*) FROM invoices").fetchone() == (3,)


def test_undeclared_tables_without_rows_to_lose_are_fine(connection, polluted, reset):
    connection.execute(
        """CREATE TABLE invoices (customer bigint REFERENCES customers ON DELETE CASCADE);
           CREATE TABLE log (customer bigint REFERENCES customers ON DELETE SET NULL);"""
    )
    connection.execute("INSERT INTO invoices VALUES (%s)", (polluted[2],))
    connection.execute("INSERT INTO log SELECT id FROM customers")
    assert "invoices" not in reset().deleted
    assert connection.execute("SELECT count(*) FROM log").fetchone() == (3,)


def test_other_customers_that_would_go_are_in_the_plan(connection, polluted, plan):
    connection.execute("ALTER TABLE customers ADD referred_by bigint REFERENCES customers ON DELETE CASCADE")
    connection.execute("UPDATE customers SET referred_by = %s", (polluted[0],))
    result = by_id(plan().results)["reset.plan.strangers"]
    assert (result.outcome, result.actual) == (Outcome.FAILED, 1)
    assert "1 other rows of customers" in result.evidence["because"]


# --- missing indexes


def test_missing_indexes_are_named_and_do_not_forbid_the_reset(connection, polluted, plan, reset):
    connection.execute("DROP INDEX fix_attempts_customer_id_index, billing_events_customer_id_index")
    for results in (plan().results, reset().results):
        result = by_id(results)["reset.plan.indexes"]
        assert (result.outcome, result.severity) == (Outcome.FAILED, Severity.WARNING)
        assert result.counts_as is Outcome.PASSED
        assert result.actual == ["billing_events (customer_id)", "fix_attempts (customer_id)"]
        assert result.remedy == (
            "CREATE INDEX ON billing_events (customer_id); CREATE INDEX ON fix_attempts (customer_id)"
        )


@pytest.mark.parametrize(
    ("index", "serves"),
    [
        ("(a, b)", True),
        ("(b, a)", True),
        ("(b, a, c)", True),
        ("(a)", False),
        ("(c, a, b)", False),
        ("(a, c, b)", False),
        ("(a, b) WHERE c IS NULL", False),
        ("(abs(a), b)", False),
    ],
)
def test_an_index_serves_when_it_begins_with_the_columns_of_the_key(connection, plan, index, serves):
    connection.execute(
        f"""ALTER TABLE customers ADD a int, ADD b int, ADD UNIQUE (a, b);
            CREATE TABLE invoices (a int, b int, c int,
                FOREIGN KEY (a, b) REFERENCES customers (a, b) ON DELETE CASCADE);
            CREATE INDEX ON invoices {index}"""
    )
    assert by_id(plan().results)["reset.plan.indexes"].actual == ([] if serves else ["invoices (a, b)"])


# --- the states and the database's columns


def test_a_missing_column_is_an_error_before_anything_is_touched(connection, polluted, plan, reset):
    connection.execute("ALTER TABLE customers RENAME rollover_fixes TO rollover_fixs")
    before, locks = everything(connection), xmax(connection)
    for attempt in (plan, reset):
        with pytest.raises(FixtureError) as raised:
            attempt()
        found = raised.value.message.splitlines()[1:]
        assert len(found) == 10
        assert all(
            line.endswith("customers.rollover_fixes, which does not exist; did you mean 'rollover_fixs'?")
            for line in found
        )
        assert any(line.startswith("include/fixtures/customers/pro_rollover.yaml:17: ") for line in found)
    assert (everything(connection), xmax(connection)) == (before, locks)


def test_a_column_that_nobody_supplies_is_an_error_before_anything_is_touched(connection, reset):
    connection.execute("ALTER TABLE customers ADD tenant int NOT NULL")
    with pytest.raises(FixtureError, match=r"customers\.tenant must be supplied"):
        reset()
    connection.execute("ALTER TABLE customers ALTER tenant SET DEFAULT 1")
    assert reset().created == 10


def test_a_missing_table_is_named_before_anything_is_touched(connection, polluted, plan):
    connection.execute("DROP TABLE subscriptions, api_keys")
    with pytest.raises(ConfigurationError, match="no table subscriptions, api_keys"):
        plan()
