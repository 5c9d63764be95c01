"""Test clocks: made, advanced in the background, limited, listed and deleted."""

from __future__ import annotations

import json

import pytest
import stripe

from local_staging.stripe_sandbox.advancing import Advancer
from local_staging.stripe_sandbox.periods import after
from staging_validation.clients.polling import wait_for
from tests.local_staging.stripe_sandbox.account import Account, RefusedError

HOUR, DAY = 3600, 86_400
MONTH = {"interval": "month", "interval_count": 1}
YEAR = {"interval": "year", "interval_count": 1}


def test_a_clock_satisfies_the_library_in_every_state(timed, differences):
    clocks = timed.api.test_helpers.test_clocks
    clocks.create({"frozen_time": timed.start, "name": "renewals"})
    advancing = clocks.advance(timed.clock, {"frozen_time": timed.start + DAY})
    timed.wait_until_ready()
    answers = [
        json.loads(answer.last_response.body)
        for answer in (advancing, clocks.retrieve(timed.clock), clocks.delete(timed.clock))
    ]

    assert [answer.get("status") for answer in answers] == ["advancing", "ready", None]
    assert answers[0]["status_details"] == {"advancing": {"target_frozen_time": timed.start + DAY}}
    assert (answers[0]["frozen_time"], answers[1]["frozen_time"]) == (timed.start, timed.start + DAY)
    for answer in answers[:2]:
        assert differences(answer, stripe.test_helpers.TestClock) == []
        assert answer["livemode"] is False
    assert answers[2] == {"id": timed.clock, "object": "test_helpers.test_clock", "deleted": True}
    assert [clock.name for clock in clocks.list().data] == ["renewals"]
    types = [event.type for event in timed.api.events.list({"type": "test_helpers.*"}).data]
    assert types[::-1] == [
        f"test_helpers.test_clock.{what}" for what in ("created", "created", "advancing", "ready", "deleted")
    ]


def test_what_hangs_on_a_clock_has_its_time(timed, server):
    customer = timed.customer()
    subscription = timed.subscribe(customer)
    invoice = timed.api.invoices.retrieve(subscription.latest_invoice, {"expand": ["test_clock"]})
    timed.advance(timed.start + DAY)
    server.clock.time += 10 * DAY
    intent = timed.api.payment_intents.create({"amount": 2900, "currency": "usd", "customer": customer})
    stranger = timed.api.customers.create()

    assert (subscription.test_clock, invoice.test_clock.id) == (timed.clock, timed.clock)
    assert (subscription.created, invoice.created) == (timed.start, timed.start)
    assert intent.created == timed.start + DAY
    assert (stranger.created, stranger.test_clock) == (server.clock.time, None)
    assert timed.events("payment_intent.created")[-1].created == timed.start + DAY


def test_a_clock_only_goes_forward(timed):
    for moment in (timed.start, timed.start - 1):
        with pytest.raises(stripe.InvalidRequestError, match="not after its frozen time") as refused:
            timed.api.test_helpers.test_clocks.advance(timed.clock, {"frozen_time": moment})
        assert refused.value.param == "frozen_time"


@pytest.mark.parametrize("interval", ["day", "week", "month", "year"])
def test_two_intervals_of_the_shortest_subscription_are_the_most(interval):
    account = Account()
    clock = account.clock(1_769_817_600)  # 2026-01-31
    shortest = {"interval": interval, "interval_count": 1}
    for price in (account.price(100, "year"), account.price(100, interval)):
        customer = account.customer(clock, "pm_card_visa")
        account.post("/v1/subscriptions", customer=customer, items=[{"price": price}])
    furthest = after(1_769_817_600, 2, shortest)

    with pytest.raises(RefusedError, match=r"at most 2 intervals .*here to 20\d\d-"):
        account.advance(clock, furthest + 1)
    account.advance(clock, furthest)
    assert account.get(f"/v1/test_helpers/test_clocks/{clock}")["frozen_time"] == furthest


def test_without_a_running_subscription_two_years_are_the_most():
    account = Account()
    clock = account.clock(1_769_817_600)
    customer = account.customer(clock, "pm_card_visa")
    ended = account.post("/v1/subscriptions", customer=customer, items=[{"price": account.price(1, "day")}])
    account.request("DELETE", f"/v1/subscriptions/{ended['id']}")

    with pytest.raises(RefusedError, match="at most 2 intervals"):
        account.advance(clock, after(1_769_817_600, 2, YEAR) + 1)
    account.advance(clock, after(1_769_817_600, 2, YEAR))


