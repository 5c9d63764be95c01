"""The Pushgateway's protocol: what is sent, and what its answers mean."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from prometheus_client import CollectorRegistry, Gauge
from werkzeug import Response

from local_staging.stack.ports import free_port
from staging_validation.clients.http import HttpService
from staging_validation.clients.pushgateway import GatewayGroup, PushedGroup, PushgatewayClient
from staging_validation.errors import ServiceAnswerError, ServiceUnreachableError
from staging_validation.telemetry import Sample

PATH = "/metrics/job/staging_validation/validation_run/run-1"


def times(pushed: str, failed: str) -> dict[str, object]:
    return {
        "push_time_seconds": {"metrics": [{"value": pushed}]},
        "push_failure_time_seconds": {"metrics": [{"value": failed}]},
    }


@pytest.fixture
def client(httpserver) -> PushgatewayClient:
    return PushgatewayClient(HttpService("Pushgateway", httpserver.url_for("/"), attempts=1))


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    Gauge("open", "Open.", registry=registry).set(2)
    return registry


def test_a_push_replaces_the_group(client, httpserver, registry):
    httpserver.expect_oneshot_request(
        PATH,
        method="PUT",
        data="# HELP open Open.\n# TYPE open gauge\nopen 2.0\n",
        headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
    ).respond_with_data(status=200)
    client.push("run-1", registry)
    httpserver.check()


def test_a_refused_push_names_the_reason_and_deletes_the_group(client, httpserver, registry):
    httpserver.expect_ordered_request(PATH, method="PUT").respond_with_data(
        "must not have timestamps\n", status=400
    )
    httpserver.expect_ordered_request(PATH, method="DELETE").respond_with_data(status=202)
    with pytest.raises(
        ServiceAnswerError, match=r"Pushgateway: PUT .* answered 400: must not have timestamps"
    ) as caught:
        client.push("run-1", registry)
    assert caught.value.status == 400
    assert [request.method for request, _ in httpserver.log] == ["PUT", "DELETE"]


def test_a_refused_push_whose_group_stays_says_so(client, httpserver, registry):
    httpserver.expect_request(PATH, method="PUT").respond_with_data("bad", status=400)
    httpserver.expect_request(PATH, method="DELETE").respond_with_data("read only", status=403)
    with pytest.raises(
        ServiceAnswerError, match=r"answered 400: bad; and the group it left .* 403: read only"
    ) as caught:
        client.push("run-1", registry)
    assert caught.value.remedy == "a later run sweeps the group"


def test_a_push_that_did_not_get_to_the_gateway_deletes_nothing(client, httpserver, registry):
    httpserver.expect_request(PATH).respond_with_data("Unauthorized", status=401)
    with pytest.raises(ServiceAnswerError, match=r"PUT .* answered 401: Unauthorized"):
        client.push("run-1", registry)
    assert [request.method for request, _ in httpserver.log] == ["PUT"]


def test_a_deletion_that_is_not_accepted_is_an_error(client, httpserver):
    httpserver.expect_request(PATH, method="DELETE").respond_with_data("no", status=405)
    with pytest.raises(ServiceAnswerError, match=r"DELETE .* answered 405: no"):
        client.delete("run-1")


def test_only_groups_of_runs_are_listed(client, httpserver):
    ours = {"job": "staging_validation", "validation_run": "run-1", "instance": ""}
    data = [
        {"labels": ours, **times("1.7e9", "0")},
        {"labels": {"job": "staging_validation", "validation_run": "refused"}, **times("0", "1700000060")},
        {"labels": {"job": "backup"}, **times("1", "0")},
        {"labels": {**ours, "instance": "a"}, **times("1", "0")},
        {"labels": {"job": "other", "validation_run": "run-1"}, **times("1", "0")},
    ]
    httpserver.expect_request("/api/v1/metrics").respond_with_json({"status": "success", "data": data})
    assert client.groups() == [
        PushedGroup("run-1", datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)),
        PushedGroup("refused", datetime(2023, 11, 14, 22, 14, 20, tzinfo=timezone.utc)),
    ]


def test_all_groups_are_listed_with_their_labels(client, httpserver):
    data = [{"labels": {"job": "backup", "instance": "a", "shard": ""}, **times("60", "0")}]
    httpserver.expect_request("/api/v1/metrics").respond_with_json({"status": "success", "data": data})
    assert client.all_groups() == [
        GatewayGroup({"job": "backup", "instance": "a"}, datetime.fromtimestamp(60, tz=timezone.utc))
    ]


EXPOSED = """# TYPE open gauge
open{instance="",job="staging_validation",validation_run="run-1",plan="pro"} 2
open{instance="old",job="staging_validation",validation_run="run-1",plan="pro"} 3
open{instance="",job="staging_validation",validation_run="run-2",plan="pro"} 4
open{instance="",job="other",validation_run="run-1",plan="pro"} 5
# TYPE process_start_time_seconds gauge
process_start_time_seconds{instance="",job="other"} 1
process_start_time_seconds 1.7955445217e+09
"""


def test_what_a_group_shows_is_read_from_what_is_scraped(client, httpserver):
    httpserver.expect_request("/metrics").respond_with_data(EXPOSED)
    labels = {"job": "staging_validation", "validation_run": "run-1", "plan": "pro"}
    assert client.shown("run-1") == [Sample("open", labels, 2.0)]
    assert client.shown("never") == []
    assert client.started_at() == 1795544521.7


def test_a_gateway_that_does_not_say_when_it_started(client, httpserver):
    httpserver.expect_request("/metrics").respond_with_data("")
    assert client.started_at() is None


@pytest.mark.parametrize(("body", "status"), [("open{", 200), ("no", 500)])
def test_an_exposition_that_cannot_be_read_is_an_error(client, httpserver, body, status):
    httpserver.expect_request("/metrics").respond_with_data(body, status=status)
    with pytest.raises(ServiceAnswerError, match=r"GET .*/metrics answered"):
        client.shown("run-1")


def test_its_clock(client, httpserver):
    httpserver.expect_request("/-/ready").respond_with_data("")
    assert client.clock_offset() == pytest.approx(0, abs=2)


@pytest.mark.parametrize(
    "body", [{}, {"data": [{}]}, {"data": [{"labels": {"job": "staging_validation", "validation_run": "a"}}]}]
)
def test_an_unknown_shape_is_an_error(client, httpserver, body):
    httpserver.expect_request("/api/v1/metrics").respond_with_json(body)
    with pytest.raises(ServiceAnswerError, match="GET /api/v1/metrics answered in an unknown shape"):
        client.groups()


def test_it_is_never_asked_with_head(client, httpserver, registry):
    httpserver.expect_request("/api/v1/metrics").respond_with_json({"data": []})
    httpserver.expect_request(PATH).respond_with_handler(
        lambda request: Response(status=202 if request.method == "DELETE" else 200)
    )
    client.push("run-1", registry)
    client.delete("run-1")
    client.groups()
    assert "HEAD" not in [request.method for request, _ in httpserver.log]


def test_a_dead_pushgateway_is_named(registry):
    client = PushgatewayClient(HttpService("Pushgateway", f"http://127.0.0.1:{free_port()}", attempts=1))
    for ask in (lambda: client.push("a", registry), lambda: client.delete("a"), client.groups):
        with pytest.raises(ServiceUnreachableError, match=r"^Pushgateway: ") as caught:
            ask()
        assert caught.value.service == "Pushgateway"
