"""Test clocks of a session: whether the platform takes them is tried out, and none is left in Stripe."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import CheckFailedError, ServiceAnswerError
from staging_validation.results import Outcome
from staging_validation.workflows import (
    TEST_CLOCK,
    CleanUp,
    Scenario,
    Workflow,
    needing,
    run_workflow,
    step,
)
from tests.clients.session_platform import Platform, serve, sessions


@pytest.fixture
def platform(httpserver, connection) -> Platform:
    made = Platform(connection)
    serve(made, httpserver)
    return made


@pytest.fixture
def open_(httpserver, platform, dsn) -> Iterator[Any]:
    with sessions(httpserver.url_for("/").rstrip("/"), dsn) as make:
        yield make


class OnClock(Scenario):
    """It needs time to pass."""

    @step
    def first(self) -> None:
        """It signs up on a clock."""
        customer = self.staging.sign_up(on_clock=True)
        self.expect.customer(customer, email=customer.email)


class PartlyOnClock(Scenario):
    """One of its steps needs time to pass."""

    @step
    def first(self) -> None:
        """It signs up."""
        customer = self.staging.sign_up()
        self.expect.customer(customer, email=customer.email)

    @needing(TEST_CLOCK)
    @step
    def second(self) -> None:
        """It would need a clock."""
        raise AssertionError


NEEDING = Workflow("w91_clock", "It needs a clock", OnClock, needs=(TEST_CLOCK,))


def test_each_customer_gets_a_clock_that_is_named_by_run_and_workflow(open_, platform):
    session = open_("run-1", "w07_renewal")
    first, second = session.sign_up(on_clock=True), session.sign_up(on_clock=True)
    assert (first.clock_id, second.clock_id) == ("clock_1", "clock_2")
    assert platform.onboarded == {"cus_w07-run-1-1": "clock_1", "cus_w07-run-1-2": "clock_2"}
    assert {clock["name"] for clock in platform.clocks.values()} == {"staging-validation run-1 w07_renewal"}
    assert session.sign_up().clock_id is None


def test_the_customer_that_a_clock_was_tried_out_with_is_the_first_one_on_a_clock(open_, platform):
    session = open_()
    assert session.lacks(TEST_CLOCK) is None
    assert session.lacks(TEST_CLOCK) is None
    assert session.sign_up().clock_id is None
    assert session.sign_up(on_clock=True).email == "w01-run-1-1@test.example.com"
    assert session.sign_up(on_clock=True).email == "w01-run-1-3@test.example.com"
    assert len(platform.clocks) == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"takes_clocks": False},
            "for its customers: Stripe customer cus_w91-run-1-1 lives on no test clock, not on clock_1",
        ),
        ({"onboard_statuses": [422]}, "this platform refuses stripe_test_clock at onboarding"),
        (
            {"clock_status": 403},
            "stripe_default may make no test clocks, so no time can pass (Stripe: answered 403: No permission.)",
        ),
    ],
)
def test_where_no_time_can_pass_a_workflow_is_skipped_with_the_reason_and_nothing_is_left(
    open_, platform, change, reason
):
    vars(platform).update(change)
    (result,) = run_workflow(NEEDING, open_("run-1", "w91_clock"))
    assert result.outcome is Outcome.SKIPPED
    assert reason in str(result.evidence["reason"])
    assert set(platform.deleted) == set(platform.onboarded)
    platform.clock_status = 200
    assert not platform.clocks


def test_a_step_that_needs_a_clock_is_skipped_and_the_others_run(open_, platform):
    platform.takes_clocks = False
    results = run_workflow(Workflow("w91_partly", "Partly", PartlyOnClock), open_("run-1", "w91_partly"))
    assert [result.outcome.value for result in results] == ["passed", "skipped", "passed"]
    assert results[2].evidence == {
        "deleted_stripe_customers": ["cus_w91-run-1-1", "cus_w91-run-1-2"],
        "deleted_test_clocks": ["clock_1"],
    }


def test_onboarding_that_fails_with_a_clock_is_a_finding_not_a_reason_to_skip(open_, platform):
    platform.onboard_statuses = [400]
    error, skipped = run_workflow(NEEDING, open_("run-1", "w91_clock"))[:2]
    assert (error.id, error.outcome) == ("workflow.w91_clock.needs.error", Outcome.FAILED)
    assert "answered 400" in str(error.actual)
    assert skipped.outcome is Outcome.SKIPPED
    assert not platform.clocks


def test_a_customer_whom_stripe_does_not_know_is_a_finding(open_, platform):
    platform.with_stripe = False
    with pytest.raises(CheckFailedError, match=r"w01-run-1-1@test\.example\.com: the platform stored None"):
        open_().lacks(TEST_CLOCK)


def test_stripe_that_fails_is_an_error_not_a_reason_to_skip(open_, platform):
    platform.clock_status = 500
    with pytest.raises(ServiceAnswerError, match="answered 500"):
        open_().lacks(TEST_CLOCK)


def test_clocks_are_deleted_by_id_once_and_unless_they_are_kept(open_, platform):
    session = open_()
    customer = session.sign_up(on_clock=True)
    assert session.clean_up() == CleanUp((str(customer.stripe_id),), (), ("clock_1",))
    assert session.clean_up() == CleanUp()
    assert platform.deleted_clocks == ["clock_1"]


def test_kept_clocks_stay_and_their_customers_do_not(open_, platform):
    session = open_(keep_clocks=True)
    customer = session.sign_up(on_clock=True)
    assert session.clean_up() == CleanUp((str(customer.stripe_id),), (), (), ("clock_1",))
    assert not platform.deleted_clocks


def test_a_crash_removes_the_clocks_too(open_, platform):
    session = open_()

    def crash():
        with session:
            session.sign_up(on_clock=True)
            raise KeyError

    with pytest.raises(KeyError):
        crash()
    assert platform.deleted_clocks == ["clock_1"]


def test_a_clock_that_is_being_advanced_is_given_time_to_come_to_rest(open_, platform):
    session = open_()
    session.sign_up(on_clock=True)
    platform.clocks["clock_1"].update(status="advancing")
    platform.looks_until_ready = 3
    assert session.clean_up().clocks == ("clock_1",)


def test_a_clock_that_never_comes_to_rest_is_named(open_, platform, caplog):
    session = open_()
    session.sign_up(on_clock=True)
    platform.clocks["clock_1"].update(status="advancing")
    platform.looks_until_ready = 10**6
    with caplog.at_level(logging.WARNING), session:
        pass
    assert (
        "Stripe test clock clock_1 is left: Waited 0.3 s for Stripe's test clock clock_1 to let itself be "
        "deleted, in vain." in caplog.text
    )


@pytest.mark.parametrize(
    ("address", "shown"),
    [(None, True), ("", True), ("https://api.stripe.com", True), ("http://127.0.0.1:12111", False)],
)
def test_only_stripe_itself_has_a_dashboard(address, shown):
    assert StripeApi("sk_test_abc", address, "price_pro", "whsec_x").has_dashboard is shown
