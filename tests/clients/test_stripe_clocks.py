"""Test clocks through the client, on the real sandbox, and behind a proxy that makes it slow or wrong."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator

import pytest
from werkzeug import Response

from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import DeadlineError, ServiceAnswerError
from tests.clients.stripe_sandbox import FaultyStripe, client, error, proxied, served_sandbox

_names = itertools.count(1)
START = 1_800_000_000
DAY = 86_400
CLOCK = ("GET", r"/v1/test_helpers/test_clocks/[^/]+")
ADVANCE = ("POST", r"/v1/test_helpers/test_clocks/[^/]+/advance")
DELETE = ("DELETE", r"/v1/test_helpers/test_clocks/[^/]+")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory) -> Iterator[str]:
    with served_sandbox(tmp_path_factory.mktemp("sandbox")) as url:
        yield url


@pytest.fixture
def faulty(httpserver, sandbox) -> FaultyStripe:
    return proxied(httpserver, sandbox)


@pytest.fixture
def stripe(faulty, httpserver) -> Iterator[StripeApi]:
    with client(httpserver.url_for("").rstrip("/")) as api:
        yield api


@pytest.fixture
def make(stripe) -> Callable[[], str]:
    """Makes a clock and returns its id."""

    def clock() -> str:
        name = f"clock {next(_names)}"
        return str(stripe.clocks.create(name, frozen_time=START, idempotency_key=name)["id"])

    return clock


def shown(clock_id: str, status: str) -> Response:
    clock = {"id": clock_id, "object": "test_helpers.test_clock", "livemode": False, "frozen_time": START}
    return Response(json.dumps({**clock, "status": status}), content_type="application/json")


def subscribed(stripe: StripeApi, clock_id: str) -> str:
    key = f"{clock_id}-customer"
    customer = str(
        stripe.create_customer(
            name="A", email="a@test.example.com", metadata={}, idempotency_key=key, test_clock=clock_id
        )["id"]
    )
    card = stripe.attach_payment_method("pm_card_visa", customer, idempotency_key=f"{key}-card")
    stripe.set_default_payment_method(customer, str(card["id"]), idempotency_key=f"{key}-default")
    stripe.create_subscription(customer, metadata={}, idempotency_key=f"{key}-subscribe")
    return customer


def test_advancing_waits_until_the_clock_is_ready(stripe, faulty, make):
    clock_id = make()
    faulty.on(CLOCK, lambda number: shown(clock_id, "advancing") if 1 < number < 5 else None)
    clock = stripe.clocks.advance(clock_id, START + DAY, interval_seconds=0.01)
    assert (clock["status"], clock["frozen_time"]) == ("ready", START + DAY)
    assert faulty.count(CLOCK) == 5


def test_time_brings_renewals(stripe, make):
    clock_id = make()
    customer = subscribed(stripe, clock_id)
    stripe.clocks.advance(clock_id, START + 40 * DAY)
    assert [invoice["status"] for invoice in stripe.invoices(customer)] == ["paid", "paid"]
    assert [found["id"] for found in stripe.clocks.customers(clock_id)] == [customer]


def test_a_moment_that_a_clock_has_reached_is_no_error(stripe, faulty, make):
    clock_id = make()
    stripe.clocks.advance(clock_id, START + DAY)
    for moment in (START + DAY, START):
        assert stripe.clocks.advance(clock_id, moment)["frozen_time"] == START + DAY
    assert faulty.count(ADVANCE) == 1


def test_an_advancement_under_way_is_waited_for_before_the_next(stripe, faulty, make):
    clock_id = make()
    faulty.on(CLOCK, lambda number: shown(clock_id, "advancing") if number < 3 else None)
    assert stripe.clocks.advance(clock_id, START + DAY, interval_seconds=0.01)["status"] == "ready"
    seen = [method for method, _, _ in faulty.seen]
    assert seen[1:4] == ["GET", "GET", "GET"]


def test_too_far_is_a_clear_error(stripe, make):
    clock_id = make()
    subscribed(stripe, clock_id)
    with pytest.raises(ServiceAnswerError, match=r"answered 400: .*at most 2 intervals") as caught:
        stripe.clocks.advance(clock_id, START + 100 * DAY)
    assert caught.value.status == 400
    assert stripe.clocks.clock(clock_id)["frozen_time"] == START


def test_a_clock_that_is_never_ready_is_an_error_in_bounded_time(stripe, faulty, make):
    clock_id = make()
    faulty.on(CLOCK, lambda number: shown(clock_id, "advancing") if number > 1 else None)
    with pytest.raises(DeadlineError, match=rf"Waited 0.1 s for Stripe's test clock {clock_id}"):
        stripe.clocks.advance(clock_id, START + DAY, timeout_seconds=0.1, interval_seconds=0.01)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda clock_id: shown(clock_id, "internal_failure"), "internal_failure"),
        (lambda _: error(404, "invalid_request_error"), "deleted"),
    ],
)
def test_an_advancement_that_breaks_is_an_error(stripe, faulty, make, answer, said):
    clock_id = make()
    faulty.on(CLOCK, lambda number: answer(clock_id) if number > 1 else None)
    with pytest.raises(ServiceAnswerError, match=f"{clock_id}, which should be ready: {said}"):
        stripe.clocks.advance(clock_id, START + DAY)


def test_with_a_clock_goes_everything_on_it(stripe, make):
    clock_id = make()
    customer = subscribed(stripe, clock_id)
    stripe.clocks.delete(clock_id)
    assert stripe.clocks.clock(clock_id) is None
    assert stripe.customer(customer)["deleted"] is True
    stripe.clocks.delete(clock_id)
    stripe.clocks.delete("clock_nobody_made")


@pytest.mark.parametrize("status", [409, 429])
def test_deleting_waits_for_an_advancement_to_end(stripe, faulty, make, status):
    clock_id = make()
    faulty.on(CLOCK, lambda number: shown(clock_id, "advancing") if number < 3 else None)
    faulty.on(DELETE, lambda number: error(status, "invalid_request_error") if number < 3 else None)
    stripe.clocks.delete(clock_id, interval_seconds=0.01)
    assert stripe.clocks.clock(clock_id) is None
    assert faulty.count(DELETE) == 3


def test_a_clock_that_cannot_be_deleted_is_an_error(stripe, faulty, make):
    clock_id = make()
    faulty.on(DELETE, lambda _: error(500))
    with pytest.raises(ServiceAnswerError, match="answered 500"):
        stripe.clocks.delete(clock_id)
    faulty.on(CLOCK, lambda _: shown(clock_id, "advancing"))
    with pytest.raises(DeadlineError, match="let itself be deleted"):
        stripe.clocks.delete(clock_id, timeout_seconds=0.1, interval_seconds=0.01)


def test_every_page_of_the_listing_is_read(stripe, make):
    made = [make() for _ in range(103)]
    found = [clock["id"] for clock in stripe.clocks.all()]
    assert found[:103] == made[::-1]
    assert len(found) == len(set(found))
