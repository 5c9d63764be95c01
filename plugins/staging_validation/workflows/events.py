"""Stripe events as the Stripe API reference describes them, made by us to be signed and sent to staging.

Only fields that the platform contract reads, and those that make the objects well formed, are filled in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import JsonValue

from staging_validation.workflows.model import WebhookEvent

PRO_PRICE_CENTS = 59_900
"""A month of Pro (platform contract)."""

MONTH_SECONDS = 30 * 24 * 3600


def event(event_id: str, event_type: str, *, created: int, data: Mapping[str, JsonValue]) -> WebhookEvent:
    """Wrap a Stripe object in a test-mode event.

    Args:
        event_id: The event's id, unique in the staging database for ever.
        event_type: For example ``invoice.payment_succeeded``.
        created: Unix time in seconds.
        data: The Stripe object that the event is about.
    """
    envelope = {
        "id": event_id,
        "object": "event",
        "created": created,
        "data": {"object": dict(data)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": event_type,
    }
    return WebhookEvent(event_id, event_type, json.dumps(envelope))


def pro_invoice(
    invoice_id: str,
    *,
    stripe_customer: str,
    price: str,
    run_id: str,
    created: int,
    paid: bool = True,
    old_shape: bool = False,
) -> dict[str, JsonValue]:
    """Return an invoice over one month of Pro.

    Args:
        invoice_id: The invoice's id.
        stripe_customer: The Stripe customer's id.
        price: Id of the Pro price.
        run_id: The run, kept in the invoice's metadata.
        created: Unix time in seconds.
        paid: Whether its payment succeeded.
        old_shape: Name the price as Stripe did before its API of 2025: as the line's own ``price`` object.
    """
    priced: dict[str, JsonValue] = (
        {"price": {"id": price, "object": "price", "product": "prod_pro"}}
        if old_shape
        else {"pricing": {"type": "price_details", "price_details": {"price": price, "product": "prod_pro"}}}
    )
    line: JsonValue = {
        "id": invoice_id.replace("in_", "il_", 1),
        "object": "line_item",
        "amount": PRO_PRICE_CENTS,
        "currency": "usd",
        "livemode": False,
        "period": {"start": created, "end": created + MONTH_SECONDS},
        "quantity": 1,
        **priced,
    }
    return {
        "id": invoice_id,
        "object": "invoice",
        "amount_due": PRO_PRICE_CENTS,
        "amount_paid": PRO_PRICE_CENTS if paid else 0,
        "amount_remaining": 0 if paid else PRO_PRICE_CENTS,
        "billing_reason": "subscription_cycle",
        "created": created,
        "currency": "usd",
        "customer": stripe_customer,
        "lines": {"object": "list", "data": [line], "has_more": False},
        "livemode": False,
        "metadata": {"validation_run": run_id},
        "status": "paid" if paid else "open",
    }


def pro_subscription(
    subscription_id: str,
    *,
    stripe_customer: str,
    price: str,
    run_id: str,
    began: int,
    status: str = "active",
    cancel_at_period_end: bool = False,
) -> dict[str, JsonValue]:
    """Return a subscription to Pro.

    Args:
        subscription_id: The subscription's id.
        stripe_customer: The Stripe customer's id.
        price: Id of the Pro price.
        run_id: The run, kept in the subscription's metadata.
        began: When its period began, Unix time in seconds.
        status: Its status in Stripe's words.
        cancel_at_period_end: Whether it ends with its period.
    """
    item: JsonValue = {
        "id": subscription_id.replace("sub_", "si_", 1),
        "object": "subscription_item",
        "current_period_start": began,
        "current_period_end": began + MONTH_SECONDS,
        "price": {"id": price, "object": "price", "product": "prod_pro"},
        "quantity": 1,
    }
    return {
        "id": subscription_id,
        "object": "subscription",
        "cancel_at_period_end": cancel_at_period_end,
        "created": began,
        "customer": stripe_customer,
        "items": {"object": "list", "data": [item], "has_more": False},
        "livemode": False,
        "metadata": {"validation_run": run_id},
        "status": status,
    }
