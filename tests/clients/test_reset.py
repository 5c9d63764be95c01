from __future__ import annotations

import re
import threading
import uuid
from datetime import datetime, timedelta, timezone

import psycopg
import pytest

from staging_validation.clients import reset_limits
from staging_validation.clients.marker import mark
from staging_validation.clients.polling import wait_for
from staging_validation.clients.reset import reset_staging, verify_states
from staging_validation.clients.reset_files import read_declared_tables
from staging_validation.clients.reset_rows import SEEDED_SUBSCRIPTION_PREFIX
from staging_validation.errors import (
    CheckFailedError,
    ConfigurationError,
    GuardRefusedError,
    ServiceAnswerError,
    ServiceUnreachableError,
)
from staging_validation.fixtures import DeclaredTable
from staging_validation.results import Kind, Outcome

NOW = datetime(2026, 3, 1, 12, 30, 15, 400_000, tzinfo=timezone.utc)
SURVIVORS = (
    "x@example.com.evil.io",
    "x@notexample.com",
    '"a@example.com"@corp.io',
    "x@ex\u0430mple.com",  # a Cyrillic a
    "x@example.com.",
    "x@example.com ",
    "x@\uff45xample.com",  # a full-width e
    "x@sub.example.com",
    "example.com",
    "x@test.example.org",
    "x@test_example.com",
)
DOOMED = (
    "old@test.example.com",
    "old@example.com",
    "OLD@Example.COM",
    "Old@TEST.example.com",
    "a@b@example.com",
    "pro@test.example.com",
)


def allow(connection):
    """The guard's yes."""


def add_customer(connection, email, **columns):
    row = {"name": "Somebody", "email": email, "inserted_at": NOW, "updated_at": NOW, **columns}
    return add(connection, "customers", **row)


def add(connection, table, **row):
    row = {"inserted_at": NOW, "updated_at": NOW, **row}
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id"
    return connection.execute(statement, list(row.values())).fetchone()[0]


def count(connection, table, where="true"):
    return connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0]


def emails(connection):
    return {email for (email,) in connection.execute("SELECT email FROM customers")}


def everything(connection):
    """All rows of the platform's tables, as text."""
    tables = (
        "customers",
        "credit_transactions",
        "subscriptions",
        "billing_events",
        "fix_attempts",
        "api_keys",
    )
    return {
        table: sorted(text for (text,) in connection.execute(f"SELECT t::text FROM {table} t"))
        for table in tables
    }


@pytest.fixture
def reset(dsn, states):
    """Runs a reset on a connection of its own."""

    def run(*declared, **changes):
        tables = [*read_declared_tables(), *(DeclaredTable(name, "cascade") for name in declared)]
        options = {"states": states, "confirm": allow, "now": NOW, "tables": tables, **changes}
        with psycopg.connect(dsn) as opened:
            return reset_staging(opened, options.pop("states"), **options)

    return run


def test_an_empty_database_gets_the_ten_customers(connection, reset, states):
    summary = reset()
    assert summary.created == 10
    assert summary.deleted == {}
    assert summary.fixture_types == tuple(state.key for state in states)
    assert {result.outcome for result in summary.results} == {Outcome.PASSED}
    assert emails(connection) == {state.email for state in states}


def test_every_customer_has_a_ledger_that_adds_up_and_one_api_key(connection, reset):
    reset()
    wrong = connection.execute(
        """SELECT email FROM customers c WHERE credit_balance <> coalesce((SELECT sum(amount) FROM credit_transactions
           WHERE customer_id = c.id), 0) OR (SELECT count(*) FROM api_keys WHERE customer_id = c.id) <> 1"""
    ).fetchall()
    assert wrong == []
    assert count(connection, "api_keys", "key_hash !~ '^[0-9a-f]{64}$'") == 0


def test_pro_customers_have_a_subscription_with_a_made_up_id(connection, reset):
    reset()
    rows = connection.execute(
        """SELECT s.stripe_subscription_id, s.status = c.subscription_state,
                  s.cancel_at_period_end = c.subscription_cancel_at_period_end
           FROM customers c JOIN subscriptions s ON s.customer_id = c.id WHERE c.subscription_type = 'pro'"""
    ).fetchall()
    assert len(rows) == count(connection, "customers", "subscription_type = 'pro'") == 5
    assert len({identifier for identifier, _, _ in rows}) == 5
    assert all(
        identifier.startswith(SEEDED_SUBSCRIPTION_PREFIX) and same and flag for identifier, same, flag in rows
    )


