"""Billing subscriptions: an invoice for each period, its payment, and the subscription's end.

Every step is a function of its own that takes the time from its context, so that whatever moves time (a test
clock) can take the same steps as a request does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_staging.stripe_sandbox import payments
from local_staging.stripe_sandbox.blanks import filled
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import CardError, InvalidRequestError
from local_staging.stripe_sandbox.listing import list_of
from local_staging.stripe_sandbox.store import new_id
from local_staging.stripe_sandbox.updates import apply

FINAL = frozenset({"canceled", "incomplete_expired"})


def payment_method_for(context: Context, subscription: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a subscription is paid with: its own default, else its customer's; None without either."""
    customer = context.store.get(subscription["customer"]) or {}
    # A deleted customer has no settings any more, but its open invoices can still be asked to be paid.
    settings = customer.get("invoice_settings", {})
    identifier = subscription["default_payment_method"] or settings.get("default_payment_method")
    return context.store.get(identifier) if identifier else None


def no_payment_method() -> InvalidRequestError:
    """Return the refusal of a payment for which there is nothing to charge."""
    return InvalidRequestError(
        "This customer has no attached payment source or default payment method. Attach one and make it the "
        "default (invoice_settings[default_payment_method]), or give the payment method in the request.",
        code="resource_missing",
    )


