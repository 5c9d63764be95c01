"""Many customers at once: the same result, and foreign keys that are what they were."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone

import psycopg
import pytest

from staging_validation.clients import reset_bulk, reset_plan
from staging_validation.clients.reset import plan_staging, reset_staging
from staging_validation.errors import CheckFailedError, ServiceAnswerError

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=timezone.utc)
KEYS = """
SELECT oid, conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated, condeferrable,
       obj_description(oid, 'pg_constraint')
FROM pg_constraint WHERE contype = 'f' ORDER BY conrelid, conname
"""


def allow(connection):
    """The guard's yes."""


def keys(connection):
    return connection.execute(KEYS).fetchall()


def definitions(connection):
    return [key[1:] for key in keys(connection)]


@pytest.fixture(autouse=True)
def bulk(monkeypatch):
    monkeypatch.setattr(reset_bulk, "BULK_FROM", 3)


@pytest.fixture
def polluted(connection):
    """Three test customers and a stranger, with everything that refers to them."""
    connection.execute(
        """
        INSERT INTO customers (name, email, inserted_at, updated_at)
        SELECT 'N', e, now(), now() FROM unnest(ARRAY['a@example.com', 'b@example.com', 'c@example.com', 'x@corp.io'])
            AS e;
        INSERT INTO api_keys (key_hash, customer_id, inserted_at, updated_at)
        SELECT id::text, id, now(), now() FROM customers;
        INSERT INTO fix_attempts (github_org, repo_name, pr_number, customer_id, inserted_at, updated_at)
        SELECT 'o', 'r', id, id, now(), now() FROM customers;
        INSERT INTO billing_events (id, customer_id, stripe_event_id, event_type, inserted_at, updated_at)
        SELECT gen_random_uuid(), id, 'evt_' || id, 'x', now(), now() FROM customers;
        COMMENT ON CONSTRAINT api_keys_customer_id_fkey ON api_keys IS 'keys''s owner';
        """
    )


@pytest.fixture
def reset(dsn, states):
    def run(**changes):
        with psycopg.connect(dsn) as opened:
            return reset_staging(opened, states, **{"confirm": allow, "now": NOW, **changes})

    return run


def test_rows_go_stay_and_are_detached_as_by_the_server(connection, polluted, reset):
    before = definitions(connection)
    taken = {key[0] for key in keys(connection)}
    assert reset().deleted == {"customers": 3, "api_keys": 3, "fix_attempts": 3}
    assert not taken & {key[0] for key in keys(connection)}  # really taken off and put back
    assert definitions(connection) == before
    assert "keys's owner" in {key[-1] for key in keys(connection)}
    events = connection.execute(
        "SELECT count(*) FILTER (WHERE customer_id IS NULL), count(*) FROM billing_events"
    ).fetchone()
    assert events == (3, 4)


def test_few_customers_leave_the_keys_alone(connection, polluted, reset, monkeypatch):
    monkeypatch.setattr(reset_bulk, "BULK_FROM", 4)
    before = keys(connection)
    reset()
    assert keys(connection) == before


def test_a_plan_leaves_the_keys_alone(dsn, connection, polluted, states):
    before = keys(connection)
    with psycopg.connect(dsn) as opened:
        plan_staging(opened, states, confirm=allow)
    assert keys(connection) == before


def test_keys_keep_what_is_special_about_them(connection, polluted, reset):
    connection.execute(
        """
        ALTER TABLE api_keys ADD CONSTRAINT later FOREIGN KEY (customer_id) REFERENCES customers
            ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
        ALTER TABLE usage_records ADD CONSTRAINT unchecked FOREIGN KEY (customer_id) REFERENCES customers
            ON DELETE CASCADE NOT VALID;
        ALTER TABLE billing_events ALTER customer_id SET DEFAULT NULL,
            ADD CONSTRAINT fallback FOREIGN KEY (customer_id) REFERENCES customers ON DELETE SET DEFAULT
        """
    )
    before = definitions(connection)
    reset()
    assert definitions(connection) == before