def test_times_are_relative_to_the_reset_and_without_fractions(connection, reset):
    reset()
    row = connection.execute(
        "SELECT trial_expired_at, inserted_at, updated_at FROM customers WHERE email LIKE 'trial-expired@%'"
    ).fetchone()
    reset_at = NOW.replace(microsecond=0, tzinfo=None)
    assert row == (reset_at - timedelta(days=1), reset_at - timedelta(days=15), reset_at)


def test_api_keys_are_new_and_differ_at_every_reset(connection, reset):
    reset()
    first = {key for (key,) in connection.execute("SELECT key_hash FROM api_keys")}
    reset()
    second = {key for (key,) in connection.execute("SELECT key_hash FROM api_keys")}
    assert len(first) == len(second) == 10
    assert not first & second


def test_two_resets_in_a_row_have_the_same_content_hash(reset):
    first, second = reset(), reset(now=NOW + timedelta(days=3))
    assert first.content_hash == second.content_hash
    assert re.fullmatch("[0-9a-f]{64}", first.content_hash)
    assert second.deleted["customers"] == 10


def test_another_content_has_another_hash(reset, states):
    changed = states[0].model_copy(update={"fixes_used_this_month": 1})
    assert reset().content_hash != reset(states=[changed, *states[1:]]).content_hash


def test_only_the_two_domains_go_in_any_letter_case(connection, reset, states):
    for email in (*SURVIVORS, *DOOMED):
        add_customer(connection, email)
    summary = reset()
    assert summary.deleted == {"customers": len(DOOMED)}
    assert emails(connection) == {*SURVIVORS, *(state.email for state in states)}


def test_everything_of_a_customer_goes_and_events_stay(connection, reset):
    customer = add_customer(connection, "old@example.com")
    stranger = add_customer(connection, "real@corp.io")
    for owner in (customer, stranger):
        add(connection, "fix_attempts", github_org="o", repo_name=str(owner), pr_number=1, customer_id=owner)
        add(
            connection,
            "credit_transactions",
            id=uuid.uuid4(),
            customer_id=owner,
            amount=5,
            balance_after=5,
            source="x",
        )
        add(
            connection,
            "billing_events",
            id=uuid.uuid4(),
            customer_id=owner,
            stripe_event_id=f"evt_{owner}",
            event_type="x",
        )
        add(connection, "usage_records", customer_id=owner, provider="p")
    summary = reset()
    assert summary.deleted == {
        "customers": 1,
        "credit_transactions": 1,
        "fix_attempts": 1,
        "usage_records": 1,
    }
    assert (
        count(connection, "billing_events", f"stripe_event_id = 'evt_{customer}' AND customer_id IS NULL")
        == 1
    )
    for table in ("fix_attempts", "credit_transactions", "billing_events", "usage_records"):
        assert count(connection, table, f"customer_id = {stranger}") == 1


def test_foreign_keys_are_followed_to_any_depth(connection, reset):
    connection.execute(
        """
        CREATE SCHEMA "Odd schema";
        CREATE TABLE "Odd schema"."Line items" (id int, part int,
            attempt bigint REFERENCES fix_attempts ON DELETE RESTRICT, PRIMARY KEY (id, part));
        CREATE TABLE notes (id int PRIMARY KEY, item int, part int,
            FOREIGN KEY (item, part) REFERENCES "Odd schema"."Line items" ON DELETE NO ACTION);
        CREATE TABLE by_email (email varchar REFERENCES customers (email));
        CREATE TABLE log (note int REFERENCES notes ON DELETE SET NULL, entry text)
        """
    )
    customer = add_customer(connection, "old@example.com")
    attempt = add(
        connection, "fix_attempts", github_org="o", repo_name="r", pr_number=1, customer_id=customer
    )
    connection.execute('INSERT INTO "Odd schema"."Line items" VALUES (1, 1, %s), (1, 2, NULL)', (attempt,))
    connection.execute("INSERT INTO notes VALUES (1, 1, 1), (2, 1, 2)")
    connection.execute("INSERT INTO by_email VALUES ('old@example.com')")
    connection.execute("INSERT INTO log VALUES (1, 'kept')")
    summary = reset('"Odd schema"."Line items"', "notes", "by_email")
    assert summary.deleted == {
        "customers": 1,
        "fix_attempts": 1,
        '"Odd schema"."Line items"': 1,
        "notes": 1,
        "by_email": 1,
    }
    assert connection.execute("SELECT * FROM notes").fetchall() == [(2, 1, 2)]
    assert connection.execute("SELECT * FROM log").fetchall() == [(None, "kept")]


