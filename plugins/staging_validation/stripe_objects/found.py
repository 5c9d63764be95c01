"""What Stripe shows of a state's objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

Row = Mapping[str, JsonValue]


@dataclass(frozen=True)
class FoundObjects:
    """A state's objects, as Stripe shows them.

    Attributes:
        customer: The customer; None when there is none.
        subscription: The subscription; None for a state without one, and when there is none.
        invoices: The customer's invoices, the newest first.
        clock: The test clock that the customer lives on; None for a state without one, and when there is none.
    """

    customer: Row | None = None
    subscription: Row | None = None
    invoices: Sequence[Row] = ()
    clock: Row | None = None


def period_of(subscription: Row) -> tuple[int, int] | None:
    """Return begin and end of a subscription's current period, in Unix seconds; None when it tells none.

    The period stands with the subscription's items (Stripe API, since 2025-03-31).
    """
    items = _items(subscription)
    if not items:
        return None
    start, end = items[0].get("current_period_start"), items[0].get("current_period_end")
    return (start, end) if isinstance(start, int) and isinstance(end, int) else None


def prices_of(subscription: Row) -> list[Any]:
    """Return the ids of a subscription's prices."""
    return [(item.get("price") or {}).get("id") for item in _items(subscription)]


def _items(subscription: Row) -> list[dict[str, Any]]:
    items: Any = subscription.get("items")
    data = items.get("data") if isinstance(items, dict) else None
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
