"""The events that the load sends, and what each of them must leave behind in the platform's database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from pydantic import JsonValue

from staging_validation.load.profile import WORKFLOW
from staging_validation.workflows import events
from staging_validation.workflows.model import WebhookEvent
from staging_validation.workflows.naming import event_name

PAID = "invoice.payment_succeeded"
FAILED = "invoice.payment_failed"
UPDATED = "customer.subscription.updated"
IGNORED = "customer.updated"

MIX = ((PAID, 0.65), (UPDATED, 0.15), (FAILED, 0.05), (IGNORED, 0.15))
"""Which share of the events is of which type: most change money, some a state, and some nothing."""

MARKER = "marker"
"""What stands in the id of the event that is sent after all others."""


@dataclass(frozen=True)
class Member:
    """A customer that events are about.

    Attributes:
        id: The platform's id.
        email: The address.
        stripe_id: The Stripe customer's id.
    """

    id: int
    email: str
    stripe_id: str


@dataclass(frozen=True)
class LoadEvent:
    """One event, and its one effect.

    Attributes:
        event: What is signed and sent.
        member: Whom it is about.
        amount_cents: What ``billing_events`` must say of it.
        invoice_id: The paid invoice that must bring credits once; None for an event that brings none.
        active: Whether the customer's subscription must be active afterwards.
    """

    event: WebhookEvent
    member: Member
    amount_cents: int | None = None
    invoice_id: str | None = None
    active: bool = False


def make_events(
    numbers: Sequence[int], crowd: Sequence[Member], *, run_id: str, price: str, created: int
) -> dict[int, LoadEvent]:
    """Make the events of some numbers; a run always makes the same of a number, for the same crowd.

    Failed payments and changed subscriptions are about different customers, so that the state at the end does not
    depend on the order in which events arrive.

    Args:
        numbers: The events' numbers.
        crowd: The customers, at least one.
        run_id: The run.
        price: Id of the Pro price.
        created: When they happened, in Unix seconds.
    """
    calm, troubled = crowd[::2], crowd[1::2] or crowd
    chance = Random(f"{run_id} events")  # noqa: S311 - a plan, no secret
    made = {}
    for number in sorted(set(numbers)):
        (event_type,) = chance.choices([kind for kind, _ in MIX], [share for _, share in MIX])
        if event_type == FAILED and len(crowd) < 2:
            event_type = PAID
        among = {UPDATED: calm, FAILED: troubled}.get(event_type, crowd)
        made[number] = _event(event_type, chance.choice(among), number, run_id, price, created)
    return made


def make_marker(member: Member, *, run_id: str, created: int, number: int) -> WebhookEvent:
    """Make an event that is only recorded; it is sent after all others, to see when the platform has come to it."""
    about: dict[str, JsonValue] = {"id": member.stripe_id, "object": "customer", "livemode": False}
    name = event_name(f"{WORKFLOW}_{MARKER}", run_id, member.id, number)
    return events.event(f"evt_{name}", IGNORED, created=created, data=about)


def _event(event_type: str, member: Member, number: int, run_id: str, price: str, created: int) -> LoadEvent:
    name = event_name(WORKFLOW, run_id, member.id, number)

    def wrapped(data: dict[str, JsonValue]) -> WebhookEvent:
        return events.event(f"evt_{name}", event_type, created=created, data=data)

    if event_type in (PAID, FAILED):
        paid = event_type == PAID
        invoice = events.pro_invoice(
            f"in_{name}",
            stripe_customer=member.stripe_id,
            price=price,
            run_id=run_id,
            created=created,
            paid=paid,
        )
        return LoadEvent(
            wrapped(invoice), member, events.PRO_PRICE_CENTS, invoice_id=f"in_{name}" if paid else None
        )
    if event_type == UPDATED:
        subscription = events.pro_subscription(
            f"sub_{event_name(WORKFLOW, run_id, member.id, 0)}",
            stripe_customer=member.stripe_id,
            price=price,
            run_id=run_id,
            began=created,
        )
        return LoadEvent(wrapped(subscription), member, active=True)
    return LoadEvent(wrapped({"id": member.stripe_id, "object": "customer", "livemode": False}), member)
