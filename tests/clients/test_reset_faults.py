"""What can go wrong around a reset: a clear error, and nothing lost."""

from __future__ import annotations

import shutil
import subprocess
import threading
import uuid
from datetime import datetime, timezone

import psycopg
import pytest

from local_staging.stack.postgres_binaries import unprivileged_account
from staging_validation.clients import reset as reset_module
from staging_validation.clients import reset_limits
from staging_validation.clients.reset import reset_staging, verify_states
from staging_validation.clients.reset_files import read_customer_states, read_declared_tables
from staging_validation.errors import (
    ConfigurationError,
    FixtureError,
    ServiceAnswerError,
    ServiceUnreachableError,
)
from staging_validation.fixtures import SeededObjects
from staging_validation.results import Outcome

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=timezone.utc)
UNCHANGED = "Everything was rolled back: nothing has changed."


def allow(connection):
    """The guard's yes."""


def everything(connection):
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
def before(connection, reset):
    """What the database holds: the known customers and one more."""
    reset()
    connection.execute(
        """INSERT INTO customers (name, email, inserted_at, updated_at)
           VALUES ('Load', 'load@example.com', now(), now())"""
    )
    return everything(connection)


@pytest.fixture
def reset(dsn, states):
    def run(connect=psycopg.connect, **changes):
        options = {"states": states, "confirm": allow, "now": NOW, **changes}
        with connect(dsn) as opened:
            return reset_staging(opened, options.pop("states"), **options)

    return run


def backend(pid):
    """Ends a session of the server, as a lost connection looks to its client."""
    return ("SELECT pg_terminate_backend(%s)", (pid,))


# --- files


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "include" / "fixtures" / "customers"
    folder.mkdir(parents=True)
    monkeypatch.setenv("STAGING_VALIDATION_HOME", str(tmp_path))
    return folder


def test_an_empty_folder_of_states_is_an_error(project):
    with pytest.raises(ConfigurationError, match=r"customers holds no file ending in \.yaml"):
        read_customer_states()


def test_a_missing_folder_of_states_is_an_error(project):
    project.rmdir()
    with pytest.raises(ConfigurationError, match="customers does not exist"):
        read_customer_states()


def test_a_wrong_state_is_named_relative_to_the_project(project):
    (project / "a.yaml").write_text("key: a")
    with pytest.raises(FixtureError, match=r"\ninclude/fixtures/customers/a\.yaml:1: "):
        read_customer_states()


def test_a_missing_list_of_tables_is_an_error_before_anything_is_touched(project, dsn, states, connection):
    with (
        psycopg.connect(dsn) as opened,
        pytest.raises(ConfigurationError, match=r"include/fixtures/tables\.yaml cannot be read"),
    ):
        reset_staging(opened, states, confirm=lambda opened: pytest.fail("asked"), now=NOW)


def test_the_shipped_files_are_read(states):
    assert read_customer_states() == states
    assert len(read_declared_tables()) == 6


# --- Stripe objects


def objects(states, suffix=""):
    return {
        state.key: SeededObjects(
            f"cus_{state.key}{suffix}",
            f"pm_{state.key}{suffix}" if state.payment_method_added_days_ago else None,
        )
        for state in states
    }


def test_the_ids_of_stripe_objects_go_into_the_rows_and_are_compared(connection, reset, states):
    made = objects(states)
    summary = reset(stripe=made)
    rows = connection.execute("SELECT stripe_customer_id, stripe_payment_method_id FROM customers").fetchall()
    assert sorted(rows, key=str) == sorted(
        ((each.customer_id, each.payment_method_id) for each in made.values()), key=str
    )
    assert {result.outcome for result in summary.results} == {Outcome.PASSED}
    assert {result.outcome for result in verify_states(connection, states, stripe=made)} == {Outcome.PASSED}
    assert {result.outcome for result in verify_states(connection, states)} == {Outcome.PASSED}
    others = verify_states(connection, states, stripe=objects(states, "_other"))
    assert [result.outcome for result in others].count(Outcome.FAILED) == 10
    assert others[0].expected["stripe_customer_id"].endswith("_other")


