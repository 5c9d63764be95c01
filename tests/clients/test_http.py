from __future__ import annotations

import json

import pytest
import tenacity
from pytest_httpserver import HTTPServer
from werkzeug import Response

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.http import HttpService
from staging_validation.errors import ServiceAnswerError, ServiceUnreachableError


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    """Retries follow each other at once."""
    monkeypatch.setattr(tenacity.nap.time, "sleep", lambda seconds: None)


@pytest.fixture
def server():
    with HTTPServer(host="127.0.0.1") as running:
        yield running


@pytest.fixture
def service(server):
    return HttpService("Billing API", server.url_for("/"), timeout_seconds=5)


def answering(server, *statuses):
    """Answer one request after the other with these statuses; returns what was asked."""
    asked = []
    waiting = list(statuses)

    def answer(request):
        asked.append(request)
        return Response(json.dumps({"n": len(asked)}), waiting.pop(0), content_type="application/json")

    server.expect_request("/x").respond_with_handler(answer)
    return asked


def test_json_is_returned(server, service):
    answering(server, 200)
    assert service.json("GET", "/x") == {"n": 1}


def test_a_request_carries_everything(server, service):
    asked = answering(server, 200, 200)
    service.request("POST", "/x", params={"a": 1}, json={"b": 2}, headers={"H": "v"})
    assert (asked[0].args["a"], asked[0].json, asked[0].headers["H"]) == ("1", {"b": 2}, "v")
    service.request("POST", "/x", data=b"raw")
    assert asked[1].data == b"raw"


@pytest.mark.parametrize("status", [502, 503, 504])
def test_passing_faults_of_repeatable_requests_are_retried(server, service, status):
    asked = answering(server, status, status, 200)
    assert service.json("GET", "/x") == {"n": 3}
    assert len(asked) == 3


def test_retries_have_an_end_and_the_last_answer_is_returned(server, service):
    asked = answering(server, 503, 503, 503, 503)
    assert service.request("GET", "/x").status_code == 503
    assert len(asked) == 3


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_other_faults_are_not_retried(server, service, status):
    asked = answering(server, status, 200)
    assert service.request("GET", "/x").status_code == status
    assert len(asked) == 1


def test_a_post_is_retried_only_with_an_idempotency_key(server, service):
    asked = answering(server, 503, 503, 200)
    assert service.request("POST", "/x").status_code == 503
    assert len(asked) == 1
    assert service.request("POST", "/x", headers={"Idempotency-Key": "k"}).status_code == 200
    assert len(asked) == 3


def test_an_unexpected_status_carries_the_services_reason(server, service):
    server.expect_request("/x").respond_with_data("no  such\ncustomer", status=404)
    with pytest.raises(
        ServiceAnswerError, match=r"Billing API: GET .*/x answered 404: no such customer"
    ) as raised:
        service.json("GET", "/x")
    assert raised.value.status == 404


def test_an_empty_answer_is_named_by_its_status(server, service):
    server.expect_request("/x").respond_with_data("", status=500)
    with pytest.raises(ServiceAnswerError, match="answered 500: INTERNAL SERVER ERROR"):
        service.json("GET", "/x")


def test_expected_statuses_are_no_errors(server, service):
    answering(server, 404)
    assert service.json("GET", "/x", expect=(200, 404)) == {"n": 1}


def test_a_body_that_is_no_json_is_an_error(server, service):
    server.expect_request("/x").respond_with_data("<html>")
    with pytest.raises(ServiceAnswerError, match="with a body that is no JSON: '<html>'"):
        service.json("GET", "/x")


def test_nobody_listening_is_unreachable(free_port):
    service = HttpService("Prometheus", f"http://127.0.0.1:{free_port}", timeout_seconds=1)
    with pytest.raises(
        ServiceUnreachableError, match=r"Prometheus: GET .* cannot be reached .*refused"
    ) as raised:
        service.json("GET", "/x")
    assert "check that Prometheus runs" in raised.value.remedy


def test_no_answer_in_time_is_unreachable(server):
    import threading

    release = threading.Event()
    server.expect_request("/x").respond_with_handler(lambda request: release.wait(10) and Response("late"))
    service = HttpService("Billing API", server.url_for("/"), timeout_seconds=0.05, attempts=1)
    try:
        with pytest.raises(ServiceUnreachableError, match="gave no answer in time"):
            service.request("GET", "/x")
    finally:
        release.set()


def test_a_connection_brings_authentication_timeout_and_tls(server):
    asked = answering(server, 200)
    value = {
        "host": server.url_for("/"),
        "login": "me",
        "password": "pw",
        "extra": {"timeout": 7, "verify": "/ca.pem", "cert": "/cert.pem"},
    }
    settings = ConnectionSettings.from_airflow_value("staging_api", json.dumps(value))
    service = HttpService.from_settings("Billing API", settings)
    assert (service.timeout_seconds, service.session.verify, service.session.cert) == (
        7.0,
        "/ca.pem",
        "/cert.pem",
    )
    service.session.cert = None  # there is no such file
    service.json("GET", "/x")
    assert (asked[0].authorization.username, asked[0].authorization.password) == ("me", "pw")


def test_a_plain_connection_has_the_defaults():
    settings = ConnectionSettings.from_airflow_value("staging_api", "http://h")
    service = HttpService.from_settings("Billing API", settings)
    assert (service.timeout_seconds, service.session.verify, service.session.auth) == (10.0, True, None)
