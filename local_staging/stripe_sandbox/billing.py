"""Invoices of subscriptions: drafted for a period, finalized, paid or not, voided or written off.

Every step is a function of its own that takes the time from its context, so that a test clock takes the same
steps as a request does. What a step means for the subscription is in ``lifecycle``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_staging.stripe_sandbox import payments
from local_staging.stripe_sandbox.blanks import filled
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import CardError, InvalidRequestError, StripeApiError
from local_staging.stripe_sandbox.listing import list_of
from local_staging.stripe_sandbox.store import new_id

CREATE, CYCLE = "subscription_create", "subscription_cycle"
Period = tuple[int, int]


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


def draft_invoice(
    context: Context, subscription: dict[str, Any], reason: str, *, closing: Period | None = None
) -> dict[str, Any]:
    """Make the draft of a subscription's invoice for its current period; a trial's costs nothing.

    Args:
        context: The surroundings of the request.
        subscription: The subscription in the store; its ``latest_invoice`` becomes this one.
        reason: Stripe's billing reason: :data:`CREATE` or :data:`CYCLE`.
        closing: The period that has just ended, which a renewal's invoice names as its own; none at the start.
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
        period_end=closing[1] if closing else context.now(),
        period_start=closing[0] if closing else context.now(),
        status="draft",
        status_transitions=dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        subtotal=total,
        subtotal_excluding_tax=total,
        test_clock=customer["test_clock"],
        total=total,
        total_excluding_tax=total,
    )
    if reason == CYCLE:
        _schedule(context, invoice, collected=subscription["status"] != "unpaid")
    context.store.add(invoice, subscription["id"], customer["test_clock"])
    context.emit("invoice.created", invoice, None)
    subscription["latest_invoice"] = identifier
    return invoice


def _schedule(context: Context, invoice: dict[str, Any], *, collected: bool) -> None:
    """Say when a renewal's draft is finalized and charged; the invoices of an unpaid subscription never are."""
    moment = context.now() + context.settings.draft_seconds if collected else None
    invoice.update(auto_advance=collected, automatically_finalizes_at=moment, next_payment_attempt=moment)


def finalize(context: Context, invoice: dict[str, Any]) -> None:
    """Open a draft: number it, and make the payment intent that pays it (none when nothing is due)."""
    customer = context.store.get(invoice["customer"]) or {}
    invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    customer["currency"] = customer["currency"] or invoice["currency"]
    invoice.update(status="open", effective_at=context.now(), automatically_finalizes_at=None)
    invoice["status_transitions"]["finalized_at"] = context.now()
    if invoice["amount_due"]:
        _make_invoice_payment(context, invoice)
    context.emit("invoice.finalized", invoice, None)


def collect(
    context: Context, invoice: dict[str, Any], payment_method: Mapping[str, Any], *, automatic: bool = False
) -> CardError | None:
    """Try to pay an open invoice.

    Args:
        context: The surroundings of the request.
        invoice: The invoice in the store.
        payment_method: What to charge.
        automatic: Whether the retry schedule asks for it, not a request.

    Returns:
        The decline; None when the invoice is paid. Invoice and events tell the same; the subscription follows
        with ``lifecycle.follow_invoice``.
    """
    payment = invoice_payment(context, invoice)
    if payment is None:
        settle(context, invoice)
        return None
    intent = context.referenced("payment_intent", payment["payment"]["payment_intent"], "payment_intent")
    decline = payments.charge(context, intent, payment_method)
    settle(context, invoice, decline, automatic=automatic)
    return decline


def settle(
    context: Context,
    invoice: dict[str, Any],
    failure: StripeApiError | None = None,
    *,
    automatic: bool = False,
) -> None:
    """Record the outcome of an attempt to pay an invoice.

    Args:
        context: The surroundings of the request.
        invoice: The invoice in the store.
        failure: Why the payment failed; None when it succeeded or nothing was due.
        automatic: Whether the retry schedule asked for it. Any first attempt counts for the schedule, and later
            on only its own (Stripe API reference, ``attempt_count``).
    """
    counts = automatic or not invoice["attempted"]
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + counts)
    if failure:
        if counts and invoice["billing_reason"] == CYCLE and invoice["auto_advance"]:
            dunning = context.settings.dunning
            invoice["next_payment_attempt"] = dunning.next_attempt(context.now(), invoice["attempt_count"])
        context.emit("invoice.payment_failed", invoice, None)
        return
    due = invoice["amount_due"]
    _close(invoice, "paid", "paid_at", context.now())
    invoice.update(amount_paid=due, amount_remaining=0)
    if payment := invoice_payment(context, invoice):
        payment.update(status="paid", amount_paid=due)
        payment["status_transitions"]["paid_at"] = context.now()
    context.emit("invoice.paid", invoice, None)
    context.emit("invoice.payment_succeeded", invoice, None)


def void(context: Context, invoice: dict[str, Any]) -> None:
    """Void an open invoice: nobody has to pay it any more, and its payment intent is canceled."""
    _close(invoice, "void", "voided_at", context.now())
    if payment := invoice_payment(context, invoice):
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = context.now()
        intent = context.referenced("payment_intent", payment["payment"]["payment_intent"], "payment_intent")
        payments.cancel_intent(context, intent, "void_invoice")
    context.emit("invoice.voided", invoice, None)


def write_off(context: Context, invoice: dict[str, Any]) -> None:
    """Mark an open invoice uncollectible; it can still be paid or voided, but nothing happens by itself."""
    _close(invoice, "uncollectible", "marked_uncollectible_at", context.now())
    context.emit("invoice.marked_uncollectible", invoice, None)


def _close(invoice: dict[str, Any], status: str, transition: str, now: int) -> None:
    invoice.update(status=status, auto_advance=False, next_payment_attempt=None)
    invoice["status_transitions"][transition] = now


def invoice_payment(context: Context, invoice: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what links an invoice to its payment intent; None before it is finalized or when nothing is due."""
    return next(context.store.filed(invoice["id"], "invoice_payment"), None)


def invoice_of(context: Context, intent: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the invoice that a payment intent pays; None when it pays no invoice."""
    payment = next(context.store.filed(intent["id"], "invoice_payment"), None)
    return context.store.get(payment["invoice"]) if payment else None


def subscription_of(invoice: Mapping[str, Any]) -> str:
    """Return the id of the subscription that an invoice bills."""
    subscription: str = invoice["parent"]["subscription_details"]["subscription"]
    return subscription


def _make_invoice_payment(context: Context, invoice: Mapping[str, Any]) -> None:
    intent = payments.make_intent(
        context,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        description="Subscription creation" if invoice["billing_reason"] == CREATE else "Subscription update",
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
        ),
        invoice["id"],
        intent["id"],
    )


def _line(invoice: str, subscription: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    price = item["price"]
    trial = subscription["status"] == "trialing"
    unit_amount = 0 if trial else price["unit_amount"]
    amount = unit_amount * item["quantity"]
    name = price["nickname"] or price["id"]
    return filled(
        "line_item",
        id=new_id("il"),
        amount=amount,
        currency=price["currency"],
        description=f"Trial period for {name}" if trial else f"{item['quantity']} x {name}",
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
            "unit_amount_decimal": str(unit_amount),
        },
        quantity=item["quantity"],
        quantity_decimal=str(item["quantity"]),
        subscription=subscription["id"],
        subtotal=amount,
    )
