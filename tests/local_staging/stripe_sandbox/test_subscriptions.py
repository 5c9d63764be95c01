"""Subscriptions: begun, changed and ended."""

from __future__ import annotations

import pytest
import stripe

from local_staging.stripe_sandbox.periods import period_end

PRO = "price_local_pro"
ITEMS = [{"price": PRO}]


def types(api):
    return [event.type for event in api.events.list({"limit": 100}).data][::-1]


def test_a_subscription_bills_its_first_month(api, pro_customer, server):
    customer = pro_customer()
    subscription = api.subscriptions.create(
        {"customer": customer, "items": ITEMS, "metadata": {"customer_id": "7"}, "expand": ["latest_invoice"]}
    )
    invoice = subscription.latest_invoice
    (item,) = subscription["items"].data
    (line,) = invoice.lines.data

    assert subscription.status == "active"
    assert (item.price.id, item.quantity, item.current_period_start) == (PRO, 1, server.clock.time)
    assert item.current_period_end == period_end(
        server.clock.time, server.clock.time, {"interval": "month", "interval_count": 1}
    )
    assert (invoice.status, invoice.amount_due, invoice.amount_paid, invoice.amount_remaining) == (
        "paid",
        59_900,
        59_900,
        0,
    )
    assert (invoice.billing_reason, invoice.customer_email) == ("subscription_create", "pro@test.example.com")
    assert line.pricing.price_details.price == PRO
    assert (line.amount, line.period.end) == (59_900, item.current_period_end)
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert invoice.parent.subscription_details.metadata.to_dict() == {"customer_id": "7"}
    (charge,) = api.charges.list({"customer": customer}).data
    assert (charge.amount, charge.paid) == (59_900, True)
    assert types(api)[3:] == [
        "invoice.created",
        "payment_intent.created",
        "invoice.finalized",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.created",
    ]


def test_events_hold_their_objects_as_they_were(api, pro_customer):
    api.subscriptions.create({"customer": pro_customer(), "items": ITEMS})
    by_type = {event.type: event.data.object for event in api.events.list({"limit": 100}).data}

    assert by_type["invoice.created"]["status"] == "draft"
    assert by_type["invoice.finalized"]["status"] == "open"
    assert by_type["invoice.paid"]["status"] == "paid"
    assert by_type["customer.subscription.created"]["status"] == "active"


@pytest.mark.parametrize("behavior", ["allow_incomplete", "error_if_incomplete"])
def test_without_a_card_nothing_begins(api, behavior):
    customer = api.customers.create().id

    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source") as refused:
        api.subscriptions.create({"customer": customer, "items": ITEMS, "payment_behavior": behavior})
    assert refused.value.code == "resource_missing"
    assert api.subscriptions.list().data == []
    assert api.invoices.list().data == []


def test_a_declined_first_payment_leaves_it_incomplete_until_paid(api, pro_customer):
    customer = pro_customer("pm_card_chargeCustomerFail")
    subscription = api.subscriptions.create({"customer": customer, "items": ITEMS})
    invoice = api.invoices.retrieve(subscription.latest_invoice)

    assert (subscription.status, invoice.status, invoice.attempt_count) == ("incomplete", "open", 1)
    assert types(api)[-4:] == [
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "customer.subscription.created",
    ]
    with pytest.raises(stripe.CardError):
        api.invoices.pay(invoice.id)
    paid = api.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.attempt_count) == ("paid", 1)  # only the schedule's attempts count
    assert api.subscriptions.retrieve(subscription.id).status == "active"
    assert types(api)[-1] == "customer.subscription.updated"
    with pytest.raises(stripe.InvalidRequestError, match="Invoice is paid"):
        api.invoices.pay(invoice.id)


def test_error_if_incomplete_leaves_nothing(api, pro_customer):
    customer = pro_customer("pm_card_chargeCustomerFail")

    with pytest.raises(stripe.CardError):
        api.subscriptions.create(
            {"customer": customer, "items": ITEMS, "payment_behavior": "error_if_incomplete"}
        )
    assert api.subscriptions.list({"status": "all"}).data == []
    assert api.invoices.list().data == []


def test_default_incomplete_waits_for_the_payment_intent(api):
    customer = api.customers.create().id
    subscription = api.subscriptions.create(
        {
            "customer": customer,
            "items": ITEMS,
            "payment_behavior": "default_incomplete",
            "expand": ["latest_invoice.payments"],
        }
    )
    intent = subscription.latest_invoice.payments.data[0].payment.payment_intent
    assert (subscription.status, subscription.latest_invoice.status) == ("incomplete", "open")
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        api.invoices.pay(subscription.latest_invoice.id)

    api.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})
    assert api.subscriptions.retrieve(subscription.id).status == "active"
    assert api.invoices.retrieve(subscription.latest_invoice.id).status == "paid"


