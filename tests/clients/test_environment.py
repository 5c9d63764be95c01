from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest
from pytest_httpserver import HTTPServer

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.environment import (
    EnvironmentSources,
    confirm_observation,
    confirm_target,
    look_at_database,
    observe,
)
from staging_validation.clients.guarding import stripe_service
from staging_validation.clients.http import HttpService
from staging_validation.clients.marker import mark
from staging_validation.clients.postgres import connect
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.environment import Reading
from staging_validation.errors import ConfigurationError, GuardRefusedError, ServiceUnreachableError
from staging_validation.results import Outcome

KEY = "sk_test_abc"
CONFIG = "/api/v1/status/config"


def config(**labels):
    lines = "".join(f"    {name}: {value}\n" for name, value in labels.items())
    return {"status": "success", "data": {"yaml": f"global:\n  external_labels:\n{lines}"}}


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
    server.expect_request(CONFIG).respond_with_json(config(environment="staging"))
    stripe = ConnectionSettings(conn_id="stripe_default", host=server.url_for("/"), password=KEY)
    return EnvironmentSources(
        declared={"ENVIRONMENT": "staging"},
        connect=lambda: connect(settings),
        stripe_key=KEY,
        stripe=stripe_service(stripe),
        billing_api=HttpService("Billing API", server.url_for("/"), attempts=1),
        prometheus=PrometheusClient(HttpService("Prometheus", server.url_for("/"), attempts=1)),
        addresses={"staging_api": "http://api"},
    )


def readings(asked):
    return {piece.source: piece.reading for piece in observe(asked).verdict.evidence}


def outcome(asked):
    return observe(asked).verdict.outcome


def test_all_sources_are_asked(asked):
    assert readings(asked) == {
        "declared.ENVIRONMENT": Reading.NON_PRODUCTION,
        "stripe.key": Reading.NON_PRODUCTION,
        "marker": Reading.NON_PRODUCTION,
        "database.name": Reading.UNKNOWN,
        "database.role": Reading.UNKNOWN,
        "stripe.account": Reading.NON_PRODUCTION,
        "billing_api.health": Reading.NON_PRODUCTION,
        "prometheus.labels": Reading.NON_PRODUCTION,
    }
    assert outcome(asked) is Outcome.PASSED


def test_what_was_seen_is_noted_without_the_key(asked, settings):
    seen = observe(asked).sighting
    assert (seen.database, seen.addresses) == (settings.database, {"staging_api": "http://api"})
    assert seen.marker
    assert KEY not in seen.model_dump_json()


def test_an_unmarked_database_refuses(asked, connection):
    connection.execute("DROP SCHEMA staging_validation CASCADE")
    assert outcome(asked) is Outcome.REFUSED


@pytest.mark.parametrize("key", ["sk_live_abc", "sk_live_x_test_y", None, "nonsense"])
def test_a_key_that_is_not_for_test_mode_is_never_used(asked, server, key):
    changed = replace(asked, stripe_key=key)
    found = readings(changed)
    assert found["stripe.account"] is Reading.UNKNOWN, "a required source that was not asked"
    assert not [request for request, _ in server.log if request.path == "/v1/balance"]
    assert outcome(changed) is Outcome.REFUSED


def test_services_that_are_down_are_unreachable_and_nothing_runs(asked, free_port):
    down = HttpService("Down", f"http://127.0.0.1:{free_port}", attempts=1)
    settings = ConnectionSettings(conn_id="staging_postgres", host="127.0.0.1", port=free_port, schema="x")
    changed = replace(
        asked,
        stripe=down,
        billing_api=down,
        prometheus=PrometheusClient(down),
        connect=lambda: connect(settings),
    )
    found = readings(changed)
    for source in ("marker", "stripe.account", "billing_api.health", "prometheus.labels"):
        assert found[source] is Reading.UNREACHABLE
    assert observe(changed).sighting is None
    assert outcome(changed) is Outcome.ERRORED