def test_tables_that_refer_to_each_other_in_a_circle_go_together(connection, reset):
    connection.execute(
        """
        CREATE TABLE teams (id int PRIMARY KEY, owner bigint REFERENCES customers ON DELETE RESTRICT, best int);
        CREATE TABLE members (id int PRIMARY KEY, team int REFERENCES teams ON DELETE RESTRICT,
            mentor int REFERENCES members ON DELETE RESTRICT);
        ALTER TABLE teams ADD FOREIGN KEY (best) REFERENCES members ON DELETE RESTRICT;
        ALTER TABLE customers ADD favourite int REFERENCES teams ON DELETE SET NULL;
        """
    )
    customer = add_customer(connection, "old@example.com")
    connection.execute("INSERT INTO teams VALUES (1, %s, NULL)", (customer,))
    connection.execute("INSERT INTO members VALUES (1, 1, NULL), (2, NULL, 1), (3, NULL, 2), (4, NULL, NULL)")
    connection.execute("UPDATE teams SET best = 2")
    connection.execute("UPDATE customers SET favourite = 1")
    summary = reset("teams", "members")
    assert summary.deleted == {"customers": 1, "teams": 1, "members": 3}
    assert connection.execute("SELECT id FROM members").fetchall() == [(4,)]


def test_partitioned_tables_are_emptied_like_others(connection, reset):
    connection.execute(
        """
        CREATE TABLE visits (customer bigint REFERENCES customers, day int) PARTITION BY RANGE (day);
        CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (10);
        CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM (10) TO (20);
        """
    )
    customer = add_customer(connection, "old@example.com")
    stranger = add_customer(connection, "real@corp.io")
    connection.execute(
        "INSERT INTO visits SELECT c, d FROM unnest(%s::int[]) c, unnest(%s::int[]) d",
        ([customer, stranger], [1, 11]),
    )
    assert reset("visits").deleted == {"customers": 1, "visits": 2}
    assert count(connection, "visits", f"customer = {stranger}") == 2


def test_customers_that_refer_to_test_customers_are_never_deleted(connection, reset):
    connection.execute("ALTER TABLE customers ADD referred_by bigint REFERENCES customers ON DELETE CASCADE")
    referrer = add_customer(connection, "old@example.com")
    add_customer(connection, "real@corp.io", referred_by=referrer)
    with pytest.raises(CheckFailedError, match="1 other rows of customers"):
        reset()
    assert emails(connection) == {"old@example.com", "real@corp.io"}


def test_more_customers_than_the_ceiling_are_reported_not_deleted(connection, reset):
    for number in range(3):
        add_customer(connection, f"load-{number}@example.com")
    before = everything(connection)
    with pytest.raises(CheckFailedError, match="3 test customers, more than the 2"):
        reset(max_customers=2)
    assert everything(connection) == before
    assert reset(max_customers=3).deleted == {"customers": 3}


def test_a_refusing_guard_changes_nothing_and_is_asked_first(connection, reset):
    add_customer(connection, "old@example.com")
    before = everything(connection)
    seen = []

    def refuse(opened):
        seen.append(opened.execute("SELECT count(*) FROM customers").fetchone()[0])
        raise GuardRefusedError("production")

    with pytest.raises(GuardRefusedError):
        reset(confirm=refuse)
    assert seen == [1]
    assert everything(connection) == before


def test_the_guard_is_asked_inside_the_transaction(connection, reset):
    transactions = []
    reset(confirm=lambda opened: transactions.append(opened.info.transaction_status.name))
    assert transactions == ["INTRANS"]


def test_a_fault_while_seeding_rolls_everything_back(connection, reset, states):
    add_customer(connection, "old@example.com")
    before = everything(connection)
    twice = [*states, states[0]]
    with pytest.raises(ServiceAnswerError, match="SQLSTATE 23505"):
        reset(states=twice)
    assert everything(connection) == before


