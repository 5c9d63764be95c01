"""Payment intents: one payment each, made and confirmed in one request or in two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_staging.stripe_sandbox import billing, lifecycle, payments
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError
from local_staging.stripe_sandbox.listing import matching, page
from local_staging.stripe_sandbox.operations import CREATED, METADATA, PAGE, Call, Operation
from local_staging.stripe_sandbox.updates import currency_code, merged_metadata

# Stripe's smallest charge in US dollars; other currencies have other minima and share this one here.
MINIMUM_CENTS = 50
MAXIMUM_CENTS = 99_999_999
_AUTOMATIC: dict[str, Any] = {"allow_redirects": "always", "enabled": True}
_CONFIRMABLE = frozenset({"requires_payment_method", "requires_confirmation"})
_OFF_SESSION = "off_session=true|false|one_off|recurring"


def create(context: Context, call: Call) -> dict[str, Any]:
    """Make a payment intent, and charge it at once where ``confirm`` says so."""
    params = call.params
    _check_amount(params["amount"], currency_code(params["currency"]))
    if "off_session" in params and not params.get("confirm"):
        raise InvalidRequestError("You can only pass off_session when confirm is true.", param="off_session")
    customer = params.get("customer")
    if customer is not None:
        context = context.of(context.referenced("customer", customer, "customer"))
    method = _method(context, params, customer)
    if params.get("confirm") and method is None:
        raise _missing_method()
    intent = payments.make_intent(
        context,
        amount=params["amount"],
        currency=currency_code(params["currency"]),
        customer=customer,
        payment_method=method["id"] if method else None,
        description=params.get("description"),
        metadata=merged_metadata({}, params.get("metadata")),
        receipt_email=params.get("receipt_email") or None,
        allowed_payment_method_types=params.get("allowed_payment_method_types"),
        automatic_payment_methods=_AUTOMATIC | params.get("automatic_payment_methods", {}),
    )
    return _pay(context, intent, method) if method and params.get("confirm") else intent


def confirm(context: Context, call: Call) -> dict[str, Any]:
    """Charge a payment intent; when it belongs to an invoice, the invoice and its subscription follow."""
    intent = context.addressed("payment_intent", call.id)
    if intent["status"] not in _CONFIRMABLE:
        raise InvalidRequestError(
            f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    given = call.params.get("payment_method") or intent["payment_method"]
    method = _method(context, {"payment_method": given} if given else {}, intent["customer"])
    if method is None:
        raise _missing_method()
    return _pay(context.of(intent), intent, method)


def cancel(context: Context, call: Call) -> dict[str, Any]:
    """Cancel a payment intent that waits for a payment; one of an invoice is canceled by voiding the invoice."""
    intent = context.addressed("payment_intent", call.id)
    if intent["status"] not in _CONFIRMABLE:
        raise InvalidRequestError(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    if invoice := billing.invoice_of(context, intent):
        raise InvalidRequestError(
            f"You cannot cancel this PaymentIntent because it pays the invoice {invoice['id']}. Void the invoice "
            "instead."
        )
    return payments.cancel_intent(context.of(intent), intent, call.params.get("cancellation_reason"))


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one payment intent."""
    return context.addressed("payment_intent", call.id)


def list_intents(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of payment intents."""
    found = matching(context.store.newest_first("payment_intent"), call.params, "customer")
    return page(found, call.params, "/v1/payment_intents")


def _pay(context: Context, intent: dict[str, Any], method: Mapping[str, Any]) -> dict[str, Any]:
    invoice = billing.invoice_of(context, intent)
    if invoice is None:
        decline = payments.charge(context, intent, method)
    else:
        decline = billing.collect(context, invoice, method)
        lifecycle.follow_invoice(context, invoice)
    if decline:
        raise decline
    return intent


def _method(context: Context, params: Mapping[str, Any], customer: str | None) -> dict[str, Any] | None:
    if "payment_method" not in params:
        return None
    method = payments.usable_payment_method(context, params["payment_method"], "payment_method")
    payments.require_chargeable(method, customer)
    return method


def _check_amount(amount: int, currency: str) -> None:
    if amount < MINIMUM_CENTS:
        raise InvalidRequestError(
            f"Amount must be at least {MINIMUM_CENTS} cents ({currency}).",
            code="amount_too_small",
            param="amount",
        )
    if amount > MAXIMUM_CENTS:
        raise InvalidRequestError(
            f"Amount must be no more than {MAXIMUM_CENTS} cents ({currency}).",
            code="amount_too_large",
            param="amount",
        )


def _missing_method() -> InvalidRequestError:
    return InvalidRequestError(
        "You cannot confirm this PaymentIntent because it's missing a payment method. Give one in the "
        "'payment_method' parameter; a customer's default is not taken by itself.",
        code="payment_intent_unexpected_state",
    )


OPERATIONS = (
    Operation(
        "POST",
        "/v1/payment_intents",
        "PaymentIntentCreateParams",
        create,
        (
            *METADATA,
            "allowed_payment_method_types=card",
            "amount",
            "automatic_payment_methods.allow_redirects=always|never",
            "automatic_payment_methods.enabled",
            "capture_method=automatic",
            "confirm",
            "confirmation_method=automatic",
            "currency",
            "customer",
            "description",
            _OFF_SESSION,
            "payment_method",
            "receipt_email",
        ),
    ),
    Operation(
        "GET", "/v1/payment_intents", "PaymentIntentListParams", list_intents, (*PAGE, *CREATED, "customer")
    ),
    Operation("GET", "/v1/payment_intents/{id}", "PaymentIntentRetrieveParams", retrieve),
    Operation(
        "POST",
        "/v1/payment_intents/{id}/confirm",
        "PaymentIntentConfirmParams",
        confirm,
        ("payment_method", _OFF_SESSION),
    ),
    Operation(
        "POST",
        "/v1/payment_intents/{id}/cancel",
        "PaymentIntentCancelParams",
        cancel,
        ("cancellation_reason=abandoned|duplicate|fraudulent|requested_by_customer",),
    ),
)
