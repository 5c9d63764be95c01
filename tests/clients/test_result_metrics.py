"""Results as metrics on the Pushgateway: a group of their own, which no sweep of telemetry touches."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from pytest_httpserver import HTTPServer

from staging_validation.clients.emission import sweep_groups
from staging_validation.clients.http import HttpService
from staging_validation.clients.pushgateway import PushgatewayClient
from staging_validation.clients.result_metrics import push_results
from staging_validation.errors import ServiceAnswerError
from staging_validation.notifications.metrics import results_registry
from staging_validation.results import CheckResult, Kind, Outcome, RunResults

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=timezone.utc)


@pytest.fixture
def registry():
    result = CheckResult(id="reset.x", kind=Kind.RESET, subject="x", outcome=Outcome.PASSED)
    return results_registry(RunResults.gather("r", [result], started_at=NOW, finished_at=NOW))


@pytest.fixture
def http(httpserver: HTTPServer):
    return HttpService("Pushgateway", httpserver.url_for("").rstrip("/"))


def test_it_replaces_the_dags_own_group(http, httpserver, registry):
    path = "/metrics/job/staging_validation/dag/staging_nightly"
    httpserver.expect_oneshot_request(path, method="PUT").respond_with_data(status=200)
    push_results(http, "staging_nightly", registry)
    ((request, _),) = httpserver.log
    body = request.get_data(as_text=True)
    assert 'staging_validation_run_outcome{outcome="passed"} 1.0' in body
    assert "staging_validation_run_finished_timestamp_seconds 1.79" in body


def test_a_refusal_is_told_with_its_reason(http, httpserver, registry):
    httpserver.expect_request("/metrics/job/staging_validation/dag/a/b").respond_with_data("no", status=400)
    with pytest.raises(ServiceAnswerError, match="400"):
        push_results(http, "a/b", registry)


def test_the_sweep_of_telemetry_leaves_it_alone(http, httpserver):
    pushed = {"push_time_seconds": {"metrics": [{"value": "1000000000"}]}}
    httpserver.expect_request("/api/v1/metrics").respond_with_json(
        {"data": [{"labels": {"job": "staging_validation", "dag": "staging_nightly"}, **pushed}]}
    )
    assert sweep_groups(PushgatewayClient(http), older_than=NOW + timedelta(days=1), keep="r") == []
    assert [request.method for request, _ in httpserver.log] == ["GET"]