def test_rows_that_read_back_otherwise_roll_everything_back(connection, reset):
    connection.execute(
        """
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.credit_balance = 45 THEN NEW.credit_balance = 46; END IF; RETURN NEW; END $$;
        CREATE TRIGGER spoil BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION spoil()
        """
    )
    with pytest.raises(CheckFailedError, match=r"pro-partial@.*'credit_balance': 45.*'credit_balance': 46"):
        reset()
    assert emails(connection) == set()


def test_rows_that_a_trigger_keeps_are_noticed(connection, reset):
    connection.execute(
        """
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER keep BEFORE DELETE ON usage_records FOR EACH ROW EXECUTE FUNCTION keep()
        """
    )
    customer = add_customer(connection, "old@example.com")
    add(connection, "usage_records", customer_id=customer, provider="p")
    with pytest.raises(CheckFailedError, match="0 rows of usage_records were deleted, but 1 were planned"):
        reset()
    assert count(connection, "usage_records") == 1


def test_a_connection_that_dies_leaves_everything_as_it_was(connection, reset):
    add_customer(connection, "old@example.com")
    before = everything(connection)

    def kill(opened):
        connection.execute("SELECT pg_terminate_backend(%s)", (opened.info.backend_pid,))

    with pytest.raises(ServiceUnreachableError):
        reset(confirm=kill)
    assert everything(connection) == before


def test_a_second_reset_waits_for_the_first(connection, reset):
    inside, go_on = threading.Event(), threading.Event()
    order = []

    def hold(opened):
        inside.set()
        assert go_on.wait(30)
        order.append("first")

    first = threading.Thread(target=reset, kwargs={"confirm": hold})
    second = threading.Thread(target=reset, kwargs={"confirm": lambda opened: order.append("second")})
    first.start()
    assert inside.wait(30)
    second.start()
    wait_for(
        "the second reset to wait",
        lambda: count(connection, "pg_locks", "locktype = 'advisory' AND NOT granted") or None,
        timeout_seconds=30,
    )
    go_on.set()
    first.join(30)
    second.join(30)
    assert order == ["first", "second"]
    assert count(connection, "customers") == 10


def test_waiting_for_a_lock_has_an_end(connection, reset, monkeypatch):
    monkeypatch.setattr(reset_limits, "LOCK_TIMEOUT_SECONDS", 0.05)
    add_customer(connection, "old@example.com")
    with connection.transaction():
        connection.execute("UPDATE customers SET name = 'busy'")
        with pytest.raises(ServiceAnswerError, match="55P03") as raised:
            reset()
    assert "pg_stat_activity" in raised.value.remedy


def test_the_limits_end_with_the_transaction(dsn, states):
    with psycopg.connect(dsn) as opened:
        reset_staging(opened, states, confirm=allow, now=NOW)
        assert opened.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_a_connection_in_a_transaction_is_not_accepted(dsn, states):
    with psycopg.connect(dsn) as opened:
        opened.execute("SELECT 1")
        with pytest.raises(ConfigurationError, match="not idle"):
            reset_staging(opened, states, confirm=allow, now=NOW)


def test_autocommit_connections_do_as_well(connection, states):
    summary = reset_staging(connection, states, confirm=allow, now=NOW)
    assert summary.created == 10


def test_a_database_without_the_platforms_tables_is_named(postgres_server, states):
    with (
        psycopg.connect(postgres_server.dsn("staging")) as opened,
        pytest.raises(ConfigurationError, match="no table customers"),
    ):
        reset_staging(opened, states, confirm=allow, now=NOW)


def test_the_marker_survives_a_reset(connection, reset):
    mark(connection, environment="staging", marked_by="test", reason="test")
    reset()
    assert count(connection, "staging_validation.marker") == 1


# --- verify_states


def failing(results):
    return [result for result in results if result.outcome is Outcome.FAILED]


def test_after_a_reset_all_results_pass(connection, reset, states):
    reset()
    results = verify_states(connection, states)
    assert [result.id for result in results] == [
        *(f"reset.after_commit.{state.key}" for state in states),
        "reset.after_commit.others",
    ]
    assert {result.kind for result in results} == {Kind.RESET}
    assert failing(results) == []
    assert {result.evidence["stage"] for result in results} == {"after_commit"}


