"""Which target is the Pushgateway, and whether it is scraped often enough."""

from __future__ import annotations

import pytest

from staging_validation.results import Outcome, Severity
from staging_validation.telemetry import Sample
from staging_validation.telemetry.promise import GatewayTarget, ScrapeTarget, check_promise, find_gateway


def target(pool, url, interval=1.0, **labels):
    return ScrapeTarget(pool, url, "up", interval, **labels)


APP = target("app", "http://app:80/metrics", job="app", instance="app:80")
POD = target("pods", "http://10.0.0.7:9091/metrics", 15.0, job="pods", instance="10.0.0.7:9091")


def find(*targets, address="http://gateway:9091", origins=(), job="pushgateway"):
    return find_gateway(targets, address=address, origins=lambda: origins, job=job)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("http://gateway:9091", "http://gateway:9091/metrics"),
        ("https://gateway", "https://gateway:443/metrics"),
        ("http://gateway/push", "http://GATEWAY:80/push/metrics"),
        ("http://localhost:9091", "http://127.0.0.1:9091/metrics"),
        ("http://user@gateway:9091", "http://gateway:9091/metrics?collect[]=a"),
    ],
)
def test_the_gateway_is_known_by_its_address(address, url):
    found = find(APP, target("any", url), address=address)
    assert found == GatewayTarget(target("any", url), "its address")


@pytest.mark.parametrize(
    "url", ["http://gateway:9092/metrics", "http://gatewayx:9091/metrics", "https://gateway/metrics"]
)
def test_another_address_is_not_the_gateway(url):
    assert find(target("any", url)) is None


def test_another_path_of_a_shared_host_is_not_the_gateway():
    assert find(target("any", "http://tools/other/metrics"), address="http://tools/push") is None


def test_the_gateway_is_known_by_the_start_of_its_process():
    origin = Sample("process_start_time_seconds", {"job": "pods", "instance": "10.0.0.7:9091"}, 1.0)
    found = find(APP, POD, target("pushgateway", "http://other/metrics"), origins=[origin])
    assert found == GatewayTarget(POD, "the start time of its process")


def test_the_gateway_is_known_by_the_name_of_its_job():
    named = target("push", "http://10.0.0.8:9091/metrics")
    assert find(APP, named, job="push") == GatewayTarget(named, "the name of its job, push")


def test_the_origins_are_asked_only_when_no_address_fits():
    def never():
        raise AssertionError("asked")

    assert find_gateway([APP], address="http://app", origins=never, job="x") is not None


def test_the_slowest_of_several_scrapes_counts():
    slow, fast = (
        target("a", "http://gateway:9091/metrics", 60.0),
        target("b", "http://gateway:9091/metrics", 1.0),
    )
    assert find(fast, slow).target is slow


@pytest.mark.parametrize(("interval", "kept"), [(15.0, True), (15.1, False)])
def test_two_scrapes_must_fit(interval, kept):
    gateway = GatewayTarget(target("pushgateway", "http://gateway:9091/metrics", interval), "its address")
    result = check_promise(gateway, visible_within_seconds=30)
    assert result.outcome is (Outcome.PASSED if kept else Outcome.FAILED)
    assert result.actual == f"scraped every {interval:g} s"
    assert "known by its address" in str(result.evidence["because"])
    if not kept:
        assert result.remedy == (
            "set scrape_interval of the job pushgateway to at most 15s, or visible_within_seconds of the DAG "
            "to at least 30.2"
        )


def test_an_interval_that_nobody_tells_is_a_warning_with_the_reason():
    result = check_promise(None, visible_within_seconds=30, unread="Prometheus does not tell its targets")
    assert (result.outcome, result.severity, result.counts_as) == (
        Outcome.FAILED,
        Severity.WARNING,
        Outcome.PASSED,
    )
    assert result.actual == "cannot be told: Prometheus does not tell its targets"
    assert "names no target" in str(check_promise(None, visible_within_seconds=30).actual)
