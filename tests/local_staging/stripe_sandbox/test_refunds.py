"""Refunds, and payments that are cancelled."""

from __future__ import annotations

import json

import pytest
import stripe


@pytest.fixture
def paid(api):
    """A paid payment intent of 2,900 cents."""
    return api.payment_intents.create(
        {"amount": 2900, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    )


def test_a_charge_is_given_back_in_parts(api, paid, differences):
    first = api.refunds.create(
        {"payment_intent": paid.id, "amount": 1000, "reason": "duplicate", "metadata": {"run": "r1"}}
    )
    partly = api.charges.retrieve(paid.latest_charge)
    rest = api.refunds.create({"charge": paid.latest_charge})
    wholly = api.charges.retrieve(paid.latest_charge)

    assert differences(json.loads(first.last_response.body), stripe.Refund) == []
    assert (first.amount, first.status, first.reason) == (1000, "succeeded", "duplicate")
    assert (partly.amount_refunded, partly.refunded) == (1000, False)
    assert (rest.amount, wholly.amount_refunded, wholly.refunded) == (1900, 2900, True)
    assert api.balance.retrieve().pending[0].amount == 0
    assert [item.id for item in api.refunds.list({"charge": paid.latest_charge}).data] == [rest.id, first.id]
    assert api.refunds.update(first.id, {"metadata": {"run": "r2"}}).metadata["run"] == "r2"
    assert api.refunds.retrieve(first.id).metadata["run"] == "r2"
    types = [event.type for event in api.events.list({"types": ["refund.created", "charge.refunded"]}).data]
    assert types[::-1] == ["refund.created", "charge.refunded"] * 2
    assert api.events.list({"type": "charge.refunded"}).data[0].data.previous_attributes.to_dict() == {
        "amount_refunded": 1000,
        "refunded": False,
    }


@pytest.mark.parametrize(
    ("amount", "match"),
    [(0, "Invalid positive integer"), (2901, r"greater than unrefunded amount on charge \(2900\)")],
)
def test_wrong_amounts_are_refused(api, paid, amount, match):
    with pytest.raises(stripe.InvalidRequestError, match=match):
        api.refunds.create({"charge": paid.latest_charge, "amount": amount})
    assert api.refunds.list().data == []


def test_what_was_not_paid_or_given_back_already_is_refused(api, paid):
    with pytest.raises(stripe.CardError) as declined:
        api.payment_intents.create(
            {
                "amount": 100,
                "currency": "usd",
                "payment_method": "pm_card_visa_chargeDeclined",
                "confirm": True,
            }
        )
    failed = declined.value.error
    api.refunds.create({"charge": paid.latest_charge})

    for given, match in (
        ({"charge": failed.charge}, "was not paid"),
        ({"payment_intent": failed.payment_intent.id}, "does not have a successful charge"),
        ({"charge": paid.latest_charge}, "already been refunded"),
        ({"charge": "ch_none"}, "No such charge"),
        ({}, "exactly one of these"),
        ({"charge": paid.latest_charge, "payment_intent": paid.id}, "exactly one of these"),
    ):
        with pytest.raises(stripe.InvalidRequestError, match=match):
            api.refunds.create(given)


def test_a_refund_has_the_time_of_its_customers_clock(timed):
    customer = timed.customer()
    timed.subscribe(customer)
    timed.advance(timed.start + 86_400)
    charge = timed.api.charges.list({"customer": customer}).data[0].id

    assert timed.api.refunds.create({"charge": charge}).created == timed.start + 86_400


def test_a_waiting_payment_can_be_cancelled_once(api, paid):
    intent = api.payment_intents.create({"amount": 2900, "currency": "usd"}).id
    cancelled = api.payment_intents.cancel(intent, {"cancellation_reason": "abandoned"})

    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
    for done in (intent, paid.id):
        with pytest.raises(stripe.InvalidRequestError, match="cannot cancel this PaymentIntent"):
            api.payment_intents.cancel(done)
    with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
        api.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})
