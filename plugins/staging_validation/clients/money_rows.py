"""Database rows and Stripe's objects as the plain values that the money is reconciled over."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from staging_validation.money import Account, Charge, Event, Invoice, LedgerRow
from staging_validation.workflows.model import Row


def account(row: Row, gone: set[int]) -> Account:
    """Return a row of ``customers``; ``gone`` are those of whom Stripe tells nothing."""
    customer = number(row["id"])
    return Account(customer, str(row["email"]), number(row["credit_balance"]), customer not in gone)


def ledger_row(row: Row) -> LedgerRow:
    """Return a row of ``credit_transactions``; what is no whole number of cents is no amount."""
    metadata = _mapping(row["metadata"])
    return LedgerRow(
        id=str(row["id"]),
        customer=number(row["customer_id"]),
        credits=number(row["amount"]),
        balance_after=number(row["balance_after"]),
        source=str(row["source"]),
        written=str(row["inserted_at"]),
        cents=_cents(metadata.get("amount_cents")),
        about=_about(metadata),
    )


def event(row: Row) -> Event:
    """Return a row of ``billing_events``."""
    metadata = _mapping(row["metadata"])
    return Event(
        id=str(row["stripe_event_id"]),
        customer=number(row["customer_id"]),
        type=str(row["event_type"]),
        cents=_cents(row["amount_cents"]),
        about=_about(metadata),
        credited=metadata.get("credited") is not False,
    )


def invoice(found: Row, customer: int, pro_price_id: str) -> Invoice:
    """Return a paid invoice of Stripe, with what it was paid by and whether it is for Pro."""
    payments = [_mapping(payment.get("payment")) for payment in _listed(found.get("payments"))]
    prices = [
        _mapping(_mapping(line.get("pricing")).get("price_details")).get("price")
        for line in _listed(found.get("lines"))
    ]
    return Invoice(
        id=str(found["id"]),
        customer=customer,
        cents=number(found["amount_paid"]),
        payment_intents=tuple(
            str(payment["payment_intent"]) for payment in payments if payment.get("payment_intent")
        ),
        earns_credits=pro_price_id in prices,
    )


def charge(found: Row, customer: int) -> Charge:
    """Return a charge of Stripe."""
    intent = found.get("payment_intent")
    return Charge(
        id=str(found["id"]),
        customer=customer,
        cents=number(found["amount_captured"]),
        refunded_cents=number(found.get("amount_refunded") or 0),
        payment_intent=intent if isinstance(intent, str) else None,
    )


def _about(metadata: Mapping[str, JsonValue]) -> str:
    return str(metadata.get("stripe_invoice_id") or metadata.get("stripe_payment_intent_id") or "")


def _cents(value: JsonValue) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: JsonValue) -> int:
    """Return a JSON value that is a whole number."""
    return int(str(value))


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _listed(value: JsonValue) -> list[Mapping[str, JsonValue]]:
    """Return the objects of a Stripe list."""
    data = _mapping(value).get("data")
    return [_mapping(entry) for entry in data] if isinstance(data, list) else []
