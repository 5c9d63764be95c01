from __future__ import annotations

import psycopg
import pytest

from local_staging.service.database import Database, connect, migrate
from local_staging.service.keys import new_row_id
from local_staging.service.ledger import grant

DELETE_RULES = {
    "credit_transactions": "CASCADE",
    "subscriptions": "CASCADE",
    "billing_events": "SET NULL",
    "fix_attempts": "RESTRICT",
    "api_keys": "CASCADE",
    "usage_records": "CASCADE",
}


def rows(url, query):
    with connect(url) as connection:
        return connection.execute(query).fetchall()


def test_migration_may_run_again(database_url):
    migrate(database_url)
    migrate(database_url)


def test_deleting_a_customer_follows_the_contract(database_url):
    found = rows(
        database_url,
        "SELECT conrelid::regclass::text AS name, CASE confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' "
        "WHEN 'r' THEN 'RESTRICT' END AS rule FROM pg_constraint WHERE confrelid = 'customers'::regclass",
    )

    assert {row["name"]: row["rule"] for row in found} == DELETE_RULES


def test_every_reference_to_customers_is_indexed(database_url):
    found = rows(database_url, "SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%(customer_id)'")

    assert {row["tablename"] for row in found} == set(DELETE_RULES)


def test_every_table_has_both_times_without_default(database_url):
    found = rows(
        database_url,
        "SELECT table_name, is_nullable, column_default, datetime_precision FROM information_schema.columns "
        "WHERE table_schema = 'public' AND column_name IN ('inserted_at', 'updated_at')",
    )

    assert len(found) == 2 * (len(DELETE_RULES) + 2)
    assert {(row["is_nullable"], row["column_default"], row["datetime_precision"]) for row in found} == {
        ("NO", None, 0)
    }


def test_balance_cannot_be_negative(driver):
    customer_id = driver.customer_id()

    with pytest.raises(psycopg.errors.CheckViolation):
        driver.sql("UPDATE customers SET credit_balance = -1 WHERE id = %s", customer_id)


def test_connections_are_reused_and_rolled_back(database_url):
    database = Database(database_url)
    with database.transaction() as first:
        pass
    with pytest.raises(psycopg.errors.DivisionByZero), database.transaction() as second:
        second.execute("SELECT 1 / 0")
    with database.transaction() as third:
        pass

    assert first is second is third
    database.close()
    assert first.closed


def test_connection_that_the_server_ended_is_replaced(database_url):
    database = Database(database_url)
    with database.transaction() as connection:
        pid = connection.info.backend_pid
    with connect(database_url) as other:
        other.execute("SELECT pg_terminate_backend(%s, 1000)", [pid])

    with database.transaction() as replacement:
        assert replacement.info.backend_pid != pid
    database.close()


def test_connection_that_breaks_in_use_is_not_given_out_again(database_url):
    database = Database(database_url)

    def break_it():
        with database.transaction() as connection:
            with connect(database_url) as other:
                other.execute("SELECT pg_terminate_backend(%s, 1000)", [connection.info.backend_pid])
            connection.execute("SELECT 1")

    with pytest.raises(psycopg.OperationalError):
        break_it()
    with database.transaction() as replacement:
        assert replacement.execute("SELECT 1 AS one").fetchone() == {"one": 1}
    database.close()


def test_waiting_for_a_connection_is_bounded(database_url):
    database = Database(database_url, size=1, wait_seconds=0.01)

    with (
        database.transaction(),
        pytest.raises(psycopg.OperationalError, match=r"0\.01 s"),
        database.transaction(),
    ):
        pass
    database.close()


def test_row_ids_ascend():
    ids = [new_row_id() for _ in range(1000)]

    assert {row_id.version for row_id in ids} == {7}
    assert [row_id.int >> 64 for row_id in ids] == sorted(row_id.int >> 64 for row_id in ids)


def test_credits_of_a_customer_who_is_gone_are_not_moved(platform):
    with platform.unit_of_work() as work, pytest.raises(LookupError):
        grant(work, 999_999, 5, "adjustment", {})
