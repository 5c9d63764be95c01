"""Never on Stripe itself: whatever the connection says, and whatever the platform does behind it."""

from __future__ import annotations

import pytest

from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.http import HttpService
from staging_validation.clients.load_target import addresses, check_target, refuse_stripe_itself
from staging_validation.errors import CheckFailedError, GuardRefusedError
from staging_validation.results import Outcome
from tests.clients.load_platform import Platform, Stripe, running


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "api.stripe.com",
        "https://api.stripe.com",
        "https://API.Stripe.com:443/",
        "stripe.com",
        "files.stripe.com",
    ],
)
def test_stripe_itself_is_refused(host):
    with pytest.raises(GuardRefusedError, match="no load is ever put on Stripe") as refused:
        refuse_stripe_itself(ConnectionSettings(conn_id="stripe_default", host=host))
    assert "stripe_default" in str(refused.value.remedy)


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:12111", "stripe-mock.staging.example.com", "notstripe.com"]
)
def test_a_stand_in_is_not(host):
    refuse_stripe_itself(ConnectionSettings(conn_id="stripe_default", host=host))


def checked(platform, stripe):
    with running(platform):
        http = HttpService("billing API", platform.url)
        with http.session:
            return check_target(BillingApi(http), platform, stripe, run_id="load-r1", attempt=1)


def test_a_platform_that_talks_to_the_stand_in_passes():
    platform = Platform()
    result = checked(platform, Stripe())
    assert result.outcome is Outcome.PASSED
    assert result.evidence["stripe_customer"] == "cus_1"
    assert len(platform.customers) == 1


def test_a_platform_that_talks_to_another_stripe_is_refused_after_one_customer():
    platform = Platform()
    with pytest.raises(GuardRefusedError, match=r"cus_1.*another Stripe"):
        checked(platform, Stripe(knows=False))
    assert len(platform.customers) == 1


def test_a_platform_with_another_database_is_told():
    with pytest.raises(CheckFailedError, match="the staging database holds no such customer"):
        checked(Platform({"another database"}), Stripe())


def test_a_platform_that_takes_no_sign_up_is_told():
    with pytest.raises(CheckFailedError, match="answered 429"):
        checked(Platform(onboard_per_minute=0), Stripe())


def test_addresses_carry_the_run_and_no_two_tries_share_one():
    first, second = addresses("load-3fa9", 1, [0, 7]), addresses("load-3fa9", 2, [0, 7])
    assert first == ["load-load-3fa9-100000@test.example.com", "load-load-3fa9-100007@test.example.com"]
    assert not set(first) & set(second)
