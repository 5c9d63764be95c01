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
    charge = api.charges.list({"customer": customer}).data[0].id
    api.refunds.create({"charge": charge, "amount": 900})
    api.webhook_endpoints.create({"url": "http://127.0.0.1:1/", "enabled_events": ["customer.deleted"]})
    clock = api.test_helpers.test_clocks.create({"frozen_time": 1_790_000_000}).id
    on_clock = api.customers.create({"test_clock": clock, "payment_method": "pm_card_visa"}).id
    api.subscriptions.create(
        {"customer": on_clock, "items": [{"price": "price_local_pro"}], "trial_period_days": 1}
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
    "refunds": stripe.Refund,
    "webhook_endpoints": stripe.WebhookEndpoint,
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
    assert balance["pending"] == [{"amount": 59_000, "currency": "usd", "source_types": {"card": 59_000}}]


EVENT_OBJECTS = {
    "charge": stripe.Charge,
    "customer": stripe.Customer,
    "invoice": stripe.Invoice,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "product": stripe.Product,
    "refund": stripe.Refund,
    "subscription": stripe.Subscription,
    "test_helpers.test_clock": stripe.test_helpers.TestClock,
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


def test_nothing_is_of_live_mode(api, populated, raw):
    def modes(value):
        if isinstance(value, dict):
            yield from (value["livemode"],) if "livemode" in value else ()
            for inner in value.values():
                yield from modes(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from modes(inner)

    paths = [f"/v1/{resource}" for resource in LISTS] + ["/v1/balance", "/v1/test_helpers/test_clocks"]
    for path in paths:
        found = list(modes(raw("GET", path).json()))
        assert set(found) <= {False}, path
        assert found or path == "/v1/refunds"  # a refund has no such field


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
