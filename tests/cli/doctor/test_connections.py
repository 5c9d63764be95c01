"""What every connection is asked: is it configured, complete, reachable, authorised, the right thing?"""

from __future__ import annotations

import ssl

import pytest

from tests.cli.doctor.shared import (
    NEEDED,
    PROJECT,
    Server,
    healthy,
    make_certificate,
    outcome,
)


@pytest.mark.parametrize("conn_id", NEEDED)
def test_a_missing_connection_says_how_to_set_it(staging, doctor, monkeypatch, tmp_path, conn_id):
    (tmp_path / "include").symlink_to(PROJECT / "include")
    monkeypatch.setenv("STAGING_VALIDATION_HOME", str(tmp_path))  # no airflow_settings.yaml here
    staging.forget(conn_id)
    status, found = doctor()
    assert (status, outcome(found, f"{conn_id}.configured")) == (1, "failed")
    assert f"AIRFLOW_CONN_{conn_id.upper()}='{{" in found[f"{conn_id}.configured"]["remedy"]
    if conn_id != "pushgateway_default":
        assert conn_id in found["guard.verdict"]["evidence"]["reason"]


@pytest.mark.parametrize("conn_id", ["grafana_default", "alertmanager_default", "staging_api_strict"])
def test_a_connection_that_nobody_needs_may_be_missing(staging, doctor, conn_id):
    staging.forget(conn_id)
    status, found = doctor(conn_id, "staging_postgres")
    assert (status, outcome(found, f"{conn_id}.configured")) == (0, "skipped")
    assert "AIRFLOW_CONN_" in found[f"{conn_id}.configured"]["remedy"]


def test_the_examples_of_the_settings_file_are_no_configuration(staging, doctor):
    staging.forget("prometheus_default")
    staging.connect(
        "stripe_default", **{**staging.stripe, "extra": {"pro_price_id": "price_of_the_pro_plan"}}
    )
    status, found = doctor()
    assert status == 1
    assert "host is still the example" in found["prometheus_default.complete"]["actual"]
    said = found["stripe_default.complete"]["actual"]
    assert "has no extra.webhook_secret; extra.pro_price_id is still the example" in said


@pytest.mark.parametrize(
    ("conn_id", "fields", "told"),
    [
        ("staging_postgres", {"host": "127.0.0.1"}, "has no schema; has no login"),
        ("staging_api", {"port": 80}, "has no host"),
        (
            "stripe_default",
            {"extra": {}},
            "has no password; has no extra.webhook_secret; has no extra.pro_price_id",
        ),
        ("prometheus_default", {"host": "127.0.0.1", "extra": {"timeout": "soon"}}, "no number of seconds"),
        (
            "pushgateway_default",
            {"host": "127.0.0.1", "extra": {"verify": "/no/ca.pem"}},
            "/no/ca.pem, which does",
        ),
        ("staging_api", {"host": "http://127.0.0.1:eighty"}, "host and port are no address"),
        (
            "staging_api",
            {"host": "127.0.0.1", "extra": {"paths": {"subscibe": "/x"}}},
            "did you mean 'subscribe'?",
        ),
        ("staging_api", {"host": "127.0.0.1", "extra": {"paths": "/x"}}, "no mapping of operations"),
    ],
)
def test_what_a_connection_lacks_is_named(staging, doctor, conn_id, fields, told):
    staging.connect(conn_id, **fields)
    status, found = doctor(conn_id)
    said = {check: result for check, result in found.items() if check.startswith(conn_id)}
    failed = [result for result in said.values() if result["outcome"] == "failed"]
    assert status == 1
    assert [told in result["actual"] for result in failed] == [True]
    assert (
        conn_id in failed[0]["remedy"]
        or "use one of" in failed[0]["remedy"]
        or "paths" in failed[0]["remedy"]
    )


def test_the_results_store_is_honest(staging, doctor):
    _, found = doctor()
    assert "nothing uses it yet" in found["results_postgres.configured"]["evidence"]["reason"]
    staging.connect("results_postgres", host="127.0.0.1")
    _, found = doctor("results_postgres")
    assert "configured, but nothing uses it yet" in found["results_postgres.configured"]["evidence"]["reason"]


@pytest.mark.parametrize(
    "conn_id", [*NEEDED, "grafana_default", "alertmanager_default", "staging_api_strict"]
)
def test_nobody_there(staging, doctor, dead_port, conn_id):
    fields = {"staging_postgres": staging.database, "stripe_default": staging.stripe}.get(conn_id, {})
    host = f"http://127.0.0.1:{dead_port}" if conn_id == "stripe_default" else "127.0.0.1"
    staging.connect(conn_id, **{**fields, "host": host, "port": dead_port})
    status, found = doctor(conn_id)
    assert (status, outcome(found, f"{conn_id}.reachable")) == (2, "errored")
    assert found[f"{conn_id}.reachable"]["remedy"]


