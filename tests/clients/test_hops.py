"""What is gathered along the way of a run's series, and that nothing which cannot be asked hides the rest."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
import requests

from local_staging.stack.ports import free_port
from staging_validation.clients.clocks import date_offset
from staging_validation.clients.hops import explain, read_scrape
from staging_validation.clients.http import HttpService
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.clients.pushgateway import PushgatewayClient
from staging_validation.clients.source_files import read_source_files
from staging_validation.errors import ServiceAnswerError, ServiceUnreachableError
from staging_validation.project import include_dir
from staging_validation.telemetry import Sample, parse_catalogue
from staging_validation.telemetry.hops import Hop

EXPECTED = [Sample("rsolv_billing_invoice_paid_total", {}, 1.0)]


@pytest.fixture(scope="module")
def catalogue():
    return parse_catalogue(read_source_files(include_dir("telemetry"), ".yaml"))


@pytest.fixture
def prometheus(httpserver):
    return PrometheusClient(HttpService("Prometheus", httpserver.url_for("/p"), attempts=1))


@pytest.fixture
def gateway(httpserver):
    return PushgatewayClient(HttpService("Pushgateway", httpserver.url_for("/g"), attempts=1))


def targets(url):
    return {
        "data": {
            "activeTargets": [
                {
                    "labels": {"job": "pods", "instance": "a"},
                    "scrapeUrl": url,
                    "health": "up",
                    "scrapeInterval": "1s",
                }
            ]
        }
    }


def vector(*metrics):
    return {"data": {"resultType": "vector", "result": [{"metric": m, "value": [0, "1"]} for m in metrics]}}


def test_the_target_is_found_by_its_address_alone(httpserver, gateway, prometheus):
    httpserver.expect_request("/p/api/v1/targets").respond_with_json(
        targets(httpserver.url_for("/g/metrics"))
    )
    scrape = read_scrape(gateway, prometheus)
    assert scrape.targets == 1
    assert scrape.gateway.known_by == "its address"
    assert len(httpserver.log) == 1


def test_the_target_is_found_by_the_start_of_the_gateways_process(httpserver, gateway, prometheus):
    httpserver.expect_request("/p/api/v1/targets").respond_with_json(targets("http://10.0.0.7:9091/metrics"))
    httpserver.expect_request("/g/metrics").respond_with_data("process_start_time_seconds 12.5\n")
    httpserver.expect_request(
        "/p/api/v1/query", query_string={"query": "process_start_time_seconds == 12.5"}
    ).respond_with_json(vector({"job": "pods", "instance": "a"}))
    assert read_scrape(gateway, prometheus).gateway.known_by == "the start time of its process"


@pytest.mark.parametrize(
    ("status", "says"), [(403, "Prometheus does not tell its targets"), (500, "answered 500")]
)
def test_targets_that_are_not_told_are_no_error(httpserver, gateway, prometheus, status, says):
    httpserver.expect_request("/p/api/v1/targets").respond_with_data("no", status=status)
    scrape = read_scrape(gateway, prometheus)
    assert scrape.gateway is None
    assert says in scrape.unread


def test_a_login_that_is_not_accepted_is_an_error(httpserver, gateway, prometheus):
    httpserver.expect_request("/p/api/v1/targets").respond_with_data("Unauthorized", status=401)
    with pytest.raises(ServiceAnswerError, match="answered 401"):
        read_scrape(gateway, prometheus)


def test_a_dead_prometheus_is_an_error(gateway):
    dead = PrometheusClient(HttpService("Prometheus", f"http://127.0.0.1:{free_port()}", attempts=1))
    with pytest.raises(ServiceUnreachableError):
        read_scrape(gateway, dead)


def test_what_cannot_be_asked_is_named_once_and_hides_nothing(httpserver, prometheus, catalogue):
    dead = PushgatewayClient(HttpService("Pushgateway", f"http://127.0.0.1:{free_port()}", attempts=1))
    httpserver.expect_request("/p/api/v1/targets").respond_with_json(targets(f"{dead.address}/metrics"))
    httpserver.expect_request("/p/api/v1/query", query_string={"query": "time()"}).respond_with_json(
        {"data": {"resultType": "scalar", "result": [0, "0"]}}
    )
    httpserver.expect_request("/p/api/v1/query").respond_with_json(vector())
    named = explain("run-1", EXPECTED, catalogue, prometheus=prometheus, gateway=dead)
    assert named.hop is Hop.CLOCK_SKEW
    assert named.because.count(f"Pushgateway: GET {dead.address}/metrics") == 1


def test_without_the_gateway_the_sentence_says_so(httpserver, prometheus, catalogue):
    httpserver.expect_request("/p/api/v1/query").respond_with_json(vector())
    named = explain("run-1", EXPECTED, catalogue, prometheus=prometheus)
    assert "time() is no single number" in named.because
    assert named.hop is Hop.NOT_SCRAPED
    assert "the Pushgateway was not at hand" in named.because


@pytest.mark.parametrize(
    ("date", "offset"),
    [("Tue, 24 Nov 2026 18:00:10 GMT", 10.5), ("Tue, 24 Nov 2026 17:59:00 GMT", -59.5), ("soon", None)],
)
def test_an_answers_date_is_compared_with_our_time(date, offset):
    response = requests.Response()
    response.headers["Date"] = date
    ours = datetime(2026, 11, 24, 18, tzinfo=timezone.utc).timestamp()
    assert date_offset(response, ours) == offset


def test_an_answer_without_a_date_tells_no_time():
    assert date_offset(requests.Response(), 0.0) is None
