"""``reset`` against a real database and the Stripe sandbox; the other services are played."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import partial
from importlib import resources

import psycopg
import pytest
import requests

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.ports import free_port
from local_staging.stack.postgres import PostgresServer
from staging_validation import cli
from staging_validation.cli_commands import reset as command
from staging_validation.clients import fixture_settling
from staging_validation.clients.marker import mark
from staging_validation.clients.polling import wait_for
from staging_validation.errors import ConfigurationError

CONFIG = {"status": "success", "data": {"yaml": "global: {external_labels: {environment: staging}}"}}
ADDRESSES = "SELECT email FROM customers ORDER BY email"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reset")
    with PostgresServer(
        folder / "data", cache_dir=default_cache_dir(os.environ), databases=("staging",)
    ) as running:
        with psycopg.connect(running.dsn("staging")) as admin:
            admin.execute(resources.files("local_staging.service").joinpath("schema.sql").read_bytes())
        yield running


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """The Stripe sandbox; its address."""
    port = free_port()
    argv = [sys.executable, "-m", "local_staging.stripe_sandbox", "--port", str(port)]
    argv += ["--pro-price-id", "price_local_pro"]
    log = (tmp_path_factory.mktemp("sandbox") / "log").open("wb")
    with subprocess.Popen(argv, stdout=log, stderr=log) as process:

        def ready():
            try:
                return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).ok or None
            except requests.ConnectionError:
                return None

        try:
            wait_for("the sandbox", ready, timeout_seconds=60)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)
            log.close()


@pytest.fixture
def database(server):
    with psycopg.connect(server.dsn("staging"), autocommit=True) as connection:
        mark(connection, environment="staging", marked_by="test", reason="test")
        yield connection
        connection.execute("DROP SCHEMA IF EXISTS staging_validation CASCADE; TRUNCATE customers CASCADE")


@pytest.fixture
def connect(monkeypatch):
    def give(conn_id, **fields):
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps({"conn_type": "http", **fields}))

    return give


@pytest.fixture
def staging(database, connect, server, sandbox, httpserver):
    """Everything says: this is staging."""
    connect(
        "staging_postgres",
        conn_type="postgres",
        host=server.host,
        port=server.port,
        schema="staging",
        login=server.user,
        password=server.password,
    )
    for conn_id in ("staging_api", "prometheus_default", "pushgateway_default"):
        connect(conn_id, host=httpserver.host, port=httpserver.port)
    connect(
        "stripe_default",
        conn_type="generic",
        host=sandbox,
        password="sk_test_" + "a" * 24,
        extra={"webhook_secret": "whsec_test", "pro_price_id": "price_local_pro"},
    )
    httpserver.expect_request("/api/health").respond_with_json({"environment": "staging"})
    httpserver.expect_request("/api/v1/status/config").respond_with_json(CONFIG)
    return httpserver


@pytest.fixture
def pollute(database):
    def add(*emails):
        for email in emails:
            database.execute(
                "INSERT INTO customers (name, email, inserted_at, updated_at) VALUES ('N', %s, now(), now())",
                (email,),
            )

    return add


def addresses(database):
    return [email for (email,) in database.execute(ADDRESSES)]


def test_a_plan_tells_what_would_go_and_changes_nothing(staging, database, pollute, capsys):
    pollute("old@example.com", "real@corp.io")
    assert cli.main(["reset", "--plan"]) == 0
    told = capsys.readouterr().out
    assert "Plan of a reset (nothing was changed)" in told
    assert re.search(r"customers\W+1\W+10\b", told)
    assert "reset.plan.ceiling" in told
    assert addresses(database) == ["old@example.com", "real@corp.io"]


def test_a_reset_seeds_the_ten_customers_with_their_stripe_objects(staging, database, pollute, capsys):
    pollute("old@example.com", "real@corp.io")
    assert cli.main(["reset"]) == 0
    told = capsys.readouterr().out
    assert len(addresses(database)) == 11
    assert "old@example.com" not in addresses(database)
    ids = database.execute(
        "SELECT stripe_customer_id FROM customers WHERE email <> 'real@corp.io'"
    ).fetchall()
    assert all(identifier.startswith("cus_") for (identifier,) in ids)
    real = database.execute("SELECT stripe_subscription_id FROM subscriptions").fetchall()
    assert len(real) == 5
    assert not any("seed" in identifier for (identifier,) in real)
    checks = ("objects", "settled")
    for check in (*(f"reset.stripe.{name}" for name in checks), "reset.after_commit.pro_active"):
        assert check in told


def test_nothing_is_reset_before_the_events_have_settled(
    staging, database, pollute, capsys, sandbox, monkeypatch
):
    """There is an endpoint, and nobody answers behind it."""
    pollute("old@example.com")
    hooks = {"url": f"http://127.0.0.1:{free_port()}/", "enabled_events[]": "*"}
    account = ("sk_test_" + "a" * 24, "")
    made = requests.post(f"{sandbox}/v1/webhook_endpoints", auth=account, data=hooks, timeout=10).json()
    monkeypatch.setattr(
        fixture_settling,
        "settle_objects",
        partial(fixture_settling.settle_objects, timeout_seconds=0.2),
    )
    try:
        assert cli.main(["reset"]) == 2
    finally:
        requests.delete(f"{sandbox}/v1/webhook_endpoints/{made['id']}", auth=account, timeout=10)
    told = capsys.readouterr().out
    assert "reset.stripe.settled" in told
    assert addresses(database) == ["old@example.com"]


def test_a_plan_and_a_reset_say_the_same_as_json(staging, database, pollute, capsys):
    pollute("a@example.com", "b@example.com")
    assert cli.main(["reset", "--plan", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert cli.main(["reset", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert plan["deleted"] == done["deleted"] == {"customers": 2}
    assert len(done["content_hash"]) == 64
    assert done["run_id"].startswith("reset-")
    outcomes = {result["id"]: result["outcome"] for result in done["results"]}
    # This account tells nobody of its events, so nothing had to settle.
    assert outcomes.pop("reset.stripe.settled") == "skipped"
    assert set(outcomes.values()) == {"passed"}
    assert cli.main(["reset", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["content_hash"] == done["content_hash"]


def test_too_many_customers_fail_and_nothing_is_made_anywhere(
    staging, database, pollute, capsys, monkeypatch
):
    monkeypatch.setattr(
        "staging_validation.clients.fixture_objects.seed_objects",
        lambda *given, **options: pytest.fail("made"),
    )
    pollute("a@example.com", "b@example.com")
    assert cli.main(["reset", "--plan", "--max-customers", "1"]) == 1
    assert cli.main(["reset", "--max-customers", "1"]) == 1
    assert "2 test customers, more than the 1" in capsys.readouterr().err
    assert len(addresses(database)) == 2


def test_an_error_is_told_to_programs_too(staging, database, pollute, capsys):
    pollute("a@example.com", "b@example.com")
    assert cli.main(["reset", "--max-customers", "1", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["error"].startswith("The database holds 2 test customers")
    assert said["results"] == []


def test_the_guard_refuses_and_shows_why(staging, database, pollute, capsys):
    pollute("old@example.com")
    mark(database, environment="production", marked_by="test", reason="it is")
    for options in ([], ["--plan"]):
        assert cli.main(["reset", *options]) == 3
        told = capsys.readouterr()
        assert "Is this production?" in told.out
        assert "nothing was changed, the guard refused: " in told.err
    assert cli.main(["reset", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["results"][0]["outcome"] == "refused"
    assert addresses(database) == ["old@example.com"]


def test_a_database_that_is_marked_as_production_behind_the_guards_back_is_refused(
    staging, database, pollute, capsys, monkeypatch
):
    pollute("old@example.com")
    asked = command.guard

    def too_late(*given, **options):
        report = asked(*given, **options)
        mark(database, environment="production", marked_by="test", reason="it is")
        return report

    monkeypatch.setattr(command, "guard", too_late)
    assert cli.main(["reset"]) == 3
    assert "may not be touched" in capsys.readouterr().err
    assert addresses(database) == ["old@example.com"]


def test_an_unreachable_source_is_an_error_and_not_a_refusal(staging, database, pollute, connect, capsys):
    connect("staging_postgres", conn_type="postgres", host="127.0.0.1", port=free_port(), schema="staging")
    assert cli.main(["reset", "--plan"]) == 2
    assert "the guard errored: " in capsys.readouterr().err


def test_a_missing_connection_is_named(staging, monkeypatch, tmp_path):
    monkeypatch.delenv("AIRFLOW_CONN_STAGING_API")
    settings_file = tmp_path / "settings.yaml"
    settings_file.write_text("airflow: {connections: []}")
    with pytest.raises(ConfigurationError, match="No connection staging_api"):
        command.reset(plan=True, max_customers=10, settings_file=settings_file)


def test_connections_may_come_from_a_settings_file(staging, database, pollute, monkeypatch, tmp_path, capsys):
    pollute("old@example.com")
    fields = json.loads(os.environ["AIRFLOW_CONN_STAGING_POSTGRES"])
    monkeypatch.delenv("AIRFLOW_CONN_STAGING_POSTGRES")
    entry = {f"conn_{name}": value for name, value in fields.items() if name != "conn_type"}
    settings_file = tmp_path / "settings.yaml"
    connection = {"conn_id": "staging_postgres", "conn_type": "postgres", **entry}
    settings_file.write_text(json.dumps({"airflow": {"connections": [connection]}}))
    status = command.reset(plan=True, max_customers=10, as_json=True, settings_file=settings_file)
    assert status == 0, capsys.readouterr()
    assert json.loads(capsys.readouterr().out)["customers"] == 1
