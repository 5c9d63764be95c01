"""Faults of what Stripe tells: events, their signatures, and what it keeps of customers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local_staging.faults.model import Fault, Notice
from local_staging.faults.switches import always, wrapped
from local_staging.stripe_sandbox import webhooks
from local_staging.stripe_sandbox.events import EventLog
from local_staging.stripe_sandbox.resources import customers
from local_staging.stripe_sandbox.webhooks import WebhookSender

Step = Callable[..., Any]


def untold(*event_types: str) -> Callable[[Step], Step]:
    """Record and post no events of some types."""

    def make(record: Step) -> Step:
        def silent(log: Any, event_type: str, *about: Any, **how: Any) -> None:
            if event_type not in event_types:
                record(log, event_type, *about, **how)

        return silent

    return make


def told_twice(record: Step) -> Step:
    """Make two events of everything that happens, each with an id of its own."""

    def again(*about: Any, **how: Any) -> None:
        record(*about, **how)
        record(*about, **how)

    return again


def signed_by_a_stranger(header: Step) -> Step:
    """Sign webhooks with a secret that nobody was given."""
    return lambda body, _: header(body, ["whsec_of_a_stranger"])


def forgetting(param: str) -> Callable[[Step], Step]:
    """Forget one parameter of what is asked of a customer."""

    def make(changes: Step) -> Step:
        return lambda context, customer, params: changes(
            context, customer, {name: value for name, value in params.items() if name != param}
        )

    return make


EVENTS = (
    Fault(
        "no-webhooks",
        "Stripe posts its events.",
        always(WebhookSender, "deliver", answer=None),
        Notice("w06_pro", "invoice_paid.customer", "credit_balance is 10, expected 70"),
    ),
    Fault(
        "payment-not-told",
        "Stripe tells of every paid invoice.",
        wrapped(EventLog, "record", untold("invoice.payment_succeeded")),
        Notice("w06_pro", "invoice_paid.customer", "credit_balance is 10, expected 70"),
    ),
    Fault(
        "failed-payment-not-told",
        "Stripe tells of every invoice that could not be paid.",
        wrapped(EventLog, "record", untold("invoice.payment_failed")),
        Notice("w11_payment_failure", "renewal_fails.events", "none (expected amount_cents=59900)"),
    ),
    Fault(
        "change-not-told",
        "Stripe tells of every change of a subscription.",
        wrapped(EventLog, "record", untold("customer.subscription.updated")),
        Notice("w10_cancel_at_period_end", "told_by_stripe.events", "none (expected amount_cents=null"),
    ),
    Fault(
        "end-not-told",
        "Stripe tells of the end of a subscription.",
        wrapped(EventLog, "record", untold("customer.subscription.deleted")),
        Notice("w09_cancel_now", "deleted.events", "none (expected amount_cents=null"),
    ),
    Fault(
        "events-told-twice",
        "What happens once is one event, under one id.",
        wrapped(EventLog, "record", told_twice),
        Notice(
            "w06_pro",
            "invoice_paid.events",
            "amount_cents=59900; amount_cents=59900 (expected amount_cents=59900)",
        ),
    ),
    Fault(
        "webhooks-signed-wrongly",
        "Stripe signs webhooks with the endpoint's secret.",
        wrapped(webhooks, "signature_header", signed_by_a_stranger),
        Notice("w06_pro", "invoice_paid.customer", "credit_balance is 10, expected 70"),
    ),
)

CUSTOMERS = (
    Fault(
        "metadata-lost",
        "Stripe keeps the metadata of a customer.",
        wrapped(customers, "_changes", forgetting("metadata")),
        Notice(
            "w01_signup", "stripe_customer.stripe_customer", "metadata is , expected (a field with the value"
        ),
    ),
    Fault(
        "default-card-forgotten",
        "Stripe keeps which card is the customer's default.",
        wrapped(customers, "_changes", forgetting("invoice_settings")),
        Notice(
            "w04_payment_method",
            "with_consent.stripe_customer",
            "default_payment_method=null, expected default_payment_method=(set)",
        ),
    ),
)

FAULTS = (*EVENTS, *CUSTOMERS)
