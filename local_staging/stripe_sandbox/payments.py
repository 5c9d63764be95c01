"""Charging cards: payment methods, payment intents, and the charges they make."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from local_staging.stripe_sandbox.blanks import BILLING_DETAILS, filled
from local_staging.stripe_sandbox.cards import Decline, TestCard, card_named
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import CardError, InvalidRequestError
from local_staging.stripe_sandbox.store import new_id

_CHECKS: Mapping[str, Any] = {
    "address_line1_check": None,
    "address_postal_code_check": None,
    "cvc_check": "pass",
}
_SHARED_CARD_FIELDS = (
    "brand",
    "checks",
    "country",
    "exp_month",
    "exp_year",
    "fingerprint",
    "funding",
    "last4",
    "wallet",
)
DEFAULT_EXPIRY = (12, 2040)


def make_payment_method(
    context: Context,
    card: TestCard,
    *,
    expiry: tuple[int, int] = DEFAULT_EXPIRY,
    billing_details: Mapping[str, Any] = BILLING_DETAILS,
    metadata: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Make a payment method from a test card.

    Args:
        context: The surroundings of the request.
        card: The card.
        expiry: The month and the year the card says it expires.
        billing_details: Complete billing details.
        metadata: The payment method's metadata.
    """
    made = context.store.add(
        filled(
            "payment_method",
            id=new_id("pm"),
            billing_details=copy.deepcopy(dict(billing_details)),
            card=_card_details(card, expiry),
            created=context.now(),
            metadata=dict(metadata or {}),
        )
    )
    context.store.cards[made["id"]] = card
    return made


def usable_payment_method(context: Context, identifier: str, param: str) -> dict[str, Any]:
    """Return the payment method with an id; the name of a ready one (``pm_card_visa``) makes a fresh one.

    Raises:
        InvalidRequestError: There is none.
    """
    if card := card_named(identifier):
        return make_payment_method(context, card)
    return context.referenced("payment_method", identifier, param)


def attach(context: Context, payment_method: dict[str, Any], customer: str) -> dict[str, Any]:
    """Attach a payment method to a customer and record the event.

    Raises:
        CardError: See :func:`require_attachable`.
        InvalidRequestError: It is attached to another customer.
    """
    if payment_method["customer"] != customer:
        require_attachable(context, payment_method)
        payment_method["customer"] = customer
        context.emit("payment_method.attached", payment_method, None)
    return payment_method


def require_attachable(context: Context, payment_method: Mapping[str, Any]) -> None:
    """Refuse to attach a payment method that declines, or that is attached already.

    Raises:
        CardError: The card declines; only good cards can be attached (and the one made for failing later).
        InvalidRequestError: It is attached to a customer.
    """
    if payment_method["customer"] is not None:
        raise InvalidRequestError(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
        )
    card = context.store.cards[payment_method["id"]]
    if card.decline and not card.attaches:
        raise card.decline.error()


def make_intent(
    context: Context, *, amount: int, currency: str, customer: str | None, **fields: Any
) -> dict[str, Any]:
    """Make a payment intent that waits for a payment method or a confirmation.

    Args:
        context: The surroundings of the request.
        amount: In the currency's smallest unit (cents).
        currency: Three lower-case letters.
        customer: The customer's id.
        fields: ``payment_method`` (its id), ``description``, ``metadata``, ``receipt_email`` and what else of
            the request the answer shows, where they are known.
    """
    identifier = new_id("pi")
    known = {
        "automatic_payment_methods": None,
        "description": None,
        "metadata": {},
        "payment_method": None,
        "receipt_email": None,
        **fields,
    }
    intent = filled(
        "payment_intent",
        id=identifier,
        amount=amount,
        client_secret=new_id(f"{identifier}_secret"),
        created=context.now(),
        currency=currency,
        customer=customer,
        status="requires_confirmation" if known["payment_method"] else "requires_payment_method",
        **known,
    )
    context.emit("payment_intent.created", context.store.add(intent), None)
    return intent


