"""The evidence of an expectation: the rows and Stripe objects that were seen, short enough to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from staging_validation.workflows.model import Row
from staging_validation.workflows.rules import Expected, picked

DASHBOARD = "https://dashboard.stripe.com/test"
"""Where Stripe shows the objects of test mode."""

_PAGES = {
    "charge": "payments",
    "customer": "customers",
    "invoice": "invoices",
    "payment_intent": "payments",
    "subscription": "subscriptions",
    "test_helpers.test_clock": "test-clocks",
}
_ESSENCE = frozenset({"id", "object", "created", "customer", "deleted", "livemode", "metadata", "status"})
_SHOWN = 5
"""How many rows or events of many are shown."""


def dashboard_link(kind: str, identifier: str) -> str | None:
    """Return the page of an object in Stripe's dashboard; None for kinds that have none of their own.

    Args:
        kind: What the object says it is, for example ``invoice``.
        identifier: Its id.
    """
    page = _PAGES.get(kind)
    return f"{DASHBOARD}/{page}/{identifier}" if page else None


def seen_row(row: Row | None, *expected: Mapping[str, Expected], links: bool = False) -> JsonValue:
    """Return a database row as it is; of a Stripe object, which has hundreds of fields, what counts.

    Args:
        row: The row or object, or None for none.
        expected: The fields that something was expected of.
        links: Add the object's page in Stripe's dashboard.
    """
    if row is None or "object" not in row:
        return None if row is None else dict(row)
    asked = {name: wanted for fields in expected for name, wanted in fields.items() if name in row}
    essence = {name: row[name] for name in row if name in _ESSENCE} | picked(asked, row)
    link = dashboard_link(str(row["object"]), str(row.get("id"))) if links else None
    return {**essence, "dashboard": link} if link else essence


def seen_rows(
    rows: Sequence[Row], expected: Sequence[Mapping[str, Expected]], *, links: bool = False
) -> dict[str, JsonValue]:
    """Return the first few of many rows as :func:`seen_row` does, and of the others how many there are and which.

    Args:
        rows: The rows or objects.
        expected: What was expected of them.
        links: Add each object's page in Stripe's dashboard.
    """
    shown: list[JsonValue] = [seen_row(row, *expected, links=links) for row in rows[:_SHOWN]]
    further: list[JsonValue] = [row.get("id") for row in rows[_SHOWN:]]
    return {"seen": shown, **({"further_ids": further} if further else {})}


def recorded(ids: Sequence[str], counts: Mapping[str, int]) -> dict[str, JsonValue]:
    """Return how many of some events are recorded, with the first few that are not, or are more than once.

    Args:
        ids: The events' ids.
        counts: How many rows each of them has.
    """
    missing: list[JsonValue] = [event_id for event_id in ids if event_id not in counts]
    again: list[JsonValue] = [event_id for event_id in ids if counts.get(event_id, 0) > 1]
    return {
        "recorded": len(ids) - len(missing),
        "missing": missing[:_SHOWN],
        "more_than_once": again[:_SHOWN],
    }
