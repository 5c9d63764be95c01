"""The documented test cards, and payment methods made from them."""

from __future__ import annotations

import pytest
import stripe

from local_staging.stripe_sandbox.cards import CARDS, card_named, card_numbered
from local_staging.stripe_sandbox.errors import CardError

CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}


@pytest.mark.parametrize("card", [card for card in CARDS if not card.decline], ids=lambda card: card.names[0])
def test_good_cards_by_number_and_by_name(api, card):
    customer = api.customers.create().id
    numbered = api.payment_methods.create({"type": "card", "card": {**CARD, "number": card.number}})
    named = api.payment_methods.attach(card.names[0], {"customer": customer})

    assert numbered.card.last4 == named.card.last4 == card.last4
    assert numbered.card.fingerprint == named.card.fingerprint
    assert (numbered.card.brand, numbered.card.funding) == (card.brand, card.funding)
    assert numbered.id != named.id
    assert named.id.startswith("pm_")
    assert api.payment_methods.attach(numbered.id, {"customer": customer}).customer == customer


@pytest.mark.parametrize(
    "card", [card for card in CARDS if not card.attaches], ids=lambda card: card.names[0]
)
def test_declining_cards_cannot_be_attached(api, card):
    customer = api.customers.create().id

    for name in card.names:
        with pytest.raises(stripe.CardError) as declined:
            api.payment_methods.attach(name, {"customer": customer})
        assert declined.value.http_status == 402
        assert declined.value.code == card.decline.code
        assert declined.value.error.decline_code == card.decline.decline_code
    assert api.payment_methods.list({"customer": customer}).data == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("pm_card_chargeCustomerFail", "card_declined"),
        ("pm_card_authenticationRequired", "authentication_required"),
    ],
)
def test_some_cards_attach_and_fail_later(api, name, code):
    customer = api.customers.create().id
    method = api.payment_methods.attach(name, {"customer": customer})

    with pytest.raises(stripe.CardError, match="Your card was declined") as declined:
        api.payment_intents.create(
            {
                "amount": 2900,
                "currency": "usd",
                "customer": customer,
                "payment_method": method.id,
                "confirm": True,
                "off_session": True,
            }
        )
    assert declined.value.code == code


def test_the_table_of_cards_is_sound():
    numbers = [card.number for card in CARDS]
    names = [name for card in CARDS for name in card.names]

    assert len(set(numbers)) == len(numbers)
    assert len(set(names)) == len(names)
    assert card_named("pm_card_unheard_of") is None
    assert card_numbered("4242 4242-4242 4242").names[0] == "pm_card_visa"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4242424242424241", "incorrect_number"),
        ("4242", "incorrect_number"),
        ("not a number", "incorrect_number"),
        ("4539578763621486", "card_declined"),
    ],
)
def test_other_numbers_are_refused_and_not_repeated(number, code):
    with pytest.raises(CardError) as refused:
        card_numbered(number)

    assert refused.value.code == code
    assert number not in refused.value.message


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({**CARD, "exp_month": 13}, "invalid_expiry_month"),
        ({**CARD, "exp_year": 2020}, "invalid_expiry_year"),
        ({**CARD, "exp_year": 2200}, "invalid_expiry_year"),
        ({"number": CARD["number"], "exp_month": 12}, "parameter_missing"),
        ({"token": "tok_unheard_of"}, "resource_missing"),
        ({"token": "pm_card_visa"}, "resource_missing"),
        (None, "parameter_missing"),
    ],
)
def test_wrong_cards_are_refused(api, card, code):
    with pytest.raises(stripe.StripeError) as refused:
        api.payment_methods.create({"type": "card"} | ({"card": card} if card else {}))

    assert refused.value.code == code


def test_a_token_and_billing_details(api):
    made = api.payment_methods.create(
        {
            "type": "card",
            "card": {"token": "tok_mastercard"},
            "billing_details": {"name": "A", "address": {"city": "X"}},
            "metadata": {"a": "1"},
        }
    )
    changed = api.payment_methods.update(
        made.id, {"billing_details": {"email": "a@example.com"}, "metadata": {"a": ""}}
    )

    assert (made.card.brand, made.billing_details.address.city) == ("mastercard", "X")
    assert (changed.billing_details.name, changed.billing_details.email) == ("A", "a@example.com")
    assert changed.metadata.to_dict() == {}


def test_a_ready_name_gives_a_fresh_payment_method_each_time(api):
    first, second = (api.payment_methods.retrieve("pm_card_visa") for _ in range(2))

    assert first.id != second.id
    assert api.payment_methods.retrieve(first.id).customer is None