def test_a_changed_balance_is_reported_with_field_expected_and_actual(connection, reset, states):
    reset()
    connection.execute("UPDATE customers SET credit_balance = 61 WHERE email = 'pro@test.example.com'")
    (result,) = failing(verify_states(connection, states))
    assert result.id == "reset.after_commit.pro_active"
    assert result.subject == "pro@test.example.com (pro_active)"
    assert result.expected == {"credit_balance": 60}
    assert result.actual == {"credit_balance": 61}
    assert result.evidence["fields"] == ["credit_balance"]
    assert result.where == "include/fixtures/customers/pro_active.yaml"


@pytest.mark.parametrize(
    ("statement", "field", "expected", "actual"),
    [
        ("UPDATE customers SET name = 'X' WHERE email LIKE 'pro@%'", "name", "Pro Active", "X"),
        (
            "UPDATE customers SET subscription_state = NULL WHERE email LIKE 'pro@%'",
            "subscription_state",
            "active",
            None,
        ),
        (
            "UPDATE customers SET payment_method_added_at = NULL WHERE email LIKE 'pro@%'",
            "payment_method_added_at",
            "2026-01-30 12:30:15",
            None,
        ),
        (
            "UPDATE subscriptions SET plan = 'x' WHERE customer_id = {pro}",
            "subscriptions[0].plan",
            "pro",
            "x",
        ),
        ("DELETE FROM subscriptions WHERE customer_id = {pro}", "subscriptions.count", 1, 0),
        ("DELETE FROM api_keys WHERE customer_id = {pro}", "api_keys.count", 1, 0),
        ("UPDATE credit_transactions SET amount = 61 WHERE customer_id = {pro}", "ledger[0].amount", 60, 61),
        (
            "UPDATE credit_transactions SET metadata = '{{\"a\": 1}}' WHERE customer_id = {pro}",
            "ledger[0].metadata",
            {},
            {"a": 1},
        ),
        (
            "DELETE FROM credit_transactions WHERE customer_id = {pro}",
            "ledger[0].source",
            "pro_subscription_payment",
            "absent",
        ),
    ],
)
def test_every_kind_of_change_is_found(connection, reset, states, statement, field, expected, actual):
    reset()
    (pro,) = connection.execute("SELECT id FROM customers WHERE email LIKE 'pro@%'").fetchone()
    connection.execute(statement.format(pro=pro))
    (result,) = failing(verify_states(connection, states))
    assert result.id == "reset.after_commit.pro_active"
    assert (result.expected[field], result.actual[field]) == (expected, actual)


def test_a_ledger_in_another_order_is_found(connection, reset, states):
    reset()
    connection.execute(
        """UPDATE credit_transactions SET inserted_at = inserted_at + interval '100 days'
           WHERE source = 'trial_signup'
             AND customer_id = (SELECT id FROM customers WHERE email LIKE 'trial-billing@%')"""
    )
    (result,) = failing(verify_states(connection, states))
    assert result.actual["ledger[0].source"] == "trial_billing_added"


def test_missing_and_extra_customers_are_found(connection, reset, states):
    reset()
    connection.execute(
        "UPDATE customers SET email = 'PRO@test.example.com' WHERE email = 'pro@test.example.com'"
    )
    add_customer(connection, "w01@example.com")
    add_customer(connection, "real@corp.io")
    missing, others = failing(verify_states(connection, states, stage="before_commit"))
    assert (missing.id, missing.actual) == ("reset.before_commit.pro_active", "absent")
    assert others.id == "reset.before_commit.others"
    assert others.actual == ["PRO@test.example.com", "w01@example.com"]
    assert others.evidence == {"stage": "before_commit", "count": 2}


def test_verifying_without_the_tables_is_an_error_not_a_pass(postgres_server, states):
    with (
        psycopg.connect(postgres_server.dsn("staging")) as opened,
        pytest.raises(ConfigurationError, match="no table customers"),
    ):
        verify_states(opened, states)


def test_columns_with_a_time_zone_compare_alike(connection, reset, states):
    connection.execute(
        "ALTER TABLE customers ALTER inserted_at TYPE timestamptz, ALTER trial_expired_at TYPE timestamptz"
    )
    connection.execute("ALTER DATABASE " + connection.info.dbname + " SET timezone = 'Asia/Tokyo'")
    reset()
    with psycopg.connect(connection.info.dsn, password=connection.info.password) as opened:
        assert failing(verify_states(opened, states)) == []