def test_while_a_clock_advances_its_objects_cannot_be_changed():
    account = Account()
    clock = account.clock(1_769_817_600)
    customer = account.customer(clock, "pm_card_visa")
    made = account.post("/v1/subscriptions", customer=customer, items=[{"price": "price_local_pro"}])
    path = f"/v1/test_helpers/test_clocks/{clock}"
    account.post(f"{path}/advance", frozen_time=after(1_769_817_600, 1, MONTH) + 2 * HOUR)

    for method, address, params in (
        ("POST", f"/v1/customers/{customer}", {"name": "x"}),
        ("POST", "/v1/customers", {"test_clock": clock}),
        ("POST", f"/v1/subscriptions/{made['id']}", {"cancel_at_period_end": True}),
        ("DELETE", f"/v1/subscriptions/{made['id']}", {}),
        ("POST", "/v1/payment_intents", {"amount": 100, "currency": "usd", "customer": customer}),
        ("POST", "/v1/payment_methods/pm_card_visa/attach", {"customer": customer}),
        ("POST", f"{path}/advance", {"frozen_time": 1_800_000_000}),
        ("DELETE", path, {}),
    ):
        with pytest.raises(RefusedError, match="advancement underway"):
            account.request(method, address, **params)
    assert account.get(path)["status"] == "advancing"  # reading goes on
    while account.sandbox.step(clock):
        pass
    assert account.get(path)["status"] == "ready"
    assert account.post(f"/v1/customers/{customer}", name="x")["name"] == "x"
    assert [invoice["status"] for invoice in account.kept("invoice")] == ["paid", "paid"]


def test_a_change_that_comes_too_early_is_a_429(timed, server):
    customer = timed.customer()
    server.sandbox.store.get(timed.clock)["status"] = "advancing"

    with pytest.raises(stripe.RateLimitError, match="send the request again") as refused:
        timed.api.customers.update(customer, {"name": "x"})
    assert refused.value.http_status == 429


def test_customers_and_subscriptions_of_a_clock_are_listed_only_with_it(timed, pro_customer):
    apart = pro_customer()
    on_clock = timed.customer()
    kept = timed.subscribe(on_clock)
    other = timed.api.subscriptions.create({"customer": apart, "items": [{"price": "price_local_pro"}]})

    def customers(**params):
        return [item.id for item in timed.api.customers.list(params).data]

    def subscriptions(**params):
        return [item.id for item in timed.api.subscriptions.list(params).data]

    assert (customers(), customers(test_clock=timed.clock)) == ([apart], [on_clock])
    assert (subscriptions(), subscriptions(test_clock=timed.clock)) == ([other.id], [kept.id])
    assert subscriptions(customer=on_clock) == [kept.id]


def test_deleting_a_clock_deletes_its_customers(timed):
    customer = timed.customer()
    subscription = timed.subscribe(customer)
    timed.advance(timed.start + DAY)
    timed.api.test_helpers.test_clocks.delete(timed.clock)

    assert timed.api.customers.retrieve(customer).deleted
    ended = timed.api.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.ended_at) == ("canceled", timed.start + DAY)
    with pytest.raises(stripe.InvalidRequestError, match="No such test clock"):
        timed.api.test_helpers.test_clocks.retrieve(timed.clock)
    with pytest.raises(stripe.InvalidRequestError, match="No such test clock"):
        timed.api.customers.create({"test_clock": timed.clock})


def test_a_clock_has_room_for_three_customers_with_three_subscriptions_each(timed):
    customers = [timed.customer() for _ in range(3)]
    subscriptions = [timed.subscribe(customers[0]) for _ in range(3)]

    with pytest.raises(stripe.InvalidRequestError, match=r"maximum number of customers \(3\)"):
        timed.customer()
    with pytest.raises(stripe.InvalidRequestError, match=r"maximum number of subscriptions \(3\)"):
        timed.subscribe(customers[0])
    timed.api.subscriptions.cancel(subscriptions[0].id)
    assert timed.subscribe(customers[0]).status == "active"


def test_a_step_that_breaks_is_told(timed, monkeypatch, caplog):
    def broken(*_):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("local_staging.stripe_sandbox.sandbox.next_happening", broken)
    clocks = timed.api.test_helpers.test_clocks
    clocks.advance(timed.clock, {"frozen_time": timed.start + DAY})

    wait_for(
        "the failure",
        lambda: True if clocks.retrieve(timed.clock).status == "internal_failure" else None,
        timeout_seconds=10,
        interval_seconds=0.01,
    )
    assert "this is a fault of the sandbox" in caplog.text
    with pytest.raises(stripe.InvalidRequestError, match="status internal_failure"):
        clocks.advance(timed.clock, {"frozen_time": timed.start + DAY})


def test_an_advance_is_repeated_by_its_key_and_not_carried_out_twice(timed):
    clocks = timed.api.test_helpers.test_clocks
    for _ in range(2):
        clocks.advance(timed.clock, {"frozen_time": timed.start + DAY}, {"idempotency_key": "a"})
        timed.wait_until_ready()

    assert len(timed.events("test_helpers.test_clock.ready")) == 1


async def test_leaving_ends_an_advance_under_way():
    account = Account()
    clock = account.clock(1_769_817_600)
    account.post(f"/v1/test_helpers/test_clocks/{clock}/advance", frozen_time=1_769_817_601)
    async with Advancer() as advancer:
        advancer.begin(account.sandbox, clock)
        (task,) = advancer._running

    assert task.cancelled()
    assert account.get(f"/v1/test_helpers/test_clocks/{clock}")["status"] == "advancing"


def test_a_clock_that_is_ready_takes_no_step():
    account = Account()

    assert not account.sandbox.step(account.clock(1_769_817_600))
    assert not account.sandbox.step("clock_none")
