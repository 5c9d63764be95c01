"""Refunds: charges given back, wholly or in part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_staging.stripe_sandbox.blanks import filled
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError
from local_staging.stripe_sandbox.listing import matching, page
from local_staging.stripe_sandbox.operations import CREATED, METADATA, PAGE, Call, Operation
from local_staging.stripe_sandbox.store import new_id
from local_staging.stripe_sandbox.updates import apply, changed_fields, merged_metadata


def create(context: Context, call: Call) -> dict[str, Any]:
    """Give back what is left of a charge, or the amount that the request says."""
    charge = _charge(context, call.params)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = call.params.get("amount", left)
    _check(charge, amount, left)
    context = context.of(charge)
    refund = context.store.add(
        filled(
            "refund",
            id=new_id("re"),
            amount=amount,
            charge=charge["id"],
            created=context.now(),
            currency=charge["currency"],
            metadata=merged_metadata({}, call.params.get("metadata")),
            payment_intent=charge["payment_intent"],
            reason=call.params.get("reason"),
        )
    )
    context.emit("refund.created", refund, None)
    previous = {name: charge[name] for name in ("amount_refunded", "refunded")}
    charge["amount_refunded"] += amount
    charge["refunded"] = amount == left
    context.emit("charge.refunded", charge, previous)
    return refund


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one refund."""
    return context.addressed("refund", call.id)


def update(context: Context, call: Call) -> dict[str, Any]:
    """Change a refund's metadata."""
    refund = context.addressed("refund", call.id)
    return apply(
        context.of(refund), refund, changed_fields(refund, call.params, ("metadata",)), "refund.updated"
    )


def list_refunds(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of refunds, of a charge or a payment intent where the request says so."""
    found = matching(context.store.newest_first("refund"), call.params, "charge", "payment_intent")
    return page(found, call.params, "/v1/refunds")


def _charge(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the charge that a request names, itself or by its payment intent."""
    if ("charge" in params) == ("payment_intent" in params):
        raise InvalidRequestError(
            "You must specify exactly one of these parameters: charge, payment_intent.",
            code="parameter_missing",
            param="charge",
        )
    if "charge" in params:
        return context.referenced("charge", params["charge"], "charge")
    intent = context.referenced("payment_intent", params["payment_intent"], "payment_intent")
    if intent["status"] != "succeeded":
        raise InvalidRequestError(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return context.referenced("charge", intent["latest_charge"], "payment_intent")


def _check(charge: Mapping[str, Any], amount: int, left: int) -> None:
    if not charge["paid"]:
        raise InvalidRequestError(f"Charge {charge['id']} was not paid, so there is nothing to refund.")
    if left == 0:
        raise InvalidRequestError(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if amount < 1:
        raise InvalidRequestError(
            "Invalid positive integer", code="parameter_invalid_integer", param="amount"
        )
    if amount > left:
        raise InvalidRequestError(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).", param="amount"
        )


OPERATIONS = (
    Operation(
        "POST",
        "/v1/refunds",
        "RefundCreateParams",
        create,
        (
            *METADATA,
            "amount",
            "charge",
            "payment_intent",
            "reason=duplicate|fraudulent|requested_by_customer",
        ),
    ),
    Operation(
        "GET", "/v1/refunds", "RefundListParams", list_refunds, (*PAGE, *CREATED, "charge", "payment_intent")
    ),
    Operation("GET", "/v1/refunds/{id}", "RefundRetrieveParams", retrieve),
    Operation("POST", "/v1/refunds/{id}", "RefundUpdateParams", update, METADATA),
)
