"""``guard`` and ``mark`` against a real database and services on loopback."""

from __future__ import annotations

import json
import os

import psycopg
import pytest

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.postgres import PostgresServer
from staging_validation import cli

CONFIG = {"status": "success", "data": {"yaml": "global: {external_labels: {environment: staging}}"}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("marked")
    with PostgresServer(folder, cache_dir=default_cache_dir(os.environ), databases=("staging",)) as running:
        yield running


@pytest.fixture
def database(server):
    with psycopg.connect(server.dsn("staging"), autocommit=True) as connection:
        yield connection
        connection.execute("DROP SCHEMA IF EXISTS staging_validation CASCADE")


@pytest.fixture
def connect(monkeypatch, tmp_path):
    """Set connections for the command line, in a project without a settings file."""
    (tmp_path / "include").mkdir()
    monkeypatch.setenv("STAGING_VALIDATION_HOME", str(tmp_path))

    def give(conn_id, **fields):
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps({"conn_type": "http", **fields}))

    return give


@pytest.fixture
def staging(database, connect, server, httpserver):
    """Everything says: this is staging. Only the marker is missing."""
    connect(
        "staging_postgres",
        conn_type="postgres",
        host=server.host,
        port=server.port,
        schema="staging",
        login=server.user,
        password=server.password,
    )
    for conn_id in ("staging_api", "prometheus_default"):
        connect(conn_id, host=httpserver.host, port=httpserver.port)
    connect("stripe_default", conn_type="generic", host=httpserver.url_for("/")[:-1], password="sk_test_abc")
    httpserver.expect_request("/v1/balance").respond_with_json({"livemode": False})
    httpserver.expect_request("/api/health").respond_with_json({"environment": "staging"})
    httpserver.expect_request("/api/v1/status/config").respond_with_json(CONFIG)
    return httpserver


MARK = ["mark", "--environment", "Staging", "--reason", "the team's own"]


def marker(database):
    return database.execute("SELECT environment, marked_by, reason FROM staging_validation.marker").fetchall()


def test_a_database_is_marked_and_then_the_guard_passes(staging, database, capsys):
    assert cli.main(["guard"]) == 3
    assert "carries no marker" in " ".join(capsys.readouterr().out.split())
    assert cli.main([*MARK, "--by", "alice"]) == 0
    assert marker(database) == [("staging", "alice", "the team's own")]
    assert cli.main(["guard"]) == 0
    told = capsys.readouterr().out
    assert "PASSED: all evidence allows it" in told
    assert "sk_test_abc" not in told


def test_who_marks_is_recorded_without_being_asked(staging, database):
    cli.main(MARK)
    ((_, who, _),) = marker(database)
    assert "@" in who


def test_the_guard_tells_programs_too(staging, capsys):
    cli.main(MARK)
    capsys.readouterr()
    assert cli.main(["guard", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert results[0]["id"] == "guard.verdict"
    assert {result["outcome"] for result in results} == {"passed"}


def test_marking_again_keeps_the_former_marker(staging, database):
    cli.main([*MARK, "--by", "alice"])
    cli.main([*MARK, "--by", "bob"])
    kept = database.execute("SELECT marked_by FROM staging_validation.marker_history").fetchall()
    assert (marker(database)[0][1], kept) == ("bob", [("alice",)])


@pytest.mark.parametrize("lie", ["declared", "health", "labels", "livemode", "live key", "marker"])
def test_nothing_is_marked_on_production_evidence(staging, database, connect, monkeypatch, lie, capsys):
    if lie == "declared":
        monkeypatch.setenv("RELEASE_ENV", "prd")
    if lie == "live key":
        connect("stripe_default", conn_type="generic", password="sk_" + "live_" + "x" * 24)
    if lie == "marker":
        assert cli.main(["mark", "--environment", "production", "--reason", "it is"]) == 0
    answers = {
        "health": ("/api/health", {"environment": "production"}),
        "labels": (
            "/api/v1/status/config",
            {"status": "success", "data": {"yaml": "global: {external_labels: {env: prod}}"}},
        ),
        "livemode": ("/v1/balance", {"livemode": True}),
    }
    if lie in answers:
        path, answer = answers[lie]
        staging.clear()
        for other in ("/v1/balance", "/api/health", "/api/v1/status/config"):
            said = answer if other == path else CONFIG if "config" in other else {"livemode": False}
            staging.expect_request(other).respond_with_json(said)
    before = marker(database) if lie == "marker" else None
    assert cli.main(MARK) == 3
    assert "The database is not marked" in capsys.readouterr().err
    if lie == "marker":
        assert marker(database) == before
    else:
        assert database.execute("SELECT to_regclass('staging_validation.marker')").fetchone() == (None,)


def test_a_restored_dump_is_marked_anew(staging, database):
    cli.main(["mark", "--environment", "production", "--reason", "it was"])
    database.execute("UPDATE staging_validation.marker SET system_identifier = '1'")
    assert cli.main(MARK) == 0
    assert marker(database)[0][0] == "staging"


def test_a_configured_source_that_is_down_keeps_a_database_from_being_marked(
    staging, connect, database, capsys
):
    connect("staging_api", host="127.0.0.1", port=9)
    assert cli.main(MARK) == 2
    assert "Billing API" in capsys.readouterr().err
    assert database.execute("SELECT to_regclass('staging_validation.marker')").fetchone() == (None,)


def test_a_newcomer_marks_before_the_other_connections_exist(staging, database, monkeypatch):
    for conn_id in ("STAGING_API", "PROMETHEUS_DEFAULT", "STRIPE_DEFAULT"):
        monkeypatch.delenv(f"AIRFLOW_CONN_{conn_id}")
    assert cli.main(MARK) == 0
    assert marker(database)[0][0] == "staging"


def test_the_guard_names_the_connections_that_are_missing(staging, monkeypatch, capsys):
    monkeypatch.delenv("AIRFLOW_CONN_STRIPE_DEFAULT")
    assert cli.main(["guard"]) == 2
    assert "No connection stripe_default is configured" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--environment", "stagign", "--reason", "x"], "Did you mean staging?"),
        (["--environment", "qa", "--reason", "x"], "Nobody has heard of"),
        (["--environment", "staging", "--reason", " "], "needs a reason"),
    ],
)
def test_bad_input_is_told(staging, database, arguments, told, capsys):
    assert cli.main(["mark", *arguments]) == 2
    assert told in capsys.readouterr().err
    assert database.execute("SELECT to_regclass('staging_validation.marker')").fetchone() == (None,)


def test_no_database_connection_is_told(connect, capsys):
    assert cli.main(MARK) == 2
    assert "No connection staging_postgres" in capsys.readouterr().err
