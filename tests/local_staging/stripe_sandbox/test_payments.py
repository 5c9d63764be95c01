"""Payment intents and the charges they make."""

from __future__ import annotations

import pytest
import stripe

from local_staging.stripe_sandbox.cards import CARDS

PAYMENT = {"amount": 2900, "currency": "usd"}


def types(api):
    return [event.type for event in api.events.list({"limit": 100}).data][::-1]


def test_a_payment_in_one_request(api, pro_customer):
    customer = pro_customer()
    method = api.payment_methods.list({"customer": customer}).data[0].id
    intent = api.payment_intents.create(
        {
            **PAYMENT,
            "customer": customer,
            "payment_method": method,
            "confirm": True,
            "off_session": True,
            "description": "Fix 7",
            "metadata": {"fix_id": "7"},
            "receipt_email": "pro@test.example.com",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    charge = api.charges.retrieve(intent.latest_charge)

    assert (intent.status, intent.amount_received, intent.payment_method) == ("succeeded", 2900, method)
    assert intent.automatic_payment_methods.allow_redirects == "never"
    assert (charge.paid, charge.captured, charge.amount, charge.amount_captured) == (True, True, 2900, 2900)
    assert (charge.customer, charge.metadata.to_dict(), charge.description) == (
        customer,
        {"fix_id": "7"},
        "Fix 7",
    )
    assert [item.id for item in api.charges.list({"customer": customer}).data] == [charge.id]
    assert [item.id for item in api.charges.list({"payment_intent": intent.id}).data] == [charge.id]
    assert [item.id for item in api.payment_intents.list({"customer": customer}).data] == [intent.id]
    assert types(api)[-3:] == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def test_a_payment_in_two_requests(api):
    intent = api.payment_intents.create({**PAYMENT, "allowed_payment_method_types": ["card"]})
    assert (intent.status, intent.allowed_payment_method_types) == ("requires_payment_method", ["card"])
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        api.payment_intents.confirm(intent.id)

    assert api.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
        api.payment_intents.confirm(intent.id)


def test_a_payment_method_given_early_is_used_on_confirmation(api):
    intent = api.payment_intents.create({**PAYMENT, "payment_method": "pm_card_visa"})

    assert intent.status == "requires_confirmation"
    assert (
        api.payment_intents.confirm(intent.id, {"off_session": True}).payment_method == intent.payment_method
    )


@pytest.mark.parametrize("card", [card for card in CARDS if card.decline], ids=lambda card: card.names[0])
def test_a_decline_says_why_and_leaves_its_traces(api, card):
    with pytest.raises(stripe.CardError) as declined:
        api.payment_intents.create({**PAYMENT, "payment_method": card.names[0], "confirm": True})
    error = declined.value.error
    intent = api.payment_intents.retrieve(error.payment_intent.id)
    charge = api.charges.retrieve(error.charge)

    assert (declined.value.http_status, error.code, error.decline_code) == (
        402,
        card.decline.code,
        card.decline.decline_code,
    )
    assert error.payment_method.card.last4 == card.last4
    assert (intent.status, intent.amount_received, intent.payment_method) == (
        "requires_payment_method",
        0,
        None,
    )
    assert (intent.last_payment_error.code, intent.latest_charge) == (card.decline.code, charge.id)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, card.decline.code)
    assert charge.outcome.reason == card.decline.decline_code
    assert types(api)[-2:] == ["charge.failed", "payment_intent.payment_failed"]


def test_a_declined_payment_can_be_tried_again(api):
    with pytest.raises(stripe.CardError) as declined:
        api.payment_intents.create(
            {**PAYMENT, "payment_method": "pm_card_visa_chargeDeclined", "confirm": True}
        )
    intent = declined.value.error.payment_intent.id

    again = api.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})
    assert (again.status, again.last_payment_error) == ("succeeded", None)
    assert len(api.charges.list({"payment_intent": intent}).data) == 2


def test_the_balance_counts_what_was_paid(api):
    for currency in ("usd", "eur", "usd"):
        api.payment_intents.create(
            {"amount": 1500, "currency": currency, "payment_method": "pm_card_visa", "confirm": True}
        )

    assert [(item.currency, item.amount) for item in api.balance.retrieve().pending] == [
        ("eur", 1500),
        ("usd", 3000),
    ]


def test_someone_elses_card_cannot_be_charged(api, pro_customer):
    method = api.payment_methods.list({"customer": pro_customer()}).data[0].id

    for customer in ({}, {"customer": api.customers.create().id}):
        with pytest.raises(stripe.InvalidRequestError, match="belongs to the customer"):
            api.payment_intents.create({**PAYMENT, **customer, "payment_method": method, "confirm": True})
    assert api.charges.list().data == []


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"amount": 49}, "at least 50 cents"),
        ({"amount": -1}, "at least 50 cents"),
        ({"amount": 100_000_000}, "no more than"),
        ({"currency": "dollars"}, "Invalid currency: dollars"),
        ({"confirm": True}, "missing a payment method"),
        ({"off_session": True}, "only pass off_session when confirm"),
        ({"customer": "cus_none"}, "No such customer"),
        ({"payment_method": "pm_none"}, "No such PaymentMethod"),
    ],
)
def test_wrong_payments_are_refused_and_leave_nothing(api, params, match):
    with pytest.raises(stripe.InvalidRequestError, match=match):
        api.payment_intents.create({**PAYMENT, **params})

    assert api.payment_intents.list().data == []
    assert api.events.list().data == []
