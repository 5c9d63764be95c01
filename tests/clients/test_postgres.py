from __future__ import annotations

import time

import psycopg
import pytest
from psycopg.rows import dict_row

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.postgres import answering_within, connect, database_errors, fetch
from staging_validation.errors import ConfigurationError, ServiceAnswerError, ServiceUnreachableError


def test_a_connection_carries_its_name_and_options(settings):
    asked = settings.model_copy(
        update={"extra": {"options": "-c search_path=elsewhere", "sslmode": "prefer", "x": 1}}
    )
    with connect(asked, application_name="the_test") as opened:
        assert opened.info.transaction_status.name == "IDLE"
        assert fetch(opened, "SHOW application_name") == [("the_test",)]
        assert fetch(opened, "SHOW search_path") == [("elsewhere",)]
    assert opened.closed


@pytest.mark.parametrize(("field", "named"), [("host", "host"), ("database", r"database \(schema\)")])
def test_a_connection_without_address_is_a_configuration_error(settings, field, named):
    with pytest.raises(ConfigurationError, match=f"staging_postgres has no {named}"):
        connect(settings.model_copy(update={field: None}))


def test_nobody_listening_is_unreachable_and_says_where(free_port):
    settings = ConnectionSettings(
        conn_id="staging_postgres", host="127.0.0.1", port=free_port, schema="staging"
    )
    with pytest.raises(ServiceUnreachableError, match=f"'staging' on 127.0.0.1:{free_port}") as raised:
        connect(settings)
    assert raised.value.service == "PostgreSQL"
    assert "staging_postgres" in raised.value.remedy


def test_a_wrong_password_is_unreachable_and_not_shown(settings):
    wrong = ConnectionSettings(**{**settings.model_dump(), "password": "not-the-password"})
    with pytest.raises(ServiceUnreachableError, match="authentication failed") as raised:
        connect(wrong)
    assert "not-the-password" not in str(raised.value)


def test_a_refused_statement_names_reason_detail_and_sqlstate(connection):
    connection.execute("CREATE TABLE once (a int PRIMARY KEY)")
    connection.execute("INSERT INTO once VALUES (1)")
    with (
        pytest.raises(ServiceAnswerError, match=r"duplicate key.*Key \(a\)=\(1\).*SQLSTATE 23505") as raised,
        database_errors(),
    ):
        connection.execute("INSERT INTO once VALUES (1)")
    assert raised.value.remedy is None


def test_a_missing_table_comes_with_a_remedy(connection):
    with pytest.raises(ServiceAnswerError, match="42P01") as raised, database_errors():
        connection.execute("SELECT * FROM nowhere")
    assert "migrate" in raised.value.remedy


def test_a_statement_that_takes_too_long_comes_with_a_remedy(connection):
    connection.execute("SET statement_timeout = 20")
    with pytest.raises(ServiceAnswerError, match="57014") as raised, database_errors():
        connection.execute("SELECT pg_sleep(20)")
    assert "slow" in raised.value.remedy


def test_a_lost_connection_is_unreachable(connection, dsn):
    with psycopg.connect(dsn, autocommit=True) as victim:
        connection.execute("SELECT pg_terminate_backend(%s)", (victim.info.backend_pid,))
        with pytest.raises(ServiceUnreachableError, match="or it was lost"), database_errors():
            victim.execute("SELECT 1")
        with pytest.raises(ServiceUnreachableError, match="or it was lost"), database_errors():
            victim.execute("SELECT 1")


def test_a_mistake_in_our_own_call_is_no_lost_connection(connection):
    with pytest.raises(ServiceAnswerError, match="placeholder"), database_errors():
        connection.execute("SELECT %s", (1, 2))


def test_other_errors_pass(connection):
    with pytest.raises(ZeroDivisionError), database_errors():
        1 / 0  # noqa: B018


def test_rows_are_tuples_whatever_the_connection_prefers(dsn):
    with psycopg.connect(dsn, row_factory=dict_row) as opened:
        assert fetch(opened, "SELECT %s::int, 'b'", (1,)) == [(1, "b")]


def test_a_server_that_does_not_answer_in_time_is_given_up(connection):
    began = time.monotonic()
    with (
        pytest.raises(ServiceUnreachableError, match=r"PostgreSQL: gave no answer within 0\.2 s"),
        database_errors(),
        answering_within(connection, 0.2),
    ):
        connection.execute("SELECT pg_sleep(30)")
    assert time.monotonic() - began < 10


def test_a_server_that_answers_in_time_is_left_alone(connection):
    with answering_within(connection, 0.2):
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert connection.execute("SELECT pg_sleep(0.3)").fetchone()


def test_an_error_in_time_stays_what_it_is(connection):
    with pytest.raises(psycopg.errors.UndefinedTable), answering_within(connection, 30):
        connection.execute("SELECT 1 FROM nowhere")
