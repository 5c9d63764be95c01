"""Customers: who pays."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from local_staging.stripe_sandbox import clocks, lifecycle, payments
from local_staging.stripe_sandbox.blanks import ADDRESS, filled
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError
from local_staging.stripe_sandbox.listing import matching, page
from local_staging.stripe_sandbox.operations import CREATED, METADATA, PAGE, Call, Operation
from local_staging.stripe_sandbox.resources.payment_methods import forget
from local_staging.stripe_sandbox.store import new_id
from local_staging.stripe_sandbox.updates import apply, changed_fields

_TEXT = ("description", "email", "name", "phone")
_ACCEPTS = (
    *METADATA,
    *_TEXT,
    "address",
    *(f"address.{field}" for field in ADDRESS),
    "invoice_settings.default_payment_method",
)
_DEFAULT = "invoice_settings[default_payment_method]"
_MAX_EMAIL = 512


def create(context: Context, call: Call) -> dict[str, Any]:
    """Make a customer, with a payment method attached where one is given."""
    params = call.params
    _check_email(params)
    test_clock = params.get("test_clock")
    if test_clock is not None:
        clocks.require_room(context, test_clock)
    context = context.of({"test_clock": test_clock})
    settings = dict.fromkeys(("custom_fields", "default_payment_method", "footer", "rendering_options"))
    customer = filled(
        "customer",
        id=new_id("cus"),
        created=context.now(),
        **dict.fromkeys(_TEXT),
        invoice_prefix=secrets.token_hex(4).upper(),
        invoice_settings=settings,
        metadata={},
        test_clock=test_clock,
    )
    method = _first_method(context, params)
    default = params.get("invoice_settings", {}).get("default_payment_method")
    if default and (method is None or default not in (method["id"], params["payment_method"])):
        raise _not_attached(default)
    customer.update(_changes(context, customer, {**params, "invoice_settings": {}}))
    customer["invoice_settings"]["default_payment_method"] = method["id"] if method and default else None
    context.emit("customer.created", context.store.add(customer, test_clock), None)
    if method:
        payments.attach(context, method, customer["id"])
    return customer


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one customer; of a deleted one only that it was."""
    found = context.store.get(call.id)
    if found is not None and found["object"] == "customer" and found.get("deleted"):
        return found
    return context.addressed("customer", call.id)


def update(context: Context, call: Call) -> dict[str, Any]:
    """Change a customer."""
    customer = context.addressed("customer", call.id)
    context = context.of(customer)
    _check_email(call.params)
    return apply(context, customer, _changes(context, customer, call.params), "customer.updated")


def delete(context: Context, call: Call) -> dict[str, Any]:
    """Delete a customer: subscriptions end, payment methods are detached, the id stays known as deleted."""
    customer = context.addressed("customer", call.id)
    return remove(context.of(customer), customer)


def remove(context: Context, customer: dict[str, Any]) -> dict[str, Any]:
    """Delete a customer, as a request does and as the deletion of its test clock does.

    Args:
        context: The surroundings, at the time of the customer's clock.
        customer: The customer in the store.

    Returns:
        What is left of it.
    """
    identifier = customer["id"]
    for subscription in list(context.store.filed(identifier, "subscription"))[::-1]:
        if subscription["status"] not in lifecycle.FINAL:
            lifecycle.end(context, subscription)
    for method in context.store.newest_first("payment_method"):
        if method["customer"] == identifier:
            forget(context, method)
    context.emit("customer.deleted", customer, None)
    customer.clear()
    customer.update(id=identifier, object="customer", deleted=True)
    return customer


def list_customers(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of customers: those of one test clock where the request says so, else those of none."""
    wanted = {"test_clock": None, **call.params}
    found = matching(context.store.newest_first("customer"), wanted, "email", "test_clock")
    return page(found, call.params, "/v1/customers")


def _changes(context: Context, customer: dict[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    changes = changed_fields(customer, params, (*_TEXT, "metadata"))
    if "address" in params:
        given = params["address"]
        changes["address"] = {**ADDRESS, **(customer["address"] or {}), **given} if given else None
    if "default_payment_method" in params.get("invoice_settings", {}):
        default = params["invoice_settings"]["default_payment_method"]
        if default:
            _require_attached(context, customer["id"], default)
        changes["invoice_settings"] = {
            **customer["invoice_settings"],
            "default_payment_method": default or None,
        }
    return changes


def _first_method(context: Context, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the payment method that a new customer comes with, checked to be attachable; None without one."""
    if "payment_method" not in params:
        return None
    method = payments.usable_payment_method(context, params["payment_method"], "payment_method")
    payments.require_attachable(context, method)
    return method


def _require_attached(context: Context, customer: str, payment_method: str) -> None:
    method = context.referenced("payment_method", payment_method, _DEFAULT)
    if method["customer"] != customer:
        raise _not_attached(payment_method)


def _not_attached(payment_method: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"The customer does not have a payment method with the ID {payment_method}. The payment method must be "
        "attached to the customer.",
        code="resource_missing",
        param=_DEFAULT,
    )


def _check_email(params: Mapping[str, Any]) -> None:
    email = params.get("email", "")
    name, at, domain = email.rpartition("@")
    plausible = name and at and domain and not any(character.isspace() for character in email)
    if email and (not plausible or len(email) > _MAX_EMAIL):
        raise InvalidRequestError(f"Invalid email address: {email}", code="email_invalid", param="email")


OPERATIONS = (
    Operation(
        "POST", "/v1/customers", "CustomerCreateParams", create, (*_ACCEPTS, "payment_method", "test_clock")
    ),
    Operation(
        "GET", "/v1/customers", "CustomerListParams", list_customers, (*PAGE, *CREATED, "email", "test_clock")
    ),
    Operation("GET", "/v1/customers/{id}", "CustomerRetrieveParams", retrieve),
    Operation("POST", "/v1/customers/{id}", "CustomerUpdateParams", update, _ACCEPTS),
    Operation("DELETE", "/v1/customers/{id}", "CustomerDeleteParams", delete),
)
