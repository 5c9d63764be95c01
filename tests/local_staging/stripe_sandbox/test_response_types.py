"""Every answer satisfies the library's own response types, both ways: nothing missing, nothing unknown."""

from __future__ import annotations

import json

import pytest
import stripe

# Fields that the API has and the library does not annotate; none is known at present.
EXCEPTIONS: frozenset[str] = frozenset()


@pytest.fixture
def populated(api, pro_customer):
    """An account with one of everything, and a failed payment."""
    customer = pro_customer()
    subscription = api.subscriptions.create({"customer": customer, "items": [{"price": "price_local_pro"}]})
    api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    with pytest.raises(stripe.CardError):
        api.payment_intents.create(
            {
                "amount": 2900,
                "currency": "usd",
                "payment_method": "pm_card_visa_chargeDeclined",
                "confirm": True,
            }
        )
    api.products.create({"name": "Another"})
    api.customers.create({"name": "Nobody", "metadata": {"run": "r1"}})
    return customer


LISTS = {
    "charges": stripe.Charge,
    "customers": stripe.Customer,
    "events": stripe.Event,
    "invoices": stripe.Invoice,
    "payment_intents": stripe.PaymentIntent,
    "payment_methods": stripe.PaymentMethod,
    "prices": stripe.Price,
    "products": stripe.Product,
    "subscriptions": stripe.Subscription,
}


@pytest.mark.parametrize(("resource", "annotated"), LISTS.items(), ids=LISTS)
def test_listed_and_retrieved_objects_satisfy_the_library(api, populated, differences, resource, annotated):
    service = getattr(api, resource)
    listed = json.loads(service.list({"limit": 100}).last_response.body)

    assert listed["data"], "nothing was checked"
    for value in listed["data"]:
        retrieved = json.loads(service.retrieve(value["id"]).last_response.body)
        assert retrieved == value
        assert set(differences(value, annotated)) <= EXCEPTIONS


def test_the_balance_satisfies_the_library(api, populated, differences):
    balance = json.loads(api.balance.retrieve().last_response.body)

    assert differences(balance, stripe.Balance) == []
    assert balance["livemode"] is False
    assert balance["pending"] == [{"amount": 59_900, "currency": "usd", "source_types": {"card": 59_900}}]


EVENT_OBJECTS = {
    "charge": stripe.Charge,
    "customer": stripe.Customer,
    "invoice": stripe.Invoice,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "product": stripe.Product,
    "subscription": stripe.Subscription,
}


def test_the_objects_in_events_satisfy_the_library(api, populated, differences):
    events = json.loads(api.events.list({"limit": 100}).last_response.body)["data"]
    kinds = {event["data"]["object"]["object"] for event in events}

    assert kinds == set(EVENT_OBJECTS)
    for event in events:
        value = event["data"]["object"]
        assert differences(value, EVENT_OBJECTS[value["object"]]) == []


def test_expanded_objects_satisfy_the_library(api, populated, differences):
    answer = api.subscriptions.list(
        {
            "expand": [
                "data.latest_invoice.payments.data.payment.payment_intent",
                "data.customer.invoice_settings.default_payment_method",
            ]
        }
    )
    (value,) = json.loads(answer.last_response.body)["data"]

    assert differences(value, stripe.Subscription) == []
    payment = value["latest_invoice"]["payments"]["data"][0]
    assert payment["payment"]["payment_intent"]["status"] == "succeeded"
    assert value["customer"]["invoice_settings"]["default_payment_method"]["card"]["last4"] == "4242"


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ({"created": None}, "Customer.created"),
        ({"livemode": "false"}, "Customer.livemode"),
        ({"invented": 1}, "Customer.invented"),
        (
            {"invoice_settings": {"default_payment_method": 7}},
            "Customer.invoice_settings.default_payment_method",
        ),
    ],
)
def test_the_check_itself_finds_damage(api, differences, damage, finding):
    value = json.loads(api.customers.create({}).last_response.body) | damage

    assert [difference.split(":")[0] for difference in differences(value, stripe.Customer)] == [finding]


def test_the_check_itself_finds_a_missing_field(api, differences):
    value = json.loads(api.customers.create({}).last_response.body)
    del value["created"]

    assert differences(value, stripe.Customer) == ["Customer.created: missing"]