@pytest.mark.parametrize("conn_id", ["staging_api", "prometheus_default", "stripe_default"])
def test_a_server_that_never_answers_is_not_waited_for(staging, doctor, mute_port, conn_id):
    fields = staging.stripe if conn_id == "stripe_default" else {}
    extra = {**fields.get("extra", {}), "timeout": 0.2}
    staging.connect(conn_id, **{**fields, "host": f"http://127.0.0.1:{mute_port}", "extra": extra})
    status, found = doctor(conn_id)
    assert (status, outcome(found, f"{conn_id}.reachable")) == (2, "errored")
    assert "no answer in time" in found[f"{conn_id}.reachable"]["actual"]


@pytest.mark.parametrize("status_code", [401, 403])
@pytest.mark.parametrize("conn_id", ["staging_api", "prometheus_default", "pushgateway_default"])
def test_a_closed_door(staging, doctor, conn_id, status_code):
    server = staging.servers[conn_id]
    server.answers = dict.fromkeys(server.answers, (status_code, {"error": "no"}))
    status, found = doctor(conn_id)
    assert outcome(found, f"{conn_id}.authorised") == "failed"
    assert "password" in found[f"{conn_id}.authorised"]["remedy"]
    assert status in (1, 2)


def test_a_password_without_a_login_is_a_bearer_token(staging, doctor):
    seen = []
    server = staging.servers["grafana_default"].http
    server.clear()
    server.expect_request("/api/health").respond_with_handler(
        lambda request: seen.append(request.headers.get("Authorization")) or ""
    )
    staging.connect("grafana_default", host="127.0.0.1", port=server.port, password="glsa_token")
    doctor("grafana_default")
    assert seen[0] == "Bearer glsa_token"


@pytest.mark.parametrize(
    ("conn_id", "is_really", "told"),
    [
        ("prometheus_default", "pushgateway_default", "is a Pushgateway"),
        ("pushgateway_default", "prometheus_default", "is a Prometheus"),
        ("grafana_default", "staging_api", "is the billing API"),
        ("staging_api", "grafana_default", "is a Grafana"),
        ("alertmanager_default", "stripe_default", "is Stripe"),
        ("staging_api_strict", "alertmanager_default", "is an Alertmanager"),
    ],
)
def test_swapped_services_are_named(staging, doctor, conn_id, is_really, told):
    staging.connect(conn_id, host="127.0.0.1", port=staging.ports[is_really])
    status, found = doctor(conn_id)
    assert (status in (1, 2), outcome(found, f"{conn_id}.thing")) == (True, "failed")
    assert told in found[f"{conn_id}.thing"]["actual"]
    assert "exchange the addresses" in found[f"{conn_id}.thing"]["remedy"]


def test_a_sign_in_page_is_no_service(staging, doctor):
    server = staging.servers["prometheus_default"]
    server.answers = dict.fromkeys(server.answers, (200, "<html>Sign in</html>"))
    _, found = doctor("prometheus_default")
    assert "200 (text/html)" in found["prometheus_default.thing"]["actual"]


def test_http_and_https_are_told_apart(staging, doctor):
    port = staging.ports["pushgateway_default"]
    staging.connect("pushgateway_default", host="127.0.0.1", port=port, schema="https")
    staging.servers["grafana_default"].answers = {
        "/api/health": (400, "Client sent an HTTP request to an HTTPS server.\n")
    }
    _, found = doctor("pushgateway_default", "grafana_default")
    assert (
        "set schema of the connection pushgateway_default to http"
        in (found["pushgateway_default.reachable"]["remedy"])
    )
    assert outcome(found, "grafana_default.reachable") == "failed"
    assert "to https" in found["grafana_default.reachable"]["remedy"]


def test_a_certificate_must_be_trusted(staging, doctor, tmp_path):
    certificate, key = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server(context)
    try:
        server.reset(healthy(staging.ports)["alertmanager_default"])
        known = {"host": "127.0.0.1", "port": server.port, "schema": "https"}
        staging.connect("alertmanager_default", **known)
        status, found = doctor("alertmanager_default")
        assert (status, outcome(found, "alertmanager_default.reachable")) == (2, "errored")
        assert "verify" in found["alertmanager_default.reachable"]["remedy"]
        staging.connect("alertmanager_default", **known, extra={"verify": str(certificate)})
        assert doctor("alertmanager_default")[0] == 0
    finally:
        server.http.stop()
