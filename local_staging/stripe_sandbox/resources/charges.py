"""Charges: what payment intents made of cards. They are made by paying, never directly."""

from __future__ import annotations

from typing import Any

from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.listing import matching, page
from local_staging.stripe_sandbox.operations import CREATED, PAGE, Call, Operation


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one charge."""
    return context.addressed("charge", call.id)


def list_charges(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of charges, of a customer or of a payment intent where the request says so."""
    found = matching(context.store.newest_first("charge"), call.params, "customer", "payment_intent")
    return page(found, call.params, "/v1/charges")


OPERATIONS = (
    Operation(
        "GET",
        "/v1/charges",
        "ChargeListParams",
        list_charges,
        (*PAGE, *CREATED, "customer", "payment_intent"),
    ),
    Operation("GET", "/v1/charges/{id}", "ChargeRetrieveParams", retrieve),
)
