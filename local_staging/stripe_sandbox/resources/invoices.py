"""Invoices: made by subscriptions, never directly; they can be read and paid."""

from __future__ import annotations

from typing import Any

from local_staging.stripe_sandbox import billing, payments
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError
from local_staging.stripe_sandbox.listing import matching, page
from local_staging.stripe_sandbox.operations import CREATED, PAGE, Call, Operation


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one invoice."""
    return context.addressed("invoice", call.id)


def list_invoices(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of invoices, of a customer, a subscription or a status where the request says so."""
    found = matching(context.store.newest_first("invoice"), call.params, "customer", "status")
    wanted = call.params.get("subscription")
    chosen = [item for item in found if wanted in (None, _subscription_of(item))]
    return page(chosen, call.params, "/v1/invoices")


def list_lines(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of an invoice's lines."""
    lines = context.addressed("invoice", call.id)["lines"]
    return page(lines["data"], call.params, lines["url"])


def pay(context: Context, call: Call) -> dict[str, Any]:
    """Try once more to pay an open invoice; the subscription follows the outcome."""
    invoice = context.addressed("invoice", call.id)
    if invoice["status"] != "open":
        raise InvalidRequestError(
            f"Invoice is {invoice['status']}; only an open invoice can be paid.",
            code="invoice_not_open" if invoice["status"] != "paid" else "invoice_already_paid",
        )
    if given := call.params.get("payment_method"):
        method: dict[str, Any] | None = payments.usable_payment_method(context, given, "payment_method")
    else:
        subscription = context.store.get(_subscription_of(invoice)) or {}
        method = billing.payment_method_for(context, subscription)
    if method is None:
        raise billing.no_payment_method()
    payments.require_chargeable(method, invoice["customer"])
    decline = billing.collect(context, invoice, method)
    billing.follow_invoice(context, invoice)
    if decline:
        raise decline
    return invoice


def _subscription_of(invoice: dict[str, Any]) -> str:
    subscription: str = invoice["parent"]["subscription_details"]["subscription"]
    return subscription


OPERATIONS = (
    Operation(
        "GET",
        "/v1/invoices",
        "InvoiceListParams",
        list_invoices,
        (*PAGE, *CREATED, "customer", "subscription", "status=draft|open|paid|uncollectible|void"),
    ),
    Operation("GET", "/v1/invoices/{id}", "InvoiceRetrieveParams", retrieve),
    Operation("GET", "/v1/invoices/{id}/lines", "InvoiceListLinesParams", list_lines, PAGE),
    Operation(
        "POST",
        "/v1/invoices/{id}/pay",
        "InvoicePayParams",
        pay,
        ("payment_method", "off_session=true|false"),
    ),
)
