"""Invoices, their payment, and the steps of billing that time will take."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
import stripe

from local_staging.stripe_sandbox import billing, lifecycle
from local_staging.stripe_sandbox.events import Cause
from local_staging.stripe_sandbox.periods import period_end

PRO = "price_local_pro"
ITEMS = [{"price": PRO}]


def test_invoices_are_numbered_and_listed(api, pro_customer):
    customer = pro_customer()
    first, second = (api.subscriptions.create({"customer": customer, "items": ITEMS}) for _ in range(2))
    invoices = api.invoices.list({"customer": customer}).data

    assert [invoice.number[-5:] for invoice in invoices] == ["-0002", "-0001"]
    assert [item.id for item in api.invoices.list({"subscription": first.id}).data] == [first.latest_invoice]
    assert api.invoices.list({"status": "open"}).data == []
    assert len(api.invoices.line_items.list(second.latest_invoice).data) == 1


def test_quantities_and_several_prices_are_added_up(api, pro_customer):
    extra = api.prices.create(
        {
            "product": "prod_local_pro",
            "currency": "usd",
            "unit_amount": 100,
            "recurring": {"interval": "month"},
        }
    ).id
    subscription = api.subscriptions.create(
        {"customer": pro_customer(), "items": [{"price": PRO}, {"price": extra, "quantity": 3}]}
    )

    assert api.invoices.retrieve(subscription.latest_invoice).total == 60_200
    assert [item.id for item in api.subscriptions.list({"price": extra}).data] == [subscription.id]


@pytest.mark.parametrize("behavior", [None, "error_if_incomplete", "default_incomplete"])
def test_nothing_due_needs_no_card(api, behavior):
    free = api.prices.create(
        {"product": "prod_local_pro", "currency": "usd", "unit_amount": 0, "recurring": {"interval": "month"}}
    ).id
    subscription = api.subscriptions.create(
        {"customer": api.customers.create().id, "items": [{"price": free}]}
        | ({"payment_behavior": behavior} if behavior else {})
    )

    assert subscription.status == "active"
    assert api.invoices.retrieve(subscription.latest_invoice).status == "paid"
    assert api.payment_intents.list().data == []


def test_a_renewal_that_fails_is_past_due_and_recovers(api, pro_customer, server, connect):
    """The steps of billing are the ones a test clock would take when a period ends."""
    subscription = api.subscriptions.create({"customer": pro_customer(), "items": ITEMS}).id
    context = server.sandbox.context(Cause())
    stored = server.sandbox.store.get(subscription)
    failing = server.sandbox.store.get(api.payment_methods.retrieve("pm_card_chargeCustomerFail").id)
    invoice = billing.draft_invoice(context, stored, "subscription_cycle")
    billing.finalize(context, invoice)
    assert billing.collect(context, invoice, failing) is not None
    lifecycle.follow_invoice(context, invoice)
    assert api.subscriptions.retrieve(subscription).status == "past_due"

    assert api.invoices.pay(invoice["id"]).status == "paid"
    assert api.subscriptions.retrieve(subscription).status == "active"


def test_a_renewal_with_nothing_due_is_paid_without_a_charge(api, pro_customer, server):
    free = api.prices.create(
        {"product": "prod_local_pro", "currency": "usd", "unit_amount": 0, "recurring": {"interval": "month"}}
    ).id
    subscription = api.subscriptions.create({"customer": pro_customer(), "items": [{"price": free}]}).id
    context = server.sandbox.context(Cause())
    invoice = billing.draft_invoice(context, server.sandbox.store.get(subscription), "subscription_cycle")
    billing.finalize(context, invoice)

    assert billing.collect(context, invoice, {}) is None
    assert invoice["status"] == "paid"


def test_an_open_invoice_outlives_its_customer(api, pro_customer):
    customer = pro_customer("pm_card_chargeCustomerFail")
    invoice = api.subscriptions.create({"customer": customer, "items": ITEMS}).latest_invoice
    api.customers.delete(customer)

    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        api.invoices.pay(invoice)


def test_a_late_payment_does_not_revive_an_ended_subscription(api, pro_customer):
    subscription = api.subscriptions.create(
        {"customer": pro_customer("pm_card_chargeCustomerFail"), "items": ITEMS}
    )
    api.subscriptions.cancel(subscription.id)
    api.invoices.pay(subscription.latest_invoice, {"payment_method": "pm_card_visa"})

    assert api.subscriptions.retrieve(subscription.id).status == "canceled"


def seconds(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


@pytest.mark.parametrize(
    ("anchor", "start", "interval", "count", "end"),
    [
        ("2026-01-15", "2026-01-15", "month", 1, "2026-02-15"),
        ("2026-01-31", "2026-01-31", "month", 1, "2026-02-28"),
        ("2026-01-31", "2026-02-28", "month", 1, "2026-03-31"),
        ("2028-01-31", "2028-01-31", "month", 1, "2028-02-29"),
        ("2026-11-30", "2026-11-30", "month", 3, "2027-02-28"),
        ("2028-02-29", "2028-02-29", "year", 1, "2029-02-28"),
        ("2026-12-31", "2026-12-31", "day", 1, "2027-01-01"),
        ("2026-12-31", "2027-01-07", "week", 1, "2027-01-14"),
    ],
)
def test_periods_are_calendar_steps(anchor, start, interval, count, end):
    recurring = {"interval": interval, "interval_count": count}

    assert period_end(seconds(anchor), seconds(start), recurring) == seconds(end)
