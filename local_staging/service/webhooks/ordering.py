"""Which of a customer's events is the newest: Stripe promises no order of delivery."""

from __future__ import annotations

from collections.abc import Collection

from local_staging.service.stripe_objects import StripeEvent
from local_staging.service.work import UnitOfWork

CREATED = "customer.subscription.created"
UPDATED = "customer.subscription.updated"
DELETED = "customer.subscription.deleted"
SNAPSHOTS = (CREATED, UPDATED, DELETED)
"""Events that carry the whole subscription."""

STATE_EVENTS = (*SNAPSHOTS, "invoice.payment_succeeded", "invoice.payment_failed")
"""Events that say something about the subscription's state."""

_RANKS = {CREATED: 0, DELETED: 2}
_LATER = """
    SELECT event_type, (metadata->>'created')::bigint AS created FROM billing_events
    WHERE customer_id = %(customer_id)s AND stripe_event_id <> %(event_id)s
        AND event_type = ANY(%(event_types)s)
        AND metadata->>'status' = 'processed' AND (metadata->>'created')::bigint >= %(created)s
        AND (%(about)s::text IS NULL OR coalesce(metadata->>'stripe_subscription_id', %(about)s) = %(about)s)
"""


def newer_events(
    work: UnitOfWork,
    customer_id: int,
    event: StripeEvent,
    event_types: Collection[str],
    *,
    about: str | None = None,
) -> frozenset[str]:
    """Return the types of those processed events of a customer that are newer than this one.

    An event tells its second only. Within one second a subscription's creation is its first event, its
    deletion the last, and everything else counts in the order of arrival.

    Args:
        work: The transaction; the customer must be locked.
        customer_id: The customer.
        event: The event.
        event_types: Which events to compare it with.
        about: Leave out events about other subscriptions than this one.
    """
    rows = work.connection.execute(
        _LATER,
        {
            "customer_id": customer_id,
            "event_id": event.id,
            "event_types": list(event_types),
            "created": event.created,
            "about": about,
        },
    )
    mine = (event.created, _rank(event.type))
    return frozenset(row["event_type"] for row in rows if (row["created"], _rank(row["event_type"])) > mine)


def _rank(event_type: str) -> int:
    return _RANKS.get(event_type, 1)