def test_the_content_hash_does_not_depend_on_the_stripe_objects(reset, states):
    hashes = {
        reset(stripe=stripe).content_hash for stripe in ({}, objects(states), objects(states, "_other"))
    }
    assert len(hashes) == 1


def test_objects_for_an_unknown_state_are_an_error(connection, before, reset, states):
    wrong = {"stranger": SeededObjects("cus_1")}
    with pytest.raises(ConfigurationError, match="Stripe objects for stranger"):
        reset(stripe=wrong)
    with pytest.raises(ConfigurationError, match="Stripe objects for stranger"):
        verify_states(connection, states, stripe=wrong)
    assert everything(connection) == before


def test_a_stripe_customer_that_somebody_else_has_is_an_error(connection, before, reset, states):
    connection.execute(
        """INSERT INTO customers (name, email, stripe_customer_id, inserted_at, updated_at)
           VALUES ('Real', 'real@corp.io', 'cus_trial_credits', now(), now())"""
    )
    held = everything(connection)
    with pytest.raises(ServiceAnswerError, match=f"23505.*{UNCHANGED}"):
        reset(stripe=objects(states))
    assert everything(connection) == held


# --- two resets at once


def test_a_second_reset_waits_as_long_as_a_lock_may_take_and_then_says_who(connection, reset, monkeypatch):
    monkeypatch.setattr(reset_limits, "LOCK_TIMEOUT_SECONDS", 0.1)
    inside, go_on = threading.Event(), threading.Event()

    def hold(opened):
        inside.set()
        assert go_on.wait(30)

    def named(dsn):
        return psycopg.connect(dsn, application_name="the first reset")

    first = threading.Thread(target=reset, kwargs={"confirm": hold, "connect": named})
    first.start()
    try:
        assert inside.wait(30)
        with pytest.raises(
            ServiceAnswerError, match=r"another reset is at work .*\(the first reset, backend \d+"
        ) as raised:
            reset(confirm=lambda opened: pytest.fail("asked while another reset was at work"))
    finally:
        go_on.set()
        first.join(30)
    assert "did not end within 0.1 s" in raised.value.message
    assert "pg_terminate_backend" in raised.value.remedy
    assert connection.execute("SELECT count(*) FROM customers").fetchone() == (10,)


# --- the server


def test_a_role_that_may_only_read_is_told_what_it_needs(connection, before, dsn, postgres_server, states):
    role = f"reader_{uuid.uuid4().hex[:8]}"
    with postgres_server._connect() as admin:  # only a superuser makes roles here
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'reader'")
    connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    with (
        psycopg.connect(dsn, user=role, password="reader") as opened,
        pytest.raises(ServiceAnswerError, match=f"permission denied.*42501.*{UNCHANGED}") as raised,
    ):
        reset_staging(opened, states, confirm=allow, now=NOW)
    assert "grant the connection's role" in raised.value.remedy
    assert everything(connection) == before


def test_a_session_that_may_only_read_is_told_to_go_to_the_primary(connection, before, reset):
    def read_only(dsn):
        return psycopg.connect(dsn, options="-c default_transaction_read_only=on")

    with pytest.raises(ServiceAnswerError, match=f"read-only transaction.*25006.*{UNCHANGED}") as raised:
        reset(connect=read_only)
    assert "the server is a replica" in raised.value.remedy
    assert everything(connection) == before


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit is util-linux's")
def test_a_server_without_space_is_told_to_make_room(connection, before, reset, states):
    """A real limit: no file of this backend may grow, as when the disk is full."""
    large = states[0].model_copy(update={"metadata": {"filler": [str(uuid.uuid4()) for _ in range(20_000)]}})

    def fill_up(opened):
        # Only the account that the server runs as may limit it.
        account = unprivileged_account()
        command = ["prlimit", "--pid", str(opened.info.backend_pid), "--fsize=100000:100000"]
        as_it = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
        subprocess.run(command, check=True, **as_it)

    with pytest.raises(ServiceAnswerError, match=UNCHANGED) as raised:
        reset(states=[large, *states[1:]], confirm=fill_up)
    assert "make room on the server's disk" in raised.value.remedy
    assert everything(connection) == before


