"""Hooks turn connections into clients, and keep our own extra fields out of request headers."""

from __future__ import annotations

import json

import pytest

from staging_validation.airflow.hooks import environment
from staging_validation.airflow.hooks.services import ServiceHook, billing_api, pushgateway
from staging_validation.airflow.hooks.settings import settings_of
from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
from staging_validation.airflow.hooks.stripe import stripe_api
from staging_validation.errors import ConfigurationError, GuardRefusedError


def connection(monkeypatch, conn_id, **fields):
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))


def test_an_http_connection_gives_address_auth_timeout_and_tls(monkeypatch):
    connection(
        monkeypatch,
        "pushgateway_default",
        conn_type="http",
        host="gateway.example.com",
        schema="https",
        port=9091,
        login="ci",
        password="hush",
        extra={"timeout": 3, "verify": "/etc/ca.pem", "X-Team": "billing"},
    )
    service = ServiceHook("Pushgateway", "pushgateway_default").look()
    assert service.base_url == "https://gateway.example.com:9091"
    assert (service.session.auth.username, service.session.auth.password) == ("ci", "hush")
    assert service.timeout_seconds == 3
    assert service.session.verify == "/etc/ca.pem"
    assert service.session.headers["X-Team"] == "billing"


def test_our_own_extra_fields_are_no_headers(monkeypatch, httpserver):
    paths = {"onboard": "/v2/signup"}
    connection(
        monkeypatch,
        "staging_api",
        conn_type="http",
        host=httpserver.url_for("/")[:-1],
        extra={"paths": paths},
    )
    httpserver.expect_request("/api/health").respond_with_json({"status": "ok"})
    ServiceHook("Billing API", "staging_api").look().request("GET", "/api/health")
    ((request, _),) = httpserver.log
    assert "paths" not in {name.casefold() for name in dict(request.headers)}


def test_an_http_connection_without_a_scheme_that_fits_is_said_so(monkeypatch):
    connection(monkeypatch, "staging_api", conn_type="http", host="://nowhere")
    with pytest.raises(ConfigurationError, match="staging_api has no usable address"):
        ServiceHook("Billing API", "staging_api").look()


def test_a_database_connection_never_waits_for_ever(monkeypatch):
    connection(monkeypatch, "staging_postgres", conn_type="postgres", host="h", extra={"sslmode": "require"})
    extra = StagingPostgresHook.get_connection("staging_postgres").extra_dejson
    assert extra == {"connect_timeout": 5, "application_name": "staging-validation", "sslmode": "require"}


def test_a_database_connection_may_set_its_own_timeout(monkeypatch):
    connection(monkeypatch, "staging_postgres", conn_type="postgres", host="h", extra={"connect_timeout": 9})
    assert StagingPostgresHook.get_connection("staging_postgres").extra_dejson["connect_timeout"] == 9


@pytest.mark.parametrize("missing", ["password", "webhook_secret", "pro_price_id"])
def test_what_the_stripe_connection_lacks_is_named(monkeypatch, missing):
    monkeypatch.setattr(environment, "recheck", lambda: None)  # a guard that has passed
    fields = {"password": "sk_test_x", "webhook_secret": "whsec_x", "pro_price_id": "price_x"}
    del fields[missing]
    extra = {name: value for name, value in fields.items() if name != "password"}
    connection(
        monkeypatch, "stripe_default", conn_type="generic", password=fields.get("password"), extra=extra
    )
    with pytest.raises(ConfigurationError, match=f"stripe_default lacks {missing}"):
        stripe_api()


def test_a_connection_that_does_not_exist_is_named_with_the_remedy():
    with pytest.raises(ConfigurationError, match="AIRFLOW_CONN_NO_SUCH_THING"):
        settings_of("no_such_thing")


@pytest.fixture
def all_connections(monkeypatch):
    for conn_id in ("staging_postgres", "staging_api", "pushgateway_default", "prometheus_default"):
        connection(monkeypatch, conn_id, conn_type="http", host="127.0.0.1", port=9)
    connection(
        monkeypatch,
        "stripe_default",
        conn_type="generic",
        password="sk_test_x",
        extra={"webhook_secret": "whsec_x", "pro_price_id": "price_x"},
    )


@pytest.mark.parametrize(
    "ask",
    [
        pushgateway,
        billing_api,
        stripe_api,
        ServiceHook("Pushgateway", "pushgateway_default").service,
        StagingPostgresHook().get_conn,
        StagingPostgresHook().session().__enter__,
        lambda: StagingPostgresHook().run("DELETE FROM customers"),
        lambda: StagingPostgresHook().get_records("SELECT 1"),
    ],
    ids=["pushgateway", "billing_api", "stripe", "service", "get_conn", "session", "run", "get_records"],
)
def test_nothing_that_can_change_staging_is_handed_out_outside_of_a_run(all_connections, ask):
    with pytest.raises(GuardRefusedError, match="outside of a running task"):
        ask()


def test_a_client_that_looks_cannot_change_anything(all_connections):
    with pytest.raises(GuardRefusedError, match="POST /x is refused"):
        ServiceHook("Billing API", "staging_api").look().request("POST", "/x")