def test_a_subscriptions_own_card_comes_first(api, pro_customer):
    customer = pro_customer("pm_card_chargeCustomerFail")
    good = api.payment_methods.attach("pm_card_visa", {"customer": customer}).id

    subscription = api.subscriptions.create(
        {"customer": customer, "items": ITEMS, "default_payment_method": good}
    )
    assert (subscription.status, subscription.default_payment_method) == ("active", good)
    stranger = api.payment_methods.retrieve("pm_card_visa").id
    with pytest.raises(stripe.InvalidRequestError, match="must be attached"):
        api.subscriptions.update(subscription.id, {"default_payment_method": stranger})
    assert (
        api.subscriptions.update(subscription.id, {"default_payment_method": ""}).default_payment_method
        is None
    )


def test_cancelling_at_the_periods_end_and_changing_ones_mind(api, pro_customer, server):
    subscription = api.subscriptions.create({"customer": pro_customer(), "items": ITEMS})
    end = subscription["items"].data[0].current_period_end
    ending = api.subscriptions.update(
        subscription.id, {"cancel_at_period_end": True, "cancellation_details": {"feedback": "other"}}
    )
    kept = api.subscriptions.update(subscription.id, {"cancel_at_period_end": False, "metadata": {"a": "1"}})

    assert (ending.status, ending.cancel_at, ending.canceled_at) == ("active", end, server.clock.time)
    assert (ending.cancellation_details.reason, ending.cancellation_details.feedback) == (
        "cancellation_requested",
        "other",
    )
    assert (kept.cancel_at_period_end, kept.cancel_at, kept.canceled_at) == (False, None, None)
    assert kept.cancellation_details.reason is None
    last, first = api.events.list({"type": "customer.subscription.updated"}).data
    assert first.data.previous_attributes["cancel_at_period_end"] is False
    assert last.data.previous_attributes["cancel_at_period_end"] is True


def test_cancelling_now(api, pro_customer, server):
    subscription = api.subscriptions.create(
        {"customer": pro_customer(), "items": ITEMS, "cancel_at_period_end": True}
    )
    server.clock.time += 60
    ended = api.subscriptions.cancel(
        subscription.id, {"cancellation_details": {"comment": "bye"}, "prorate": False}
    )

    assert (ended.status, ended.ended_at) == ("canceled", server.clock.time)
    assert ended.canceled_at == server.clock.time - 60
    assert ended.cancellation_details.comment == "bye"
    assert types(api)[-1] == "customer.subscription.deleted"
    assert api.subscriptions.list().data == []
    for status in ("all", "canceled", "ended"):
        assert [item.id for item in api.subscriptions.list({"status": status}).data] == [subscription.id]
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        api.subscriptions.cancel(subscription.id)
    with pytest.raises(stripe.InvalidRequestError, match="can only update"):
        api.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert api.subscriptions.update(subscription.id, {"metadata": {"a": "1"}}).metadata["a"] == "1"


def test_what_cancelling_cannot_do_is_refused(api, pro_customer):
    subscription = api.subscriptions.create({"customer": pro_customer(), "items": ITEMS})

    with pytest.raises(stripe.InvalidRequestError, match="the value 'true' for 'prorate'"):
        api.subscriptions.cancel(subscription.id, {"prorate": True})
    assert api.subscriptions.retrieve(subscription.id).status == "active"


def test_wrong_subscriptions_are_refused(api, pro_customer):
    customer = pro_customer()
    common = {"product": "prod_local_pro", "unit_amount": 100, "currency": "usd"}
    once = api.prices.create(common).id
    yearly = api.prices.create({**common, "recurring": {"interval": "year"}}).id
    euro = api.prices.create({**common, "currency": "eur", "recurring": {"interval": "month"}}).id
    inactive = api.prices.create({**common, "active": False, "recurring": {"interval": "month"}}).id

    for items, match in (
        ([], "Missing required param: items"),
        ([{"quantity": 1}], r"Missing required param: items\[0\]\[price\]"),
        ([{"price": "price_none"}], "No such price"),
        ([{"price": once}], "type=recurring"),
        ([{"price": inactive}], "inactive"),
        ([{"price": PRO, "quantity": -1}], "non-negative"),
        ([{"price": PRO}, {"price": euro}], "same currency"),
        ([{"price": PRO}, {"price": yearly}], "does not support prices of different intervals"),
    ):
        with pytest.raises(stripe.InvalidRequestError, match=match):
            api.subscriptions.create({"customer": customer, "items": items})
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: customer"):
        api.subscriptions.create({"items": ITEMS})
    assert api.subscriptions.list({"status": "all"}).data == []
