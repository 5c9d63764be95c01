"""Payment methods: test cards, by number or by the names of Stripe's ready ones."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from local_staging.stripe_sandbox import payments
from local_staging.stripe_sandbox.blanks import ADDRESS, BILLING_DETAILS
from local_staging.stripe_sandbox.cards import card_named, card_numbered
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import CardError, InvalidRequestError
from local_staging.stripe_sandbox.listing import matching, page
from local_staging.stripe_sandbox.operations import METADATA, PAGE, Call, Operation
from local_staging.stripe_sandbox.updates import apply, changed_fields, merged_metadata

_BILLING = tuple(f"billing_details.{field}" for field in ("email", "name", "phone")) + tuple(
    f"billing_details.address.{field}" for field in ADDRESS
)
_CARD_NUMBER = ("card.number", "card.exp_month", "card.exp_year", "card.cvc")
_TOKEN_PREFIX, _READY_PREFIX = "tok_", "pm_card_"


def create(context: Context, call: Call) -> dict[str, Any]:
    """Make a payment method from a test card's number, or from a ready token such as ``tok_visa``."""
    given = call.params.get("card")
    if call.params.get("type") != "card" or not given:
        raise InvalidRequestError(
            "Missing required param: card. The sandbox makes payment methods of type card.",
            code="parameter_missing",
            param="card",
        )
    details = _billing_details(call.params.get("billing_details", {}))
    metadata = merged_metadata({}, call.params.get("metadata"))
    if "token" in given:
        token = given["token"]
        card = card_named(token.replace(_TOKEN_PREFIX, _READY_PREFIX, 1))
        if card is None or not token.startswith(_TOKEN_PREFIX):
            raise InvalidRequestError(
                "No such token in the sandbox.", code="resource_missing", param="card[token]"
            )
        return payments.make_payment_method(context, card, billing_details=details, metadata=metadata)
    expiry = _expiry(context, given)
    card = card_numbered(given["number"])
    return payments.make_payment_method(
        context, card, expiry=expiry, billing_details=details, metadata=metadata
    )


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one payment method; the name of a ready one makes a fresh one, as in Stripe's test mode."""
    if card := card_named(call.id):
        return payments.make_payment_method(context, card)
    return context.addressed("payment_method", call.id)


def update(context: Context, call: Call) -> dict[str, Any]:
    """Change metadata and billing details."""
    method = context.addressed("payment_method", call.id)
    changes = changed_fields(method, call.params, ("metadata",))
    if "billing_details" in call.params:
        changes["billing_details"] = _billing_details(
            call.params["billing_details"] or {}, method["billing_details"]
        )
    return apply(context.of(method), method, changes, "payment_method.updated")


def attach(context: Context, call: Call) -> dict[str, Any]:
    """Attach a payment method to a customer; declining cards refuse, as documented."""
    if "customer" not in call.params:
        raise InvalidRequestError(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = context.referenced("customer", call.params["customer"], "customer")
    context = context.of(customer)
    method = retrieve(context, call)
    return payments.attach(context, method, customer["id"])


def detach(context: Context, call: Call) -> dict[str, Any]:
    """Detach a payment method from its customer, whose default it stops being."""
    method = context.addressed("payment_method", call.id)
    if method["customer"] is None:
        raise InvalidRequestError(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            code="payment_method_unexpected_state",
        )
    forget(context.of(method), method)
    return method


def forget(context: Context, method: dict[str, Any]) -> None:
    """Detach a payment method, unset it wherever it is a default, and record ``payment_method.detached``."""
    customer = context.store.get(method["customer"]) or {}
    settings = customer.get("invoice_settings", {})
    if settings.get("default_payment_method") == method["id"]:
        without = {**settings, "default_payment_method": None}
        apply(context, customer, {"invoice_settings": without}, "customer.updated")
    for subscription in context.store.filed(method["customer"], "subscription"):
        if subscription["default_payment_method"] == method["id"]:
            subscription["default_payment_method"] = None
    apply(context, method, {"customer": None}, "payment_method.detached")


def list_methods(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of payment methods."""
    if "customer" in call.params:
        context.referenced("customer", call.params["customer"], "customer")
    found = matching(context.store.newest_first("payment_method"), call.params, "customer", "type")
    return page(found, call.params, "/v1/payment_methods")


def list_of_customer(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of a customer's payment methods."""
    customer = context.addressed("customer", call.id)
    params = {**call.params, "customer": customer["id"]}
    found = matching(context.store.newest_first("payment_method"), params, "customer", "type")
    return page(found, call.params, f"/v1/customers/{customer['id']}/payment_methods")


def retrieve_of_customer(context: Context, call: Call) -> dict[str, Any]:
    """Return one payment method of a customer."""
    customer = context.addressed("customer", call.id)
    method = context.addressed("payment_method", call.child_id)
    if method["customer"] != customer["id"]:
        raise InvalidRequestError(
            f"No such PaymentMethod: '{method['id']}' of this customer.", status=404, code="resource_missing"
        )
    return method


def _expiry(context: Context, card: Mapping[str, Any]) -> tuple[int, int]:
    for field in ("number", "exp_month", "exp_year"):
        if field not in card:
            raise InvalidRequestError(
                f"Missing required param: card[{field}].", code="parameter_missing", param=f"card[{field}]"
            )
    month, year = card["exp_month"], card["exp_year"]
    now = datetime.fromtimestamp(context.now(), timezone.utc)
    if not 1 <= month <= 12:
        raise CardError(
            "Your card's expiration month is invalid.", code="invalid_expiry_month", param="exp_month"
        )
    if not (now.year, now.month) <= (year, month) <= (now.year + 50, 12):
        raise CardError(
            "Your card's expiration year is invalid.", code="invalid_expiry_year", param="exp_year"
        )
    return month, year


def _billing_details(
    given: Mapping[str, Any], present: Mapping[str, Any] = BILLING_DETAILS
) -> dict[str, Any]:
    details = copy.deepcopy(dict(present))
    address = given.get("address") or {}
    details["address"].update({field: value or None for field, value in address.items()})
    details.update({field: value or None for field, value in given.items() if field != "address"})
    return details


OPERATIONS = (
    Operation(
        "POST",
        "/v1/payment_methods",
        "PaymentMethodCreateParams",
        create,
        (*METADATA, *_BILLING, *_CARD_NUMBER, "card.token", "type=card"),
    ),
    Operation(
        "GET",
        "/v1/payment_methods",
        "PaymentMethodListParams",
        list_methods,
        (*PAGE, "customer", "type=card"),
    ),
    Operation("GET", "/v1/payment_methods/{id}", "PaymentMethodRetrieveParams", retrieve),
    Operation(
        "POST", "/v1/payment_methods/{id}", "PaymentMethodUpdateParams", update, (*METADATA, *_BILLING)
    ),
    Operation("POST", "/v1/payment_methods/{id}/attach", "PaymentMethodAttachParams", attach, ("customer",)),
    Operation("POST", "/v1/payment_methods/{id}/detach", "PaymentMethodDetachParams", detach),
    Operation(
        "GET",
        "/v1/customers/{id}/payment_methods",
        "CustomerPaymentMethodListParams",
        list_of_customer,
        (*PAGE, "type=card"),
    ),
    Operation(
        "GET",
        "/v1/customers/{id}/payment_methods/{child_id}",
        "CustomerPaymentMethodRetrieveParams",
        retrieve_of_customer,
    ),
)
