"""An open loop: requests go out at their moments, whatever the answers do, and latency counts from there."""

from __future__ import annotations

import signal
import time

import pytest

from staging_validation.clients.http import HttpService
from staging_validation.clients.load_sender import LoadSender
from staging_validation.clients.load_shots import Judged, Request, Shot, expect_status, refusal
from staging_validation.errors import ConfigurationError, ServiceUnreachableError
from tests.clients.load_platform import Platform, running

PATH = "/api/health"


@pytest.fixture
def platform():
    with running(Platform()) as platform:
        yield platform


@pytest.fixture
def service(platform):
    http = HttpService("billing API", platform.url)
    with http.session:
        yield http


def shots(count, *, spacing=0.01, path=PATH, method="GET", body=b""):
    return [
        Shot(number * spacing, f"shot {number}", lambda: Request(method, path, body))
        for number in range(count)
    ]


def slow_shots(count, spacing=0.01):
    return shots(count, spacing=spacing, path="/api/webhooks/stripe", method="POST", body=b'{"id": "x"}')


def anything(_key, _reply):
    return Judged(good=True)


def test_it_sends_everything_at_its_moment(service, platform):
    samples = LoadSender(service).send(shots(50), expect_status(200))
    assert [sample.key for sample in samples] == [f"shot {number}" for number in range(50)]
    assert all(sample.good and sample.fault is None for sample in samples)
    assert all(sample.woke >= sample.due and sample.done >= sample.woke for sample in samples)
    assert len(platform.requests) == 50


def test_slow_answers_do_not_slow_the_sending(service, platform):
    platform.answer_seconds = 0.5
    samples = LoadSender(service).send(slow_shots(40), anything)
    assert samples[-1].woke < 1.5, "a loop that waits for answers would need twenty seconds"
    assert min(sample.latency_ms for sample in samples) >= 499


def test_a_request_that_finds_no_place_waits_and_its_latency_counts_on(service, platform):
    platform.answer_seconds = 0.1
    samples = LoadSender(service, max_in_flight=1).send(slow_shots(5, spacing=0.0), anything)
    latencies = sorted(sample.latency_ms for sample in samples)
    assert latencies[-1] >= 499, "the fifth of five, one after the other"
    assert max(sample.lag_ms for sample in samples) < 90, "the generator itself was in time"


def test_no_answer_in_time_is_a_failure_and_the_end_is_bounded(service, platform):
    platform.answer_seconds = 30
    began = time.monotonic()
    samples = LoadSender(service, timeout_seconds=0.3).send(slow_shots(5), anything)
    assert time.monotonic() - began < 5
    assert {(sample.good, sample.fault) for sample in samples} == {(False, "no answer within 0.3 s")}


def test_no_connection_is_a_failure(free_port):
    http = HttpService("billing API", f"http://127.0.0.1:{free_port}")
    samples = LoadSender(http).send(shots(3), anything)
    assert {(sample.good, sample.fault) for sample in samples} == {
        (False, "no answer (ClientConnectorError)")
    }


def test_another_status_is_a_failure_with_its_reason(service):
    (sample,) = LoadSender(service).send(shots(1, path="/nowhere"), expect_status(200))
    assert not sample.good
    assert sample.fault == "404 404: Not Found"


def test_a_generator_that_does_something_else_shows_as_late(service):
    def busy(_key, _reply):
        end = time.perf_counter() + 0.05
        while time.perf_counter() < end:
            pass
        return Judged(good=True)

    samples = LoadSender(service).send(shots(20), busy)
    assert max(sample.lag_ms for sample in samples) > 100


def test_a_request_is_made_when_it_is_sent(service):
    made = []
    later = Shot(0.2, "later", lambda: made.append(time.monotonic()) or Request("GET", PATH))
    began = time.monotonic()
    LoadSender(service).send([later], anything)
    assert made[0] - began >= 0.2, "a signature holds the time of sending"


def test_the_sessions_headers_and_login_are_sent(service, platform):
    service.session.headers["x-gateway"] = "staging"
    service.session.auth = ("ada", "secret")
    LoadSender(service).send(shots(1), anything)
    headers = platform.requests[0].headers
    assert headers["x-gateway"] == "staging"
    assert headers["Authorization"].startswith("Basic ")
    assert "requests" not in headers["User-Agent"]


def test_progress_is_told(service, platform):
    platform.answer_seconds = 0.2
    told = []
    LoadSender(service).send(
        slow_shots(30, spacing=0.02), anything, on_progress=told.append, progress_seconds=0.1
    )
    assert len(told) >= 3
    assert [progress.sent for progress in told] == sorted(progress.sent for progress in told)
    assert told[0].planned == 30
    assert any(progress.in_flight for progress in told)


def test_an_interruption_ends_it_at_once(service, platform):
    platform.answer_seconds = 30
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        LoadSender(service).send(
            slow_shots(2000),
            anything,
            on_progress=lambda _: signal.raise_signal(signal.SIGINT),
            progress_seconds=0.2,
        )
    assert time.monotonic() - began < 10
    assert len(platform.requests) < 1000


def test_asking_keeps_the_order_and_is_errored_without_an_answer(service, free_port):
    replies = LoadSender(service).ask([Request("GET", path) for path in (PATH, "/nowhere", PATH)], at_once=3)
    assert [reply.status for reply in replies] == [200, 404, 200]
    assert refusal(replies[1]).startswith("404 ")
    dead = HttpService("Billing API (strict)", f"http://127.0.0.1:{free_port}")
    with pytest.raises(ServiceUnreachableError, match=r"Billing API \(strict\): .* gave no answer"):
        LoadSender(dead).ask([Request("GET", PATH)])


def test_a_certificate_that_cannot_be_read_is_said_so(service):
    service.session.verify = "/nowhere/ca.pem"
    with pytest.raises(ConfigurationError, match="certificates"):
        LoadSender(service).send(shots(1), anything)
