"""The least-privilege roles of the guide, held to their word on a database of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime, timezone
from importlib import resources
from typing import Any

import psycopg
import pytest

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.postgres import PostgresServer
from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.doctor import examine
from staging_validation.clients.environment import confirm_target
from staging_validation.clients.marker import mark
from staging_validation.clients.postgres import connect
from staging_validation.clients.reset import plan_staging, reset_staging, verify_states
from staging_validation.clients.reset_files import read_customer_states
from staging_validation.clients.staging_records import StagingRecords
from staging_validation.errors import ServiceAnswerError, StagingValidationError
from staging_validation.results import Outcome
from tests.docs.blocks import blocks

RESETS, READS = "staging_validation", "staging_validation_reader"
PASSWORDS = {RESETS: "choose-one", READS: "choose-another"}
ROWS = """
INSERT INTO fix_attempts (github_org, repo_name, customer_id, inserted_at, updated_at)
SELECT 'org', 'repo', id, now(), now() FROM customers WHERE email = 'pro@test.example.com';
INSERT INTO usage_records (customer_id, provider, inserted_at, updated_at)
SELECT id, 'somebody', now(), now() FROM customers WHERE email = 'pro@test.example.com';
"""
NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[PostgresServer]:
    folder = tmp_path_factory.mktemp("roles")
    with PostgresServer(
        folder / "data", cache_dir=default_cache_dir(os.environ), databases=("staging",)
    ) as running:
        with psycopg.connect(running.dsn("staging")) as owner:
            owner.execute(resources.files("local_staging.service").joinpath("schema.sql").read_bytes())
            mark(owner, environment="staging", marked_by="test", reason="test")
        yield running


@pytest.fixture(scope="module")
def administrator(server) -> Iterator[psycopg.Connection[Any]]:
    address = server._dsn("postgres", server._superuser_password, "staging")
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def roles(server, administrator) -> Mapping[str, ConnectionSettings]:
    """Both roles, made as the guide says."""
    (block,) = [block for block in blocks("STAGING_DEPLOYMENT.md") if "CREATE ROLE" in block.text]
    administrator.execute(block.text)
    return {
        name: ConnectionSettings(
            conn_id="staging_postgres",
            host=server.host,
            port=server.port,
            schema="staging",
            login=name,
            password=password,
        )
        for name, password in PASSWORDS.items()
    }


def reset(settings: ConnectionSettings, *, times: int = 1) -> None:
    with closing(connect(settings)) as connection:
        for _ in range(times):
            reset_staging(connection, read_customer_states(), confirm=confirm_target, now=NOW)


def verified(settings: ConnectionSettings) -> set[Outcome]:
    with closing(connect(settings)) as connection:
        return {result.outcome for result in verify_states(connection, read_customer_states())}


def test_the_first_role_may_reset(roles):
    reset(roles[RESETS], times=2)  # the second one deletes what the first one seeded
    assert verified(roles[RESETS]) == {Outcome.PASSED}
    found = examine({"staging_postgres": roles[RESETS]}, declared={}, only=["staging_postgres"])
    assert [result.id for result in found if result.outcome is not Outcome.PASSED] == []


@pytest.mark.parametrize(
    "right",
    [
        "TEMPORARY ON DATABASE staging",
        "USAGE ON SCHEMA staging_validation",
        "SELECT ON staging_validation.marker",
        *(f"{right} ON customers" for right in ("SELECT", "INSERT", "UPDATE", "DELETE")),
        *(f"{right} ON credit_transactions" for right in ("SELECT", "INSERT", "DELETE")),
        *(f"{right} ON api_keys" for right in ("SELECT", "INSERT", "DELETE")),
        *(f"{right} ON subscriptions" for right in ("SELECT", "INSERT", "DELETE")),
        *(f"{right} ON fix_attempts" for right in ("SELECT", "DELETE")),
        *(f"{right} ON usage_records" for right in ("SELECT", "DELETE")),
        "SELECT ON billing_events",
        "USAGE ON SEQUENCE customers_id_seq",
        "USAGE ON SEQUENCE api_keys_id_seq",
    ],
)
def test_each_right_of_the_first_role_is_needed(roles, administrator, right):
    public = "TEMPORARY" in right  # the server grants it to everybody
    reset(roles[RESETS])
    administrator.execute(ROWS)
    administrator.execute(f"REVOKE {right} FROM {RESETS}")
    if public:
        administrator.execute(f"REVOKE {right} FROM PUBLIC")
    try:
        with pytest.raises(StagingValidationError):
            reset(roles[RESETS])
    finally:
        administrator.execute(f"GRANT {right} TO {RESETS}")
        if public:
            administrator.execute(f"GRANT {right} TO PUBLIC")


def test_the_second_role_reads_everything_and_changes_nothing(roles):
    reset(roles[RESETS])
    with closing(connect(roles[READS])) as connection:
        assert plan_staging(connection, read_customer_states(), confirm=confirm_target).customers == 10
    assert verified(roles[READS]) == {Outcome.PASSED}
    with pytest.raises(ServiceAnswerError, match="permission denied"):
        reset(roles[READS])
    with closing(connect(roles[READS])) as connection:
        records = StagingRecords(connection)
        (row,) = records.with_addresses("pro@test.example.com")
        customer = int(str(row["id"]))
        assert records.customer(customer)
        assert records.ledger(customer)
        assert records.subscriptions(customer)
        assert records.api_keys(customer, "rsolv_x")
        assert records.events(customer_id=customer, event_type="invoice.payment_succeeded") == []
        assert records.fix_attempts(customer) == []


@pytest.mark.parametrize("role", [RESETS, READS])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT FROM webhook_queue",
        "DROP TABLE api_keys",
        "UPDATE credit_transactions SET amount = 0",
        "DELETE FROM billing_events",
        "UPDATE staging_validation.marker SET environment = 'staging'",
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
    ],
)
def test_neither_role_may_more(roles, role, statement):
    with closing(connect(roles[role])) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)