def test_a_full_disk_is_told_to_make_room(connection, before, reset):
    """What the server says of a full disk, raised by a trigger: filling a real one would hurt others."""
    connection.execute(
        """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
           CREATE TRIGGER full_disk BEFORE INSERT ON api_keys FOR EACH ROW EXECUTE FUNCTION full_disk()"""
    )
    with pytest.raises(ServiceAnswerError, match=f"53100.*{UNCHANGED}") as raised:
        reset()
    assert "make room on the server's disk" in raised.value.remedy
    assert everything(connection) == before


def test_a_statement_that_takes_too_long_is_ended(connection, before, reset, monkeypatch):
    monkeypatch.setattr(reset_limits, "STATEMENT_TIMEOUT_SECONDS", 0.5)
    connection.execute(
        """CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN PERFORM pg_sleep(60); RETURN OLD; END $$;
           CREATE TRIGGER dawdle BEFORE DELETE ON customers FOR EACH ROW EXECUTE FUNCTION dawdle()"""
    )
    with pytest.raises(ServiceAnswerError, match=f"57014.*{UNCHANGED}") as raised:
        reset()
    assert "reset --plan" in raised.value.remedy
    assert everything(connection) == before


def test_the_time_for_statements_grows_with_the_customers_that_go(dsn):
    with psycopg.connect(dsn) as opened:
        reset_limits.begin(opened, exclusive=True)
        assert opened.execute("SHOW statement_timeout").fetchone() == ("1min",)
        reset_limits.bound_statements(opened, customers=1_000_000)
        assert opened.execute("SHOW statement_timeout").fetchone() == ("560s",)
        assert opened.execute("SHOW lock_timeout").fetchone() == ("10s",)


@pytest.mark.parametrize("step", ["make_room", "note_rows", "delete_rows", "seed_state", "read_states"])
def test_a_connection_that_is_lost_on_the_way_changes_nothing(connection, before, reset, monkeypatch, step):
    opened: list[psycopg.Connection] = []
    original = getattr(reset_module, step)

    def lose(*given, **options):
        connection.execute(*backend(opened[0].info.backend_pid))
        return original(*given, **options)

    monkeypatch.setattr(reset_module, step, lose)
    with pytest.raises(ServiceUnreachableError, match=UNCHANGED):
        reset(confirm=opened.append)
    assert everything(connection) == before


def test_a_connection_that_is_lost_in_the_commit_says_so(connection, before, reset):
    connection.execute(
        """CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
           CREATE CONSTRAINT TRIGGER die AFTER INSERT ON customers DEFERRABLE INITIALLY DEFERRED
               FOR EACH ROW EXECUTE FUNCTION die()"""
    )
    with pytest.raises(ServiceUnreachableError, match="either all of it has happened or nothing of it"):
        reset()
    assert everything(connection) == before


def test_rows_that_a_policy_hides_are_an_error_and_not_overlooked(
    connection, before, dsn, postgres_server, states
):
    role = f"tenant_{uuid.uuid4().hex[:8]}"
    with postgres_server._connect() as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'tenant'")
    connection.execute(
        f"""GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};
            GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role};
            GRANT TEMPORARY ON DATABASE {connection.info.dbname} TO {role};
            ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY"""
    )
    with (
        psycopg.connect(dsn, user=role, password="tenant") as opened,
        pytest.raises(ServiceAnswerError, match=f"row-level security.*{UNCHANGED}"),
    ):
        reset_staging(opened, states, confirm=allow, now=NOW)
    assert everything(connection) == before
