"""Prometheus' answers, good and bad, as the client understands them."""

from __future__ import annotations

import math
import time
from datetime import datetime, timezone

import pytest

from local_staging.stack.ports import free_port
from staging_validation.clients.http import HttpService
from staging_validation.clients.prometheus import PrometheusClient, parse_duration, parse_time
from staging_validation.errors import CheckFailedError, ServiceAnswerError, ServiceUnreachableError
from staging_validation.telemetry import Sample
from staging_validation.telemetry.promise import ScrapeTarget

VECTOR = {
    "status": "success",
    "data": {
        "resultType": "vector",
        "result": [
            {"metric": {"__name__": "up", "job": "a"}, "value": [1.0, "1"]},
            {"metric": {}, "value": [1.0, "NaN"]},
            {"metric": {}, "value": [1.0, "+Inf"]},
        ],
    },
}


@pytest.fixture
def client(httpserver) -> PrometheusClient:
    return PrometheusClient(HttpService("Prometheus", httpserver.url_for("/"), attempts=1))


def test_a_vector_becomes_samples(client, httpserver):
    httpserver.expect_request(
        "/api/v1/query", query_string={"query": "up", "time": "12.5"}
    ).respond_with_json(VECTOR)
    first, second, third = client.query("up", at=12.5)
    assert first == Sample("up", {"job": "a"}, 1.0)
    assert math.isnan(second.value)
    assert third.value == math.inf


def test_a_rejected_query_is_a_failed_check_with_its_reason(client, httpserver):
    answer = {"status": "error", "errorType": "bad_data", "error": "parse error: unexpected end"}
    httpserver.expect_request("/api/v1/query").respond_with_json(answer, status=400)
    with pytest.raises(
        CheckFailedError, match="Prometheus rejects the query 'rate': parse error: unexpected end"
    ):
        client.query("rate")


@pytest.mark.parametrize("body", ["plain  words", "[]", "{}"])
def test_a_rejection_without_a_reason_shows_the_body(client, httpserver, body):
    httpserver.expect_request("/api/v1/query").respond_with_data(body, status=422)
    with pytest.raises(CheckFailedError, match=r"rejects the query 'up': (plain words|\[\]|{})"):
        client.query("up")


def test_trouble_of_prometheus_is_no_failed_check(client, httpserver):
    httpserver.expect_request("/api/v1/query").respond_with_data("query timed out", status=503)
    with pytest.raises(ServiceAnswerError, match=r"Prometheus: GET .* answered 503: query timed out"):
        client.query("up")


@pytest.mark.parametrize(
    "body", [{}, {"data": {"resultType": "vector", "result": [{"value": []}]}}, {"data": None}]
)
def test_an_unknown_shape_is_an_error(client, httpserver, body):
    httpserver.expect_request("/api/v1/query").respond_with_json(body)
    with pytest.raises(ServiceAnswerError, match="answered in an unknown shape"):
        client.query("up")


def test_a_dead_prometheus_is_named():
    client = PrometheusClient(HttpService("Prometheus", f"http://127.0.0.1:{free_port()}", attempts=1))
    for ask in (lambda: client.query("up"), client.ready, client.targets, client.clock_offsets):
        with pytest.raises(ServiceUnreachableError, match=r"^Prometheus: ") as caught:
            ask()
        assert caught.value.service == "Prometheus"


def target(**fields):
    return {
        "labels": {"job": "pushgateway", "instance": "gateway:9091"},
        "scrapePool": "gateways",
        "scrapeUrl": "http://gateway:9091/metrics",
        "health": "up",
        "lastError": "",
        "lastScrape": "2026-11-24T18:22:02.251462335Z",
        "scrapeInterval": "1m30s",
        **fields,
    }


def answer(*targets):
    return {"data": {"activeTargets": list(targets)}}


def test_targets(client, httpserver):
    never = target(scrapePool=None, health="unknown", lastScrape="0001-01-01T00:00:00Z", labels={})
    httpserver.expect_request("/api/v1/targets", query_string={"state": "active"}).respond_with_json(
        answer(target(health="down", lastError="connection refused"), never)
    )
    first, second = client.targets()
    assert first == ScrapeTarget(
        pool="gateways",
        url="http://gateway:9091/metrics",
        health="down",
        interval_seconds=90.0,
        job="pushgateway",
        instance="gateway:9091",
        last_error="connection refused",
        last_scrape=datetime(2026, 11, 24, 18, 22, 2, 251462, tzinfo=timezone.utc),
    )
    assert (second.pool, second.health, second.last_scrape) == ("", "unknown", None)


