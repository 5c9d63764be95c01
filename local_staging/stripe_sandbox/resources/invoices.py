"""Invoices: made by subscriptions, never directly; they can be read, finalized, paid, voided and written off."""

from __future__ import annotations

from typing import Any

from local_staging.stripe_sandbox import billing, lifecycle, payments
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError
from local_staging.stripe_sandbox.listing import matching, page
from local_staging.stripe_sandbox.operations import CREATED, PAGE, Call, Operation

_PAYABLE = ("open", "uncollectible")


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one invoice."""
    return context.addressed("invoice", call.id)


def list_invoices(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of invoices, of a customer, a subscription or a status where the request says so."""
    found = matching(context.store.newest_first("invoice"), call.params, "customer", "status")
    wanted = call.params.get("subscription")
    chosen = [item for item in found if wanted in (None, billing.subscription_of(item))]
    return page(chosen, call.params, "/v1/invoices")


def list_lines(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of an invoice's lines."""
    lines = context.addressed("invoice", call.id)["lines"]
    return page(lines["data"], call.params, lines["url"])


def pay(context: Context, call: Call) -> dict[str, Any]:
    """Try once more to pay an invoice that is open or was written off; the subscription follows the outcome."""
    invoice = context.addressed("invoice", call.id)
    if invoice["status"] not in _PAYABLE:
        raise InvalidRequestError(
            f"Invoice is {invoice['status']}; only an open invoice can be paid.",
            code="invoice_not_open" if invoice["status"] != "paid" else "invoice_already_paid",
        )
    context = context.of(invoice)
    if given := call.params.get("payment_method"):
        method: dict[str, Any] | None = payments.usable_payment_method(context, given, "payment_method")
    else:
        subscription = context.store.get(billing.subscription_of(invoice)) or {}
        method = billing.payment_method_for(context, subscription)
    if method is None:
        raise billing.no_payment_method()
    payments.require_chargeable(method, invoice["customer"])
    decline = billing.collect(context, invoice, method)
    lifecycle.follow_invoice(context, invoice)
    if decline:
        raise decline
    return invoice


def finalize(context: Context, call: Call) -> dict[str, Any]:
    """Open a draft now; it is charged when the draft would have been."""
    invoice = context.addressed("invoice", call.id)
    _require_status(invoice, "finalize", "draft")
    context = context.of(context.referenced("customer", invoice["customer"], "customer"))
    billing.finalize(context, invoice)
    if not invoice["amount_due"]:
        billing.settle(context, invoice)
        lifecycle.follow_invoice(context, invoice)
    return invoice


def void(context: Context, call: Call) -> dict[str, Any]:
    """Void an invoice that was not paid; the subscription does not owe it any more."""
    invoice = context.addressed("invoice", call.id)
    _require_status(invoice, "void", *_PAYABLE)
    billing.void(context.of(invoice), invoice)
    lifecycle.follow_invoice(context.of(invoice), invoice)
    return invoice


def mark_uncollectible(context: Context, call: Call) -> dict[str, Any]:
    """Write an open invoice off; the subscription does not owe it any more."""
    invoice = context.addressed("invoice", call.id)
    _require_status(invoice, "mark as uncollectible", "open")
    billing.write_off(context.of(invoice), invoice)
    lifecycle.follow_invoice(context.of(invoice), invoice)
    return invoice


def _require_status(invoice: dict[str, Any], what: str, *statuses: str) -> None:
    if invoice["status"] not in statuses:
        allowed = " or ".join(statuses)
        raise InvalidRequestError(
            f"You can only {what} an invoice that is {allowed}; this one is {invoice['status']}."
        )


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
    Operation("POST", "/v1/invoices/{id}/finalize", "InvoiceFinalizeInvoiceParams", finalize),
    Operation("POST", "/v1/invoices/{id}/void", "InvoiceVoidInvoiceParams", void),
    Operation(
        "POST",
        "/v1/invoices/{id}/mark_uncollectible",
        "InvoiceMarkUncollectibleParams",
        mark_uncollectible,
    ),
)