def test_a_fault_after_the_keys_were_taken_off_puts_everything_back(
    connection, polluted, reset, states, monkeypatch
):
    before = keys(connection)
    monkeypatch.setattr("staging_validation.clients.reset.delete_rows", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        reset()
    assert keys(connection) == before
    assert connection.execute("SELECT count(*) FROM customers").fetchone() == (4,)


def test_a_killed_backend_leaves_the_keys_in_place(connection, polluted, reset, monkeypatch):
    before = keys(connection)
    put_back = reset_bulk.put_keys_back

    def killed(opened, *given):
        connection.execute("SELECT pg_terminate_backend(%s)", (opened.info.backend_pid,))
        put_back(opened, *given)

    monkeypatch.setattr("staging_validation.clients.reset.put_keys_back", killed)
    with pytest.raises(Exception, match="nothing has changed"):
        reset()
    assert keys(connection) == before


def test_a_row_that_would_be_left_without_its_customer_is_found(connection, polluted, reset, monkeypatch):
    connection.execute(
        """
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER keep BEFORE UPDATE ON billing_events FOR EACH ROW EXECUTE FUNCTION keep()
        """
    )
    with pytest.raises(ServiceAnswerError, match=r"23503.*nothing has changed"):
        reset()
    assert connection.execute("SELECT count(*) FROM customers").fetchone() == (4,)


def test_rows_that_a_trigger_keeps_are_noticed(connection, polluted, reset):
    connection.execute(
        """
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER keep BEFORE DELETE ON api_keys FOR EACH ROW EXECUTE FUNCTION keep()
        """
    )
    with pytest.raises(CheckFailedError, match="0 rows of api_keys were deleted, but 3 were planned"):
        reset()


def test_tables_of_another_owner_are_deleted_from_row_by_row(
    connection, dsn, polluted, states, postgres_server
):
    role = f"writer_{uuid.uuid4().hex[:8]}"
    with postgres_server._connect() as admin:  # only a superuser makes roles here
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'writer'")
    connection.execute(
        f"""GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};
            GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role};
            GRANT TEMPORARY ON DATABASE {connection.info.dbname} TO {role}"""
    )
    before = keys(connection)
    with psycopg.connect(dsn, user=role, password="writer") as opened:
        assert reset_staging(opened, states, confirm=allow, now=NOW).deleted["customers"] == 3
    assert keys(connection) == before


def test_partitioned_and_inherited_tables_are_deleted_from_row_by_row(connection, polluted, reset):
    connection.execute(
        """
        CREATE TABLE usage (customer bigint REFERENCES customers ON DELETE SET NULL, day int) PARTITION BY RANGE (day);
        CREATE TABLE usage_1 PARTITION OF usage FOR VALUES FROM (0) TO (10);
        CREATE INDEX ON usage (customer);
        INSERT INTO usage SELECT id, 1 FROM customers
        """
    )
    before = [key for key in keys(connection) if key[1].startswith("usage")]
    reset()
    assert [key for key in keys(connection) if key[1] in ("usage", "usage_1")] == [
        key for key in before if key[1] in ("usage", "usage_1")
    ]
    assert connection.execute("SELECT count(*) FROM usage WHERE customer IS NULL").fetchone() == (3,)


def test_what_forbids_a_reset_still_does(connection, polluted, reset):
    connection.execute("CREATE TABLE invoices (customer bigint REFERENCES customers ON DELETE CASCADE)")
    connection.execute("INSERT INTO invoices SELECT id FROM customers")
    before = keys(connection)
    with pytest.raises(CheckFailedError, match=r"invoices \(3\)"):
        reset()
    assert keys(connection) == before


def test_nobody_gets_at_the_customers_meanwhile(connection, dsn, polluted, reset, monkeypatch):
    seen = []
    noted = reset_plan.note_rows

    def look(opened, *given, **options):
        seen.append(options["customers_locked"])
        with pytest.raises(psycopg.errors.LockNotAvailable):
            connection.execute("SET lock_timeout = '50ms'; SELECT FROM customers")
        return noted(opened, *given, **options)

    monkeypatch.setattr("staging_validation.clients.reset.note_rows", look)
    reset()
    assert seen == [True]
