"""Faults of subscriptions: their begin, their renewals, what they owe, and their end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from local_staging.faults.model import Fault, Notice
from local_staging.faults.switches import all_of, always, constant, reworded, with_entry, wrapped
from local_staging.service import subscriptions
from local_staging.service.stripe_gateway import StripeGateway
from local_staging.service.stripe_objects import StripeInvoice
from local_staging.service.webhooks import handlers, processing, queue
from local_staging.service.webhooks.handlers import Applied, Delivery

_SET_BALANCE = "UPDATE customers SET credit_balance = %s WHERE id = %s"


def as_if_with_card(lock: Callable[..., Any]) -> Callable[..., Any]:
    """Take every customer for one with a card."""
    return lambda connection, customer_id: replace(lock(connection, customer_id), has_payment_method=True)


def losing(event_type: str) -> Callable[[Any], Callable[..., None]]:
    """Lose the accepted events of a type."""

    def make(put: Callable[..., None]) -> Callable[..., None]:
        return lambda work, body: None if json.loads(body)["type"] == event_type else put(work, body)

    return make


def recorded_only(_: Delivery) -> Applied:
    """Record an event, and change nothing."""
    return Applied()


def in_dollars(_: Any) -> property:
    """Take an invoice's amount for dollars."""
    return property(lambda invoice: (invoice.amount_due or invoice.amount_paid) // 100)


def never(before: str, after: str) -> Callable[[Any], Callable[..., None]]:
    """Never bring a customer from one state into another."""

    def make(set_state: Callable[..., None]) -> Callable[..., None]:
        def set_most(delivery: Delivery, state: str) -> None:
            if delivery.customer.subscription_state != before or state != after:
                set_state(delivery, state)

        return set_most

    return make


def emptying_on(state: str) -> Callable[[Any], Callable[..., None]]:
    """Take the credits away from who comes into a state."""

    def make(set_state: Callable[..., None]) -> Callable[..., None]:
        def emptied(delivery: Delivery, new: str) -> None:
            set_state(delivery, new)
            if new == state:
                delivery.work.connection.execute(_SET_BALANCE, [0, delivery.customer.id])

        return emptied

    return make


def first_invoice_only(credit: Callable[..., bool]) -> Callable[..., bool]:
    """Credit no renewal."""
    return lambda delivery, invoice: not invoice.is_renewal and credit(delivery, invoice)


def expiring(credit: Callable[..., bool]) -> Callable[..., bool]:
    """Let what is left of the credits expire with each renewal."""

    def expired(delivery: Delivery, invoice: StripeInvoice) -> bool:
        if invoice.is_renewal:
            delivery.work.connection.execute(_SET_BALANCE, [0, delivery.customer.id])
        return credit(delivery, invoice)

    return expired


BEGIN = (
    Fault(
        "pro-without-a-card",
        "Subscribing to Pro without a card is refused as such.",
        wrapped(subscriptions, "lock_customer", as_if_with_card),
        Notice("w06_pro", "without_a_card.answer", "code=stripe_refused, expected code=no_payment_method"),
    ),
    Fault(
        "no-pro-credits",
        "A paid Pro invoice brings sixty credits.",
        always(handlers, "_credit", answer=False),
        Notice("w06_pro", "invoice_paid.customer", "credit_balance is 10, expected 70"),
    ),
    Fault(
        "fifty-pro-credits",
        "A paid Pro invoice brings sixty credits, no fewer.",
        constant(handlers, "PRO_CREDITS", 50),
        Notice("w06_pro", "invoice_paid.customer", "credit_balance is 60, expected 70"),
    ),
    Fault(
        "subscription-not-stored",
        "A subscription has its row.",
        all_of(
            always(subscriptions, "save_subscription", answer=None),
            always(handlers, "save_subscription", answer=None),
        ),
        Notice("w06_pro", "subscribe.subscriptions", "none (expected plan=pro, status=active"),
    ),
    Fault(
        "invoice-in-dollars",
        "The amount of an invoice is recorded in cents.",
        wrapped(StripeInvoice, "amount_cents", in_dollars),
        Notice("w06_pro", "invoice_paid.events", "amount_cents=599 (expected amount_cents=59900"),
    ),
    Fault(
        "creation-lost",
        "Stripe's word that a subscription began is recorded.",
        wrapped(queue, "put", losing("customer.subscription.created")),
        Notice("w08_pro_overage", "spend.error", "no customer.subscription.created is in billing_events"),
    ),
)

RENEWAL = (
    Fault(
        "renewal-brings-no-credits",
        "A paid renewal brings sixty credits, as the first invoice does.",
        wrapped(handlers, "_credit", first_invoice_only),
        Notice("w07_renewal", "next_period.customer", "credit_balance is 70, expected 130"),
    ),
    Fault(
        "credits-expire",
        "Credits that are left at the end of a period are carried over.",
        wrapped(handlers, "_credit", expiring),
        Notice("w20_billing_year", "month_3.customer", "credit_balance is 60, expected 100"),
    ),
    Fault(
        "period-does-not-move",
        "A renewal moves the period.",
        reworded(
            subscriptions,
            "_UPSERT",
            "coalesce(EXCLUDED.current_period_end, subscriptions.current_period_end)",
            "subscriptions.current_period_end",
        ),
        Notice(
            "w07_renewal",
            "next_period.subscriptions",
            "current_period_end= … (expected … current_period_end=",
        ),
    ),
    Fault(
        "failed-payment-ignored",
        "A renewal that cannot be paid makes the customer past due.",
        wrapped(handlers, "_set_state", never("active", "past_due")),
        Notice(
            "w18_disorder", "paid_before_failed.customer", "subscription_state is active, expected past_due"
        ),
    ),
    Fault(
        "past-due-never-recovers",
        "The next paid invoice ends a debt.",
        wrapped(handlers, "_set_state", never("past_due", "active")),
        Notice("w18_disorder", "newest_event.customer", "subscription_state is past_due, expected active"),
    ),
    Fault(
        "past-due-loses-credits",
        "Who is past due keeps the credits.",
        wrapped(handlers, "_set_state", emptying_on("past_due")),
        Notice("w11_payment_failure", "renewal_fails.customer", "credit_balance is 0, expected 70"),
    ),
)

END = (
    Fault(
        "cancel-now-waits",
        "Cancelling now ends the subscription at Stripe at once, not with its period.",
        constant(StripeGateway, "cancel_now", StripeGateway.cancel_at_period_end),
        Notice("w09_cancel_now", "*", "active … expected … canceled"),
    ),
    Fault(
        "end-takes-the-credits",
        "Who cancels keeps the credits.",
        reworded(
            handlers, "_END", "subscription_state = NULL", "credit_balance = 0, subscription_state = NULL"
        ),
        Notice("w09_cancel_now", "*", "credit_balance is 0, expected 70"),
    ),
    Fault(
        "state-never-cleared",
        "Who has no subscription any more has no subscription's state.",
        reworded(handlers, "_END", "subscription_state = NULL", "subscription_state = 'canceled'"),
        Notice("w09_cancel_now", "deleted.customer", "subscription_state is canceled, expected null"),
    ),
    Fault(
        "cancel-later-ends-now",
        "Cancelling for the period's end changes nothing before it.",
        reworded(
            subscriptions,
            "_CANCEL_LATER",
            "subscription_cancel_at_period_end = true",
            "subscription_cancel_at_period_end = true, subscription_type = 'pay_as_you_go'",
        ),
        Notice(
            "w10_cancel_at_period_end", "cancel.customer", "subscription_type is pay_as_you_go, expected pro"
        ),
    ),
    Fault(
        "cancel-flag-lost",
        "The cancel flag stays until the subscription ends.",
        reworded(handlers, "_FLAG", "= %s, updated_at", "= (%s AND false), updated_at"),
        Notice(
            "w10_cancel_at_period_end",
            "*.customer",
            "subscription_cancel_at_period_end is false, expected true",
        ),
    ),
    Fault(
        "cancel-flag-never-cleared",
        "The end of a subscription clears its cancel flag.",
        reworded(
            handlers,
            "_END",
            "subscription_cancel_at_period_end = false",
            "subscription_cancel_at_period_end = subscription_cancel_at_period_end",
        ),
        Notice(
            "w10_cancel_at_period_end",
            "period_ends.customer",
            "subscription_cancel_at_period_end is true, expected false",
        ),
    ),
    Fault(
        "period-end-ignored",
        "The end of a cancelled period makes the customer pay-as-you-go.",
        with_entry(processing, "HANDLERS", "customer.subscription.deleted", recorded_only),
        Notice(
            "w10_cancel_at_period_end",
            "period_ends.customer",
            "subscription_type is pro, expected pay_as_you_go",
        ),
    ),
)

FAULTS = (*BEGIN, *RENEWAL, *END)