def draft_invoice(context: Context, subscription: dict[str, Any], reason: str) -> dict[str, Any]:
    """Make the draft of a subscription's invoice for its current period.

    Args:
        context: The surroundings of the request.
        subscription: The subscription in the store; its ``latest_invoice`` becomes this one.
        reason: Stripe's billing reason: ``subscription_create`` or ``subscription_cycle``.
    """
    customer = context.store.get(subscription["customer"]) or {}
    identifier = new_id("in")
    lines = [_line(identifier, subscription, item) for item in subscription["items"]["data"]]
    total = sum(line["amount"] for line in lines)
    invoice = filled(
        "invoice",
        id=identifier,
        amount_due=total,
        amount_paid=0,
        amount_remaining=total,
        attempt_count=0,
        attempted=False,
        auto_advance=True,
        billing_reason=reason,
        created=context.now(),
        currency=subscription["currency"],
        customer=customer["id"],
        customer_address=customer["address"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_phone=customer["phone"],
        default_payment_method=None,
        effective_at=None,
        lines=list_of(lines, f"/v1/invoices/{identifier}/lines"),
        metadata={},
        parent={
            "quote_details": None,
            "subscription_details": {
                "metadata": dict(subscription["metadata"]),
                "subscription": subscription["id"],
            },
            "type": "subscription_details",
        },
        period_end=context.now(),
        period_start=context.now(),
        status="draft",
        status_transitions=dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        subtotal=total,
        subtotal_excluding_tax=total,
        total=total,
        total_excluding_tax=total,
    )
    context.emit("invoice.created", context.store.add(invoice), None)
    subscription["latest_invoice"] = identifier
    return invoice


def finalize(context: Context, invoice: dict[str, Any]) -> None:
    """Open a draft: number it, and make the payment intent that pays it (none when nothing is due)."""
    customer = context.store.get(invoice["customer"]) or {}
    invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    customer["currency"] = customer["currency"] or invoice["currency"]
    invoice.update(status="open", effective_at=context.now())
    invoice["status_transitions"]["finalized_at"] = context.now()
    if invoice["amount_due"]:
        _make_invoice_payment(context, invoice)
    context.emit("invoice.finalized", invoice, None)


def collect(context: Context, invoice: dict[str, Any], payment_method: Mapping[str, Any]) -> CardError | None:
    """Try to pay an open invoice.

    Args:
        context: The surroundings of the request.
        invoice: The invoice in the store.
        payment_method: What to charge.

    Returns:
        The decline; None when the invoice is paid. Invoice and events tell the same; the subscription follows
        with :func:`follow_invoice`.
    """
    payment = invoice_payment(context, invoice)
    if payment is None:
        settle(context, invoice)
        return None
    intent = context.referenced("payment_intent", payment["payment"]["payment_intent"], "payment_intent")
    decline = payments.charge(context, intent, payment_method)
    settle(context, invoice, decline)
    return decline


def settle(context: Context, invoice: dict[str, Any], decline: CardError | None = None) -> None:
    """Record the outcome of an attempt to pay an invoice.

    Args:
        context: The surroundings of the request.
        invoice: The invoice in the store.
        decline: Why the payment failed; None when it succeeded or nothing was due.
    """
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    if decline:
        context.emit("invoice.payment_failed", invoice, None)
        return
    due = invoice["amount_due"]
    invoice.update(status="paid", amount_paid=due, amount_remaining=0, auto_advance=False)
    invoice["status_transitions"]["paid_at"] = context.now()
    if payment := invoice_payment(context, invoice):
        payment.update(status="paid", amount_paid=due)
        payment["status_transitions"]["paid_at"] = context.now()
    context.emit("invoice.paid", invoice, None)
    context.emit("invoice.payment_succeeded", invoice, None)


def invoice_payment(context: Context, invoice: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what links an invoice to its payment intent; None before it is finalized or when nothing is due."""
    found = (
        item for item in context.store.newest_first("invoice_payment") if item["invoice"] == invoice["id"]
    )
    return next(found, None)


def invoice_of(context: Context, intent: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the invoice that a payment intent pays; None when it pays no invoice."""
    for item in context.store.newest_first("invoice_payment"):
        if item["payment"]["payment_intent"] == intent["id"]:
            return context.store.get(item["invoice"])
    return None


def follow_invoice(context: Context, invoice: Mapping[str, Any]) -> None:
    """Bring a subscription to the status that an attempt to pay its invoice gives it, unless it has ended."""
    subscription = context.store.get(invoice["parent"]["subscription_details"]["subscription"])
    if subscription and subscription["status"] not in FINAL:
        apply(context, subscription, {"status": status_after(invoice)}, "customer.subscription.updated")


def status_after(invoice: Mapping[str, Any]) -> str:
    """Return the status of a subscription whose latest invoice is in this state."""
    if invoice["status"] == "paid":
        return "active"
    return "incomplete" if invoice["billing_reason"] == "subscription_create" else "past_due"


def end(context: Context, subscription: dict[str, Any], details: Mapping[str, Any] | None = None) -> None:
    """End a subscription now and record ``customer.subscription.deleted``.

    Args:
        context: The surroundings of the request.
        subscription: The subscription in the store.
        details: What to put into ``cancellation_details``.
    """
    now = context.now()
    subscription["cancellation_details"].update(details or {})
    subscription.update(status="canceled", canceled_at=subscription["canceled_at"] or now, ended_at=now)
    context.emit("customer.subscription.deleted", subscription, None)


def _make_invoice_payment(context: Context, invoice: Mapping[str, Any]) -> None:
    intent = payments.make_intent(
        context,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        description="Subscription creation"
        if invoice["billing_reason"] == "subscription_create"
        else "Subscription update",
    )
    context.store.add(
        filled(
            "invoice_payment",
            id=new_id("inpay"),
            amount_paid=None,
            amount_requested=invoice["amount_due"],
            created=context.now(),
            currency=invoice["currency"],
            invoice=invoice["id"],
            payment={"payment_intent": intent["id"], "type": "payment_intent"},
            status="open",
            status_transitions={"canceled_at": None, "paid_at": None},
        )
    )


def _line(invoice: str, subscription: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    price = item["price"]
    amount = price["unit_amount"] * item["quantity"]
    return filled(
        "line_item",
        id=new_id("il"),
        amount=amount,
        currency=price["currency"],
        description=f"{item['quantity']} x {price['nickname'] or price['id']}",
        invoice=invoice,
        metadata=dict(subscription["metadata"]),
        parent={
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": False,
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
        period={"end": item["current_period_end"], "start": item["current_period_start"]},
        pricing={
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": str(price["unit_amount"]),
        },
        quantity=item["quantity"],
        quantity_decimal=str(item["quantity"]),
        subscription=subscription["id"],
        subtotal=amount,
    )
