"""The rate limits as the contract describes them, and what is said of a platform that has others or none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from staging_validation.load.limits import LimitedAnswer, check_keyed, check_onboarding, check_unaffected
from staging_validation.results import Outcome

NOW = 1_790_000_000.0
BODY = {"error": {"message": "Too many requests.", "code": "RATE_LIMITED"}}


def failed(results):
    return {
        result.id.removeprefix("load.limits."): result
        for result in results
        if result.outcome is not Outcome.PASSED
    }


def onboarding(**over):
    refusal = replace(LimitedAnswer(429, {}, BODY, NOW), **over)
    return [LimitedAnswer(201, {}, {}, NOW)] * 10 + [refusal]


def told(remaining, **headers):
    return {
        "x-ratelimit-limit": "500",
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(int(NOW) + 60),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }


def keyed(headers=None, **over):
    within = [LimitedAnswer(200, told(499 - number), {}, NOW) for number in range(500)]
    refusal = LimitedAnswer(429, headers or told(0, retry_after="58"), BODY, NOW)
    return [*within, replace(refusal, **over)]


def test_the_contracts_limits_pass():
    assert failed(check_onboarding(onboarding())) == {}
    assert failed(check_keyed(keyed())) == {}


def test_the_answers_may_come_in_another_order():
    first, *others, over = keyed()
    assert failed(check_keyed([first, *reversed(others), over])) == {}


def test_a_limit_that_is_missing_is_said_so():
    assert set(failed(check_onboarding(onboarding(status=201)))) == {"onboarding_over"}
    assert set(failed(check_keyed(keyed(status=200)))) == {"keyed_over"}


def test_a_limit_that_is_too_low_is_said_so():
    answers = onboarding()
    answers[9] = answers[10]
    assert failed(check_onboarding(answers))["onboarding_within"].actual[-1] == 429


def test_onboarding_tells_no_headers():
    found = failed(check_onboarding(onboarding(headers={"retry-after": "60"})))
    assert found["onboarding_headers"].actual == {"retry-after": "60"}


@pytest.mark.parametrize(
    "body", ["Too many", {"errors": {"detail": "Too many"}}, {"error": {"code": "RATE_LIMITED"}}]
)
def test_another_body_is_said_so(body):
    assert set(failed(check_onboarding(onboarding(body=body)))) == {"onboarding_body"}
    assert set(failed(check_keyed(keyed(body=body)))) == {"keyed_body"}


@pytest.mark.parametrize(
    "headers",
    [
        told(0),
        told(0, retry_after="0"),
        told(0, retry_after="3600"),
        told(0, retry_after="soon"),
        told(1, retry_after="58"),
        {"retry-after": "58"},
    ],
)
def test_wrong_headers_of_the_refusal_are_said_so(headers):
    assert set(failed(check_keyed(keyed(headers=headers)))) == {"keyed_headers"}


def test_a_count_that_stands_still_is_said_so():
    answers = keyed()
    answers[250] = answers[249]
    found = failed(check_keyed(answers))["keyed_countdown"]
    assert "1 answers without a number of their own" in found.actual
    assert found.evidence["missing"] == [249]


def test_answers_without_headers_are_said_so():
    answers = [replace(answer, headers={}) for answer in keyed()[:-1]] + keyed()[-1:]
    found = failed(check_keyed(answers))
    assert set(found) == {"keyed_countdown", "keyed_reset"}
    assert "no header" in found["keyed_countdown"].actual


def test_another_limit_is_said_so():
    answers = [replace(answer, headers={**answer.headers, "x-ratelimit-limit": "600"}) for answer in keyed()]
    assert "600" in failed(check_keyed(answers))["keyed_countdown"].actual


@pytest.mark.parametrize("reset", ["60", str(int(NOW) + 3600), "soon", str(int(NOW) - 60)])
def test_a_reset_that_is_no_moment_within_the_minute_is_said_so(reset):
    first, *others = keyed()
    first = replace(first, headers={**first.headers, "x-ratelimit-reset": reset})
    assert set(failed(check_keyed([first, *others]))) == {"keyed_reset"}


def test_calls_that_are_refused_before_the_limit_are_said_so():
    first, second, *others = keyed()
    found = failed(check_keyed([first, replace(second, status=503), *others]))
    assert found["keyed_within"].actual == [503]


def test_somebody_else_who_is_held_to_it_too_is_said_so():
    assert failed([check_unaffected("keyed_other", "another", LimitedAnswer(200), status=200)]) == {}
    assert failed([check_unaffected("keyed_other", "another", LimitedAnswer(429), status=200)])
