"""Thresholds become results, and a slow generator is never called a slow platform."""

from __future__ import annotations

import pytest

from staging_validation.load.judgement import judge_phase
from staging_validation.load.profile import CONTRACT, Thresholds
from staging_validation.load.samples import Sample
from staging_validation.results import Outcome

WEBHOOKS = CONTRACT.webhooks[0].thresholds
SIGN_UPS = CONTRACT.sign_ups.thresholds


def samples(count=1000, *, latency=0.012, lag=0.0, slow=0, failed=0, incomplete=0):
    """Requests of which the first few are slow, failed or incomplete."""
    made = []
    for number in range(count):
        due = number / 50
        took = 3.0 if number < slow else latency
        made.append(
            Sample(
                f"evt_{number}",
                due,
                due + lag,
                due + lag + took,
                good=number >= failed,
                complete=number >= failed + incomplete,
                fault="500 Internal Server Error"
                if number < failed
                else "201 without an API key"
                if number < failed + incomplete
                else None,
            )
        )
    return made


def judged(measured, thresholds=WEBHOOKS, profile=CONTRACT):
    results = judge_phase("webhooks_steady", measured, thresholds, profile)
    return {result.id.rpartition(".")[2]: result for result in results}


def outcomes(found):
    return {name: result.outcome.value for name, result in found.items()}


def test_all_is_well():
    found = judged(samples())
    assert outcomes(found) == {"schedule": "passed", "latency": "passed", "failed": "passed"}
    assert found["latency"].actual == "p99 is 12.0 ms of 1000 requests"
    assert found["latency"].evidence["milliseconds"]["max"] == 12.0
    assert found["latency"].evidence["histogram"][2]["requests"] == 1000
    assert "scale" not in found["latency"].evidence


def test_a_slow_platform_fails():
    found = judged(samples(slow=11))
    assert outcomes(found) == {"schedule": "passed", "latency": "failed", "failed": "passed"}
    assert found["latency"].actual == "p99 is 3000.0 ms of 1000 requests"
    assert found["latency"].remedy


def test_one_slow_request_of_a_hundred_is_within_the_99th_percentile():
    assert judged(samples(slow=10))["latency"].outcome is Outcome.PASSED


def test_the_threshold_itself_is_too_much():
    assert judged(samples(latency=0.2))["latency"].outcome is Outcome.FAILED
    assert judged(samples(latency=0.1999))["latency"].outcome is Outcome.PASSED


def test_a_late_generator_is_errored_and_named_and_not_the_platform():
    found = judged(samples(lag=0.3))
    assert outcomes(found) == {"schedule": "errored", "latency": "errored", "failed": "passed"}
    assert "the load generator did not keep its schedule" in found["schedule"].actual
    assert "the load generator was late itself" in found["latency"].actual
    assert "nothing about the platform" in found["latency"].remedy


def test_a_generator_that_sends_too_little_has_not_put_the_load_on():
    late_at_the_end = [
        Sample("evt", due, due * 1.1, due * 1.1 + 0.01, good=True)
        for due in (number / 50 for number in range(1000))
    ]
    assert outcomes(judged(late_at_the_end))["schedule"] == "errored"
    assert "90.9% of the planned rate" in judged(late_at_the_end)["schedule"].actual


def test_a_platform_that_passes_in_spite_of_a_late_generator_has_passed():
    found = judged(samples(lag=0.15))
    assert outcomes(found)["latency"] == "passed", (
        "the lag counts against it, and it is fast enough all the same"
    )
    assert outcomes(found)["schedule"] == "errored"


@pytest.mark.parametrize(("failed", "outcome"), [(0, "passed"), (1, "failed"), (10, "failed")])
def test_one_per_mille_is_too_many_failures(failed, outcome):
    found = judged(samples(failed=failed))
    assert found["failed"].outcome.value == outcome
    if failed:
        assert found["failed"].actual == (
            f"{failed} of 1000 ({failed / 10:.2f}%); {failed} x 500 Internal Server Error"
        )
        assert found["failed"].evidence["failed"][0] == "evt_0: 500 Internal Server Error"


def test_sign_ups_must_also_be_whole():
    found = judged(samples(incomplete=60), SIGN_UPS)
    assert outcomes(found) == {
        "schedule": "passed",
        "latency": "passed",
        "failed": "passed",
        "succeeded": "failed",
    }
    assert found["succeeded"].actual == "940 of 1000 (94.00%); 60 x 201 without an API key"
    assert judged(samples(incomplete=49), SIGN_UPS)["succeeded"].outcome is Outcome.PASSED
    assert judged(samples(incomplete=50), SIGN_UPS)["succeeded"].outcome is Outcome.FAILED, (
        "exactly 95 % is not over it"
    )


def test_nothing_measured_is_nothing_passed():
    found = judged([], Thresholds(99, 200, 0.001, 0.95))
    assert outcomes(found)["failed"] == outcomes(found)["succeeded"] == "failed"


def test_a_smaller_load_says_so():
    evidence = judged(samples(), profile=CONTRACT.scaled(0.1).slower(3))["latency"].evidence
    assert (evidence["scale"], evidence["latency_factor"]) == (0.1, 3)