def test_a_database_connection_that_is_not_configured_is_unreachable(asked):
    def missing():
        raise ConfigurationError("there is no such connection")

    assert readings(replace(asked, connect=missing))["marker"] is Reading.UNREACHABLE


def test_required_sources_that_are_not_configured_refuse(asked):
    changed = replace(asked, stripe=None, billing_api=None, prometheus=None)
    found = readings(changed)
    assert found["stripe.account"] is Reading.UNKNOWN
    assert {"billing_api.health", "prometheus.labels"}.isdisjoint(found)
    assert outcome(changed) is Outcome.REFUSED


def test_a_marker_that_may_not_be_read_is_unreachable(asked, connection, postgres_server):
    connection.execute("ALTER TABLE staging_validation.marker RENAME COLUMN reason TO why")
    assert readings(asked)["marker"] is Reading.UNREACHABLE


@pytest.mark.parametrize("path", ["/v1/balance", "/api/health"])
def test_an_answer_that_is_no_object_is_no_answer(asked, server, path):
    server.clear()
    server.expect_request(path).respond_with_json([])
    server.expect_request(CONFIG).respond_with_json(config(environment="staging"))
    source = "stripe.account" if "balance" in path else "billing_api.health"
    assert readings(asked)[source] is Reading.UNREACHABLE


def test_stripe_itself_is_asked_where_no_host_is_named():
    service = stripe_service(ConnectionSettings(conn_id="stripe_default", password=KEY))
    assert service.base_url == "https://api.stripe.com"


def test_a_step_may_go_on_while_all_is_what_the_guard_saw(asked):
    seen = observe(asked).sighting
    confirm_observation(observe(asked), seen)


def test_a_step_is_refused_when_the_marker_was_edited(asked, connection):
    seen = observe(asked).sighting
    mark(connection, environment="staging", marked_by="mallory", reason="trust me")
    with pytest.raises(GuardRefusedError, match="the database's marker is"):
        confirm_observation(observe(asked), seen)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"stripe_key": "sk_test_other"}, "Stripe key is another one"),
        (
            {"addresses": {"staging_api": "http://elsewhere"}},
            "staging_api is http://elsewhere, the guard saw http://api",
        ),
        ({"addresses": {}}, "staging_api is missing"),
    ],
)
def test_a_step_is_refused_when_a_connection_was_re_pointed(asked, server, change, told):
    seen = observe(asked).sighting
    server.expect_request("/v1/balance").respond_with_json({"livemode": False})
    with pytest.raises(GuardRefusedError, match=told):
        confirm_observation(observe(replace(asked, **change)), seen)


def test_a_step_is_refused_when_a_source_says_production_now(asked):
    seen = observe(asked).sighting
    with pytest.raises(GuardRefusedError, match="means production"):
        confirm_observation(observe(replace(asked, declared={"ENVIRONMENT": "prd"})), seen)


def test_a_step_is_errored_when_a_source_is_gone(asked, free_port):
    seen = observe(asked).sighting
    down = HttpService("Billing API", f"http://127.0.0.1:{free_port}", attempts=1)
    with pytest.raises(ServiceUnreachableError, match="Billing API"):
        confirm_observation(observe(replace(asked, billing_api=down)), seen)


def test_the_target_is_confirmed_inside_the_transaction(connection, dsn):
    with psycopg.connect(dsn) as opened, pytest.raises(GuardRefusedError, match="carries no marker"):
        confirm_target(opened)
    mark(connection, environment="production", marked_by="bob", reason="restored")
    with psycopg.connect(dsn) as opened, pytest.raises(GuardRefusedError, match="means production"):
        confirm_target(opened)
    mark(connection, environment="staging", marked_by="alice", reason="ours")
    with psycopg.connect(dsn) as opened:
        confirm_target(opened)
        _, seen = look_at_database(opened)
        confirm_target(opened, seen)
        elsewhere = seen.model_copy(update={"server": "10.0.0.9:5432"})
        with pytest.raises(GuardRefusedError, match=r"the guard saw 10\.0\.0\.9:5432"):
            confirm_target(opened, elsewhere)