def require_chargeable(payment_method: Mapping[str, Any], customer: str | None) -> None:
    """Refuse a payment method that belongs to another customer than the payment.

    Raises:
        InvalidRequestError: It is attached to someone else, or to a customer the payment does not name.
    """
    owner = payment_method["customer"]
    if owner is not None and owner != customer:
        raise InvalidRequestError(
            f"The payment method {payment_method['id']} belongs to the customer {owner}. Name that customer in "
            "the 'customer' parameter.",
            param="payment_method",
        )


def decline_of(context: Context, payment_method: Mapping[str, Any]) -> Decline | None:
    """Return what a charge of this payment method would be declined with, None when it would succeed."""
    return context.store.cards[payment_method["id"]].decline


def charge(context: Context, intent: dict[str, Any], payment_method: Mapping[str, Any]) -> CardError | None:
    """Attempt a payment intent once.

    Args:
        context: The surroundings of the request.
        intent: The payment intent in the store; it and the events tell the outcome.
        payment_method: What to charge.

    Returns:
        The decline, as the answer to a request that wanted the payment; None when the payment succeeded.
    """
    decline = decline_of(context, payment_method)
    made = context.store.add(_charge_object(context, intent, payment_method, decline))
    if decline is None:
        _succeed(context, intent, made)
        return None
    details = {"charge": made["id"], "payment_method": copy.deepcopy(dict(payment_method))}
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        latest_charge=made["id"],
        last_payment_error=decline.error(**details).body()["error"],
    )
    context.emit("charge.failed", made, None)
    context.emit("payment_intent.payment_failed", intent, None)
    return decline.error(**details, payment_intent=copy.deepcopy(intent))


def cancel_intent(context: Context, intent: dict[str, Any], reason: str | None) -> dict[str, Any]:
    """Cancel a payment intent that was not paid, and record the event.

    Args:
        context: The surroundings of the request.
        intent: The payment intent in the store.
        reason: Stripe's cancellation reason, where there is one.
    """
    intent.update(status="canceled", canceled_at=context.now(), cancellation_reason=reason)
    context.emit("payment_intent.canceled", intent, None)
    return intent


def _succeed(context: Context, intent: dict[str, Any], made: dict[str, Any]) -> None:
    intent.update(
        status="succeeded",
        payment_method=made["payment_method"],
        latest_charge=made["id"],
        amount_received=intent["amount"],
        last_payment_error=None,
    )
    context.emit("charge.succeeded", made, None)
    context.emit("payment_intent.succeeded", intent, None)


def _charge_object(
    context: Context, intent: Mapping[str, Any], payment_method: Mapping[str, Any], decline: Decline | None
) -> dict[str, Any]:
    return filled(
        "charge",
        id=new_id("ch"),
        amount=intent["amount"],
        amount_captured=0 if decline else intent["amount"],
        billing_details=copy.deepcopy(payment_method["billing_details"]),
        captured=decline is None,
        created=context.now(),
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        failure_code=decline.code if decline else None,
        failure_message=decline.message if decline else None,
        metadata=dict(intent["metadata"]),
        outcome=_outcome(decline),
        paid=decline is None,
        payment_intent=intent["id"],
        payment_method=payment_method["id"],
        payment_method_details={"card": _charged_card(payment_method["card"]), "type": "card"},
        receipt_email=intent["receipt_email"],
        status="failed" if decline else "succeeded",
    )


def _outcome(decline: Decline | None) -> dict[str, Any]:
    said = f"The bank returned the decline code `{decline.decline_code}`." if decline else "Payment complete."
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if decline else "approved_by_network",
        "reason": decline.decline_code if decline else None,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": said,
        "type": "issuer_declined" if decline else "authorized",
    }


def _card_details(card: TestCard, expiry: tuple[int, int]) -> dict[str, Any]:
    return {
        "brand": card.brand,
        "checks": dict(_CHECKS),
        "country": "US",
        "display_brand": card.brand,
        "exp_month": expiry[0],
        "exp_year": expiry[1],
        "fingerprint": card.fingerprint,
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _charged_card(card: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{field: copy.deepcopy(card[field]) for field in _SHARED_CARD_FIELDS},
        "installments": None,
        "mandate": None,
        "network": card["brand"],
        "three_d_secure": None,
    }
