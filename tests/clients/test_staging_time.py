"""Stripe's time in steps that Stripe allows: how far at once, to which moments, and what ends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from staging_validation.clients.polling import wait_for
from staging_validation.clients.staging_time import DAY_SECONDS, MARGIN_SECONDS, SessionClocks
from staging_validation.clients.staging_waiting import Patience
from staging_validation.errors import CheckFailedError, DeadlineError
from staging_validation.workflows import Answer, Customer, Moment, Period

NOW = 1_790_000_000
ANSWER = Answer("POST /onboard", None, 201, None)
CUSTOMER = Customer(1, "w07-run-1-1@test.example.com", "", "cus_1", ANSWER, "clock_1")


@dataclass
class Clock:
    """Stripe with one clock, which remembers where it was moved."""

    status: str = "ready"
    stands_at: int = NOW
    moved_to: list[int] = field(default_factory=list)
    plans: list[Any] = field(default_factory=list)
    drawn: list[Any] = field(default_factory=list)

    @property
    def clocks(self) -> Clock:
        return self

    def clock(self, clock_id: str) -> Any:
        return {"id": clock_id, "status": self.status, "frozen_time": self.stands_at}

    def advance(self, clock_id: str, to: int, *, timeout_seconds: float) -> None:
        self.moved_to.append(to)
        wait_for(
            f"Stripe's test clock {clock_id} to be ready",
            lambda: self.status == "ready" or None,
            timeout_seconds=timeout_seconds,
            interval_seconds=0.01,
        )
        self.stands_at = to

    def subscriptions(self, customer_id: str) -> Any:
        return self.plans

    def invoices(self, customer_id: str) -> Any:
        return self.drawn


def _plan(*, status: str = "active", interval: str = "month", count: int = 1, end: int = NOW + 500) -> Any:
    recurring = {"interval": interval, "interval_count": count}
    item = {"price": {"recurring": recurring}, "current_period_start": NOW, "current_period_end": end}
    return {"id": "sub_1", "status": status, "items": {"data": [item]}}


@pytest.fixture
def stripe() -> Clock:
    return Clock()


@pytest.fixture
def clocks(stripe) -> SessionClocks:
    return SessionClocks(
        "w07_renewal", "run-1", stripe=stripe, patience=Patience(0.1, 0.1, 0.01, 0.1, 0.1, 0.1)
    )


@pytest.mark.parametrize(
    ("plans", "days", "steps"),
    [
        ([_plan()], 30, [30]),
        ([_plan()], 150, [56, 112, 150]),
        ([_plan(interval="week")], 30, [14, 28, 30]),
        ([_plan(interval="day", count=5)], 12, [10, 12]),
        ([_plan(), _plan(interval="week")], 20, [14, 20]),
        ([_plan(interval="year")], 800, [730, 800]),
        ([_plan(status="canceled")], 500, [500]),
        ([], 365, [365]),
        ([], 0, []),
    ],
)
def test_a_clock_is_moved_by_at_most_two_intervals_of_the_shortest_running_subscription(
    clocks, stripe, plans, days, steps
):
    stripe.plans = plans
    clocks.pass_time(CUSTOMER, days=days)
    assert stripe.moved_to == [NOW + step * DAY_SECONDS for step in steps]


def test_the_next_period_is_reached_when_its_invoice_was_charged(clocks, stripe):
    stripe.plans = [_plan(end=NOW + 30 * DAY_SECONDS)]
    clocks.pass_time(CUSTOMER, to=Moment.NEXT_PERIOD)
    assert stripe.moved_to == [NOW + 30 * DAY_SECONDS + MARGIN_SECONDS]


def test_the_next_attempt_is_the_one_of_an_open_invoice(clocks, stripe):
    stripe.plans = [_plan(status="past_due")]
    stripe.drawn = [
        {"status": "draft", "next_payment_attempt": NOW + 1},
        {"status": "open", "next_payment_attempt": NOW + 3 * DAY_SECONDS},
        {"status": "paid", "next_payment_attempt": None},
    ]
    clocks.pass_time(CUSTOMER, to=Moment.NEXT_ATTEMPT)
    assert stripe.moved_to == [NOW + 3 * DAY_SECONDS + MARGIN_SECONDS]


def test_the_period_is_the_running_subscriptions(clocks, stripe):
    stripe.plans = [_plan(status="canceled", end=NOW + 1), _plan(end=NOW + 500)]
    assert clocks.period(CUSTOMER) == Period(NOW, NOW + 500)


def test_without_a_running_subscription_no_period_can_end(clocks, stripe):
    stripe.plans = [_plan(status="canceled")]
    with pytest.raises(CheckFailedError, match="Stripe customer cus_1 has no running subscription"):
        clocks.pass_time(CUSTOMER, to=Moment.NEXT_PERIOD)


def test_where_stripe_does_not_try_again_the_settings_are_named(clocks, stripe):
    stripe.drawn = [{"status": "open", "next_payment_attempt": None}]
    with pytest.raises(CheckFailedError, match="Stripe will not try again") as caught:
        clocks.pass_time(CUSTOMER, to=Moment.NEXT_ATTEMPT)
    assert "billing settings" in str(caught.value.remedy)


def test_a_customer_without_a_clock_has_no_time_that_could_pass(clocks):
    timeless = Customer(1, "w07-run-1-1@test.example.com", "", "cus_1", ANSWER)
    with pytest.raises(CheckFailedError, match="lives on no test clock") as caught:
        clocks.pass_time(timeless, days=1)
    assert "on_clock=True" in str(caught.value.remedy)


def test_a_clock_that_is_never_ready_ends_in_bounded_time(clocks, stripe):
    stripe.status = "advancing"
    with pytest.raises(
        DeadlineError, match=r"Waited 0\.1 s for Stripe's test clock clock_1 to be ready, in vain"
    ):
        clocks.pass_time(CUSTOMER, days=150)
    assert len(stripe.moved_to) == 1
