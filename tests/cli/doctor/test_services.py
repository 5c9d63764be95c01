"""The doctor on Prometheus, the Pushgateway, Grafana, and the billing API."""

from __future__ import annotations

import pytest

from tests.cli.doctor.shared import (
    HEALTH,
    NOT_FOUND,
    outcome,
)


@pytest.mark.parametrize(
    ("version", "expected"),
    [("2.28.1", "failed"), ("2.29.0", "passed"), ("3.1.0-rc.0", "passed"), ("", "skipped")],
)
def test_the_version_of_prometheus(staging, doctor, version, expected):
    build = {"status": "success", "data": {"version": version, "goVersion": "go1.20"}}
    staging.servers["prometheus_default"].answers["/api/v1/status/buildinfo"] = (200, build)
    _, found = doctor("prometheus_default")
    assert outcome(found, "prometheus_default.version") == expected


def test_what_speaks_as_prometheus_need_not_tell_its_build(staging, doctor):
    del staging.servers["prometheus_default"].answers["/api/v1/status/buildinfo"]
    status, found = doctor("prometheus_default")
    assert (status, outcome(found, "prometheus_default.version")) == (0, "skipped")
    assert outcome(found, "prometheus_default.query") == "passed"


def test_a_prometheus_that_answers_no_query(staging, doctor):
    staging.servers["prometheus_default"].answers["/api/v1/query"] = (500, {"error": "broken"})
    status, found = doctor("prometheus_default")
    assert (status, outcome(found, "prometheus_default.query")) == (2, "errored")


@pytest.mark.parametrize(
    ("change", "expected", "told"),
    [
        (
            {"scrapeUrl": "http://elsewhere:1/metrics", "scrapePool": "other"},
            "failed",
            "none of its 1 targets",
        ),
        ({"health": "down", "lastError": "connection refused"}, "failed", "connection refused"),
        (None, "skipped", "does not tell its targets"),
    ],
)
def test_whether_prometheus_scrapes_the_pushgateway(staging, doctor, change, expected, told):
    server = staging.servers["prometheus_default"]
    if change is None:
        server.answers["/api/v1/targets"] = NOT_FOUND
    else:
        server.answers["/api/v1/targets"][1]["data"]["activeTargets"][0].update(change)
        nothing = {"status": "success", "data": {"resultType": "vector", "result": []}}
        server.answers["/api/v1/query"] = (200, nothing)
    _, found = doctor("prometheus_default")
    result = found["prometheus_default.scrape"]
    assert result["outcome"] == expected
    assert told in (result["actual"] or result["evidence"]["reason"])


def test_a_pushgateway_whose_groups_cannot_be_read(staging, doctor):
    staging.servers["pushgateway_default"].answers["/api/v1/metrics"] = (200, {"data": [{}]})
    _, found = doctor("pushgateway_default")
    assert outcome(found, "pushgateway_default.groups") == "errored"


@pytest.mark.parametrize(
    ("answer", "check", "expected"),
    [
        ((401, {"message": "Unauthorized"}), "authorised", "failed"),
        ((404, {"message": "Dashboard not found"}), "dashboard", "warning"),
        ((500, {"message": "no"}), "dashboard", "errored"),
    ],
)
def test_grafana_shows_whether_the_dashboard_is_there(staging, doctor, answer, check, expected):
    staging.servers["grafana_default"].answers["/api/dashboards/uid/billing-metrics"] = answer
    _, found = doctor("grafana_default")
    assert outcome(found, f"grafana_default.{check}") == expected


def test_a_platform_like_the_public_one_is_reported_as_what_it_is(staging, doctor):
    server = staging.servers["staging_api"]
    server.answers["/api/health"] = (
        200,
        {key: value for key, value in HEALTH.items() if key != "environment"},
    )
    server.answers["/metrics"] = (200, "beam_memory_bytes 1\n")
    paths = dict.fromkeys(("payment_method", "subscribe", "cancel", "fix", "summary"))
    staging.connect("staging_api", host="127.0.0.1", port=server.port, extra={"paths": paths})
    status, found = doctor()
    assert status == 0
    for check in ("environment", "metrics", *paths):
        assert outcome(found, f"staging_api.{check}") == "skipped"
    assert found["staging_api.operations"]["actual"] == "has onboard, fix_attempt, webhook"


def test_no_health_and_no_metrics_may_be_said(staging, doctor):
    extra = {"paths": {"health": None, "metrics": None}}
    staging.connect("staging_api", host="127.0.0.1", port=staging.ports["staging_api"], extra=extra)
    _, found = doctor("staging_api")
    assert [outcome(found, f"staging_api.{check}") for check in ("health", "metrics")] == [
        "skipped",
        "skipped",
    ]


def test_an_unhealthy_platform(staging, doctor):
    staging.servers["staging_api"].answers["/api/health"] = (
        503,
        {**HEALTH, "status": "degraded", "services": {"database": "unavailable"}},
    )
    staging.servers["staging_api_strict"].answers["/api/health"] = (503, {**HEALTH, "status": "degraded"})
    _, found = doctor("staging_api", "staging_api_strict")
    assert outcome(found, "staging_api.health") == "failed"
    assert "database unavailable" in found["staging_api.health"]["actual"]
    assert outcome(found, "staging_api_strict.health") == "failed"


def test_a_route_that_is_not_there_and_one_behind_a_gateway(staging, doctor):
    server = staging.servers["staging_api"]
    del server.answers["/internal/customers/0/subscribe"]
    server.answers["/internal/customers/0/cancel"] = (401, {"error": "gateway"})
    server.answers["/metrics"] = NOT_FOUND
    status, found = doctor("staging_api")
    assert status == 1
    assert outcome(found, "staging_api.subscribe") == "warning"
    assert '{"paths": {"subscribe"' in found["staging_api.subscribe"]["remedy"]
    assert outcome(found, "staging_api.cancel") == "failed"
    assert outcome(found, "staging_api.metrics") == "warning"
