from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest
from pytest_httpserver import HTTPServer

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.environment import (
    EnvironmentSources,
    confirm_target,
    gather_evidence,
    stripe_service,
)
from staging_validation.clients.http import HttpService
from staging_validation.clients.marker import mark
from staging_validation.clients.postgres import connect
from staging_validation.environment import Reading, judge
from staging_validation.errors import ConfigurationError, GuardRefusedError
from staging_validation.results import Outcome

KEY = "sk_test_abc"


@pytest.fixture
def server():
    with HTTPServer(host="127.0.0.1") as running:
        yield running


@pytest.fixture
def asked(server, settings, connection):
    """Sources that all say: this is staging."""
    mark(connection, environment="staging", marked_by="alice", reason="ours")
    server.expect_request("/v1/balance", headers={"Authorization": f"Bearer {KEY}"}).respond_with_json(
        {"livemode": False}
    )
    server.expect_request("/api/health").respond_with_json({"environment": "staging"})
    stripe = ConnectionSettings(conn_id="stripe_default", host=server.url_for("/"), password=KEY)
    return EnvironmentSources(
        declared={"ENVIRONMENT": "staging"},
        connect=lambda: connect(settings),
        stripe_key=KEY,
        stripe=lambda: stripe_service(stripe),
        billing_api=lambda: HttpService("Billing API", server.url_for("/"), attempts=1),
    )


def readings(asked):
    return {piece.source: piece.reading for piece in gather_evidence(asked)}


def test_all_sources_are_asked(asked):
    assert readings(asked) == {
        "declared.ENVIRONMENT": Reading.NON_PRODUCTION,
        "stripe.key": Reading.NON_PRODUCTION,
        "marker": Reading.NON_PRODUCTION,
        "database.role": Reading.UNKNOWN,
        "stripe.account": Reading.NON_PRODUCTION,
        "billing_api.health": Reading.NON_PRODUCTION,
    }
    assert judge(gather_evidence(asked)).outcome is Outcome.PASSED


def test_an_unmarked_database_refuses(asked, connection):
    connection.execute("DROP SCHEMA staging_validation CASCADE")
    assert judge(gather_evidence(asked)).outcome is Outcome.REFUSED


@pytest.mark.parametrize("key", ["sk_live_abc", "sk_live_x_test_y", None, "nonsense"])
def test_a_key_that_is_not_for_test_mode_is_never_used(asked, server, key):
    changed = replace(asked, stripe_key=key)
    assert "stripe.account" not in readings(changed)
    assert not [request for request, _ in server.log if request.path == "/v1/balance"]
    assert judge(gather_evidence(changed)).outcome is Outcome.REFUSED


def test_services_that_are_down_are_unreachable_and_nothing_runs(asked, free_port):
    def down():
        return HttpService("Down", f"http://127.0.0.1:{free_port}", attempts=1)

    settings = ConnectionSettings(conn_id="staging_postgres", host="127.0.0.1", port=free_port, schema="x")
    changed = replace(asked, stripe=down, billing_api=down, connect=lambda: connect(settings))
    found = readings(changed)
    assert found["marker"] is found["stripe.account"] is found["billing_api.health"] is Reading.UNREACHABLE
    assert judge(gather_evidence(changed)).outcome is Outcome.ERRORED


def test_a_connection_that_is_not_configured_is_unreachable(asked):
    def missing():
        raise ConfigurationError("there is no such connection")

    found = readings(replace(asked, stripe=missing, billing_api=missing, connect=missing))
    assert found["marker"] is found["stripe.account"] is found["billing_api.health"] is Reading.UNREACHABLE


def test_a_marker_that_may_not_be_read_is_unreachable(asked, connection, postgres_server):
    connection.execute("ALTER TABLE staging_validation.marker RENAME COLUMN reason TO why")
    assert readings(asked)["marker"] is Reading.UNREACHABLE


def test_stripe_itself_is_asked_where_no_host_is_named():
    service = stripe_service(ConnectionSettings(conn_id="stripe_default", password=KEY))
    assert service.base_url == "https://api.stripe.com"


def test_the_target_is_confirmed_inside_the_transaction(connection, dsn):
    with psycopg.connect(dsn) as opened, pytest.raises(GuardRefusedError, match="carries no marker"):
        confirm_target(opened)
    mark(connection, environment="production", marked_by="bob", reason="restored")
    with psycopg.connect(dsn) as opened, pytest.raises(GuardRefusedError, match="means production"):
        confirm_target(opened)
    mark(connection, environment="staging", marked_by="alice", reason="ours")
    with psycopg.connect(dsn) as opened:
        confirm_target(opened)
