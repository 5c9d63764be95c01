"""The rate limits met on purpose: a strict platform passes, a lax one and one with other answers is told."""

from __future__ import annotations

import pytest

from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.http import HttpService
from staging_validation.clients.load_limits import LimitCheck, client_address
from staging_validation.errors import DeadlineError, GuardRefusedError, ServiceUnreachableError
from staging_validation.results import Outcome
from tests.clients.load_platform import Platform, running

PER_MINUTE = 40
"""The keyed calls of these tests: the contract's 500 would only take longer."""


def checked(platform, **options):
    with running(platform):
        http = HttpService("Billing API (strict)", platform.url)
        with http.session:
            check = LimitCheck(
                BillingApi(http),
                platform,
                run_id=options.pop("run_id", "load-r1"),
                api_per_minute=PER_MINUTE,
                **options,
            )
            return {result.id.removeprefix("load.limits."): result for result in check.run()}


def strict(*faults, **limits):
    return Platform(set(faults), **{"onboard_per_minute": 10, "api_per_minute": PER_MINUTE, **limits})


def failed(results):
    return {name for name, result in results.items() if result.outcome is Outcome.FAILED}


def test_a_strict_platform_passes():
    platform = strict()
    results = checked(platform)
    assert {result.outcome for result in results.values()} == {Outcome.PASSED}
    assert set(results) == {
        *(
            "onboarding_within",
            "onboarding_over",
            "onboarding_body",
            "onboarding_headers",
            "onboarding_other",
        ),
        *("keyed_within", "keyed_countdown", "keyed_reset", "keyed_over", "keyed_body", "keyed_headers"),
        "keyed_other",
    }
    assert len(platform.customers) == 11, "ten, and one from another address"
    assert all(row.email.startswith("load-load-r1-") for row in platform.customers)


def test_a_platform_without_limits_is_told():
    found = failed(checked(strict(onboard_per_minute=None, api_per_minute=None)))
    assert found == {"onboarding_over", "keyed_over", "keyed_countdown", "keyed_reset"}


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("onboarding tells headers", "onboarding_headers"),
        ("one limit for all addresses", "onboarding_other"),
        ("one limit for all keys", "keyed_other"),
        ("count stands still", "keyed_countdown"),
        ("no retry-after", "keyed_headers"),
    ],
)
def test_a_limiter_with_a_fault_is_told(fault, check):
    assert check in failed(checked(strict(fault)))


@pytest.mark.parametrize("limit", [9, 11])
def test_another_limit_than_the_contracts_is_told(limit):
    found = failed(checked(strict(onboard_per_minute=limit)))
    assert found & {"onboarding_within", "onboarding_over"}


def test_a_minute_that_somebody_else_has_used_up_is_waited_for_in_bounded_time():
    with pytest.raises(DeadlineError, match="onboarding limit"):
        checked(strict(onboard_per_minute=0), wait_seconds=0.1)


def test_production_is_refused_before_anything_is_sent():
    platform = strict(environment="production")
    with pytest.raises(GuardRefusedError, match="production"):
        checked(platform)
    assert platform.customers == []


def test_an_instance_on_another_database_is_refused_after_one_customer():
    platform = strict("another database")
    with pytest.raises(GuardRefusedError, match="another database"):
        checked(platform)
    assert len(platform.requests) == 2, "its health, and one sign-up"


def test_an_instance_that_is_down_is_errored(free_port):
    http = HttpService("Billing API (strict)", f"http://127.0.0.1:{free_port}")
    with pytest.raises(ServiceUnreachableError, match=r"Billing API \(strict\)"):
        LimitCheck(BillingApi(http), Platform(), run_id="load-r1").run()


def test_every_run_has_client_addresses_of_its_own_on_loopback():
    url = "http://127.0.0.1:80"
    one, two = client_address(url, "run 1"), client_address(url, "run 2")
    assert one == client_address(url, "run 1")
    if one is not None:  # a system that knows 127.0.0.1 only gives none
        assert one != two
        assert one.startswith("127.")
    assert client_address("http://192.0.2.7", "run 1") is None
    assert client_address("https://api.staging.example.com", "run 1") is None


def test_elsewhere_the_other_address_is_skipped_with_the_reason(monkeypatch):
    monkeypatch.setattr("staging_validation.clients.load_limits.client_address", lambda *_: None)
    other = checked(strict())["onboarding_other"]
    assert other.outcome is Outcome.SKIPPED
    assert "one address" in other.evidence["reason"]


def test_calls_that_take_longer_than_the_minute_say_nothing_of_the_limit(monkeypatch):
    monkeypatch.setattr("staging_validation.clients.load_limits._LONGEST_SECONDS", 0.0)
    with pytest.raises(ServiceUnreachableError, match="nothing can be said of the limit"):
        checked(strict())