@pytest.mark.parametrize("status", [403, 404, 405, 501])
def test_a_prometheus_that_hides_its_targets_tells_none(client, httpserver, status):
    httpserver.expect_request("/api/v1/targets").respond_with_data("", status=status)
    assert client.targets() is None


def test_targets_that_cannot_be_had_are_an_error(client, httpserver):
    httpserver.expect_request("/api/v1/targets").respond_with_data("no", status=500)
    with pytest.raises(ServiceAnswerError, match="answered 500"):
        client.targets()


@pytest.mark.parametrize(
    "body",
    [{"data": {}}, answer({}), answer(target(scrapeInterval="x")), answer(target(lastScrape="yesterday"))],
)
def test_odd_targets_are_an_error(client, httpserver, body):
    httpserver.expect_request("/api/v1/targets").respond_with_json(body)
    with pytest.raises(ServiceAnswerError, match="GET /api/v1/targets answered in an unknown shape"):
        client.targets()


def test_a_clock_that_is_ahead(client, httpserver):
    ahead = {"data": {"resultType": "scalar", "result": [0, str(time.time() + 60)]}}
    httpserver.expect_request("/api/v1/query", query_string={"query": "time()"}).respond_with_json(ahead)
    offsets = client.clock_offsets()
    assert offsets["Prometheus (time())"] == pytest.approx(60, abs=2)
    assert offsets["Prometheus (Date)"] == pytest.approx(0, abs=2)


def test_a_clock_that_cannot_be_asked_is_an_error(client, httpserver):
    httpserver.expect_request("/api/v1/query").respond_with_data("no", status=500)
    with pytest.raises(ServiceAnswerError, match="answered 500"):
        client.clock_offsets()


def test_a_clock_of_another_shape_is_an_error(client, httpserver):
    httpserver.expect_request("/api/v1/query").respond_with_json(
        {"data": {"resultType": "vector", "result": []}}
    )
    with pytest.raises(ServiceAnswerError, match="answered in an unknown shape"):
        client.clock_offsets()


def test_times_without_a_fraction_and_with_a_zone():
    hour_ahead = parse_time("2026-11-24T19:22:02+01:00")
    assert hour_ahead == datetime(2026, 11, 24, 18, 22, 2, tzinfo=timezone.utc)


def test_readiness(client, httpserver):
    httpserver.expect_ordered_request("/-/ready").respond_with_data("ready")
    httpserver.expect_ordered_request("/-/ready").respond_with_data("starting", status=503)
    assert client.ready() is True
    assert client.ready() is False


@pytest.mark.parametrize(
    ("text", "seconds"), [("15s", 15), ("1m30s", 90), ("500ms", 0.5), ("1h", 3600), ("2d", 172800)]
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "s", "1m 30s", "-1s"])
def test_no_durations(text):
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


def config(text):
    return {"status": "success", "data": {"yaml": text}}


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        (
            "global:\n  external_labels:\n    environment: staging\n    shard: 2\n",
            {"environment": "staging", "shard": "2"},
        ),
        ("global:\n  scrape_interval: 1s\n", {}),
        ("", {}),
    ],
)
def test_external_labels_are_read_from_the_configuration(client, httpserver, text, labels):
    httpserver.expect_request("/api/v1/status/config").respond_with_json(config(text))
    assert client.external_labels() == labels


@pytest.mark.parametrize("status", [403, 404, 405, 501])
def test_a_prometheus_that_keeps_its_configuration_tells_nothing(client, httpserver, status):
    httpserver.expect_request("/api/v1/status/config").respond_with_data("", status=status)
    assert client.external_labels() is None


@pytest.mark.parametrize(
    "body",
    [{}, config("a: ["), config("- a\n"), config("global: [x]"), config("global: {external_labels: [x]}")],
)
def test_a_configuration_of_another_shape_is_an_error(client, httpserver, body):
    httpserver.expect_request("/api/v1/status/config").respond_with_json(body)
    with pytest.raises(ServiceAnswerError, match="unknown shape"):
        client.external_labels()


def test_a_configuration_that_cannot_be_had_is_an_error(client, httpserver):
    httpserver.expect_request("/api/v1/status/config").respond_with_data("no", status=500)
    with pytest.raises(ServiceAnswerError, match="answered 500"):
        client.external_labels()
