"""The balance: what was charged, less what was refunded. Its ``livemode`` tells clients that this is a test."""

from __future__ import annotations

from collections import Counter
from typing import Any

from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.operations import Call, Operation


def retrieve(context: Context, _call: Call) -> dict[str, Any]:
    """Return the balance; test payments stay pending, for the sandbox pays nothing out."""
    totals: Counter[str] = Counter({"usd": 0})
    for charge in context.store.newest_first("charge"):
        totals[charge["currency"]] += charge["amount_captured"] - charge["amount_refunded"]
    return {
        "object": "balance",
        "available": [_funds(currency, 0) for currency in sorted(totals)],
        "livemode": False,
        "pending": [_funds(currency, totals[currency]) for currency in sorted(totals)],
    }


def _funds(currency: str, amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}


OPERATIONS = (Operation("GET", "/v1/balance", "BalanceRetrieveParams", retrieve),)
