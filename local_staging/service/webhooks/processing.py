"""Processing one event in one transaction: recorded once, with everything it changes, or not at all."""

from __future__ import annotations

from pydantic import ValidationError

from local_staging.service.customers import Customer, lock_stripe_customer
from local_staging.service.keys import new_row_id
from local_staging.service.stripe_objects import StripeEvent
from local_staging.service.webhooks.handlers import HANDLERS, Delivery, metadata_of
from local_staging.service.work import Platform, UnitOfWork

_RECORD = """
    INSERT INTO billing_events
        (id, customer_id, stripe_event_id, event_type, amount_cents, metadata, inserted_at, updated_at)
    VALUES (%s, %s, %s, %s, NULL, %s, %s, %s)
    ON CONFLICT (stripe_event_id) DO NOTHING
"""
_COMPLETE = "UPDATE billing_events SET amount_cents = %s, metadata = %s WHERE stripe_event_id = %s"


def process(platform: Platform, work: UnitOfWork, event: StripeEvent) -> None:
    """Record an event and apply what it changes; an event that is known already changes nothing.

    Raises:
        psycopg.Error: The database is away or refuses.
    """
    handler = HANDLERS.get(event.type)
    customer = _lock_customer(work, event)
    if not _record(work, event, customer):
        return
    if handler is None:
        _complete(work, event, "ignored")
    elif customer is None:
        _complete(work, event, "failed", reason="unknown_customer")
    else:
        try:
            applied = handler(Delivery(platform, work, event, customer))
        except ValidationError as error:
            _complete(work, event, "failed", reason=f"malformed: {_first_fault(error)}")
        else:
            _complete(work, event, "processed", amount_cents=applied.amount_cents, **applied.notes)


def record_refused(work: UnitOfWork, event: StripeEvent, reason: str) -> None:
    """Record an event that cannot be applied as a failure."""
    if _record(work, event, customer=None):
        _complete(work, event, "failed", reason=reason)


def _lock_customer(work: UnitOfWork, event: StripeEvent) -> Customer | None:
    """Lock the customer that an event is about, if the platform knows one."""
    about = event.data.object
    stripe_id = about.get("id") if about.get("object") == "customer" else about.get("customer")
    return lock_stripe_customer(work.connection, stripe_id) if isinstance(stripe_id, str) else None


def _record(work: UnitOfWork, event: StripeEvent, customer: Customer | None) -> bool:
    """Take the event's id, and say whether it was free. A second taker waits for the end of the first."""
    recorded = work.connection.execute(
        _RECORD,
        [
            new_row_id(),
            customer.id if customer else None,
            event.id,
            event.type,
            metadata_of(event, "received"),
            work.now,
            work.now,
        ],
    )
    return recorded.rowcount == 1


def _complete(
    work: UnitOfWork, event: StripeEvent, status: str, *, amount_cents: int | None = None, **notes: object
) -> None:
    work.connection.execute(_COMPLETE, [amount_cents, metadata_of(event, status, **notes), event.id])


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
