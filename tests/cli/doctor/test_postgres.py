"""The doctor on a real database: logins, versions, tables, rights, indexes."""

from __future__ import annotations

import json
import socketserver
from collections.abc import Iterator
from threading import Thread

import pytest

from staging_validation.clients.doctor_findings import Findings
from staging_validation.clients.doctor_postgres import _version
from tests.cli.doctor.shared import (
    outcome,
)


def test_wrong_logins_names_and_servers(staging, doctor):
    for changed, check in [
        ({"password": "wrong"}, "authorised"),
        ({"schema": "elsewhere"}, "database"),
    ]:
        staging.connect("staging_postgres", **{**staging.database, **changed})
        status, found = doctor("staging_postgres")
        assert (status in (1, 2), outcome(found, f"staging_postgres.{check}")) == (True, "failed")
        assert staging.database["password"] not in json.dumps(found)


class WebServer(socketserver.BaseRequestHandler):
    """Answers as a web server does to what is no HTTP."""

    def handle(self) -> None:
        self.request.recv(64)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_a_web_server_is_no_database(staging, doctor):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), WebServer) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        staging.connect("staging_postgres", **{**staging.database, "port": server.server_address[1]})
        status, found = doctor("staging_postgres")
        server.shutdown()
    assert (status, outcome(found, "staging_postgres.thing")) == (1, "failed")


def test_tls_that_the_server_does_not_speak(staging, doctor):
    staging.connect("staging_postgres", **staging.database, extra={"sslmode": "require"})
    status, found = doctor("staging_postgres")
    assert (status, outcome(found, "staging_postgres.reachable")) == (2, "errored")
    assert "sslmode" in found["staging_postgres.reachable"]["remedy"]


@pytest.mark.parametrize(
    ("number", "expected"),
    [(140_012, "failed"), (150_004, "passed"), (180_001, "passed"), (190_000, "warning")],
)
def test_the_version_of_postgresql(number, expected):
    findings = Findings("staging_postgres")
    _version(findings, number)
    (result,) = [result.model_dump(mode="json") for result in findings.results]
    assert outcome({"it": result}, "it") == expected


@pytest.mark.parametrize(
    ("statement", "check", "expected", "told"),
    [
        ("DROP TABLE customers CASCADE", "tables", "failed", "customers"),
        ("ALTER TABLE customers DROP COLUMN credit_balance", "columns", "failed", "customers.credit_balance"),
        ("DROP TABLE usage_records", "tables", "failed", "usage_records"),
        (
            "CREATE TABLE letters (id int, customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE)",
            "undeclared",
            "warning",
            "letters",
        ),
        ("DROP INDEX subscriptions_customer_id_index", "indexes", "warning", "subscriptions (customer_id)"),
    ],
)
def test_the_tables(staging, doctor, own_database, statement, check, expected, told):
    own_database.execute(statement)
    staging.connect("staging_postgres", **{**staging.database, "schema": "broken"})
    _, found = doctor("staging_postgres")
    assert outcome(found, f"staging_postgres.{check}") == expected
    assert told in found[f"staging_postgres.{check}"]["actual"]
    assert found[f"staging_postgres.{check}"]["remedy"]


def test_an_unmarked_database_is_refused(staging, doctor, own_database):
    own_database.execute("DROP SCHEMA staging_validation CASCADE")
    staging.connect("staging_postgres", **{**staging.database, "schema": "broken"})
    status, found = doctor()
    assert (status, outcome(found, "guard.marker")) == (3, "refused")
    assert "staging-validation mark" in found["guard.marker"]["remedy"]


@pytest.fixture
def reader(postgres) -> Iterator[str]:
    """A role that may only read; it goes after the database that gives it rights."""
    with postgres._connect() as superuser:
        superuser.execute("CREATE ROLE reader LOGIN PASSWORD 'reader-word'")
        superuser.execute("ALTER ROLE reader SET default_transaction_read_only = on")
        yield "reader"
        superuser.execute("DROP ROLE reader")


def test_a_role_without_the_rights_of_a_reset(staging, doctor, reader, own_database):
    own_database.execute("REVOKE TEMPORARY ON DATABASE broken FROM PUBLIC")
    own_database.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    login = {"schema": "broken", "login": reader, "password": "reader-word"}
    staging.connect("staging_postgres", **{**staging.database, **login})
    status, found = doctor("staging_postgres")
    assert (status, outcome(found, "staging_postgres.rights")) == (1, "failed")
    said = found["staging_postgres.rights"]["actual"]
    for right in ("DELETE ON customers", "INSERT ON api_keys", "USAGE ON SEQUENCE", "TEMPORARY ON DATABASE"):
        assert right in said
    assert "GRANT DELETE ON customers TO reader" in found["staging_postgres.rights"]["remedy"]
    assert outcome(found, "staging_postgres.writable") == "failed"


def test_a_role_that_may_not_even_read(staging, doctor, reader, own_database):
    login = {"schema": "broken", "login": reader, "password": "reader-word"}
    staging.connect("staging_postgres", **{**staging.database, **login})
    status, found = doctor("staging_postgres")
    assert (status, outcome(found, "staging_postgres.rights")) == (1, "failed")
    assert "SELECT ON customers" in found["staging_postgres.rights"]["actual"]
    assert outcome(found, "staging_postgres.content") == "errored"
    assert "permission denied" in found["staging_postgres.content"]["actual"]
