"""When the events of the states' objects have settled: which there must be, where to look for them, what is missing.

Before a reset the platform does not know these customers, so whatever it is told of them changes nothing. An event that
came after the reset would: a paid invoice brings sixty credits. So a reset waits until the platform has recorded them:
it records every event once, whatever it makes of it (platform contract, ``billing_events``), and one that is recorded
has no effect a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from staging_validation.results import CheckResult, Kind, Outcome
from staging_validation.stripe_objects.found import FoundObjects, Row
from staging_validation.stripe_objects.subscriptions import RENEWAL_SECONDS

CREATED = "customer.subscription.created"
UPDATED = "customer.subscription.updated"
PAID = "invoice.payment_succeeded"
FAILED = "invoice.payment_failed"
STATE_EVENTS = (CREATED, UPDATED, "customer.subscription.deleted", PAID, FAILED)
"""The types of events that change a customer of the platform (platform contract, section 3)."""

LISTED_SECONDS = 29 * 86_400
"""How far back Stripe lists events: thirty days (Stripe API reference, list all events), less one for safety."""

_MARGIN_SECONDS = 60
_SHOWN = 10
_CHECK = "reset.stripe.settled"
_SUBJECT = "events of the customer states' Stripe objects"

Span = tuple[int, int | None]
"""A span of Unix seconds, both ends included; without an end it reaches until now."""


@dataclass(frozen=True)
class Happening:
    """Something that an event must tell of.

    Attributes:
        event_type: The event's type.
        object_id: The object that it shows.
        at: When it happened, in Unix seconds, by the time of the object's test clock.
    """

    event_type: str
    object_id: str
    at: int

    def __str__(self) -> str:
        """Name the event as people would."""
        return f"{self.event_type} of {self.object_id}"


@dataclass(frozen=True)
class Settling:
    """How far the events have settled.

    Attributes:
        events: The events about our customers that Stripe lists.
        unlisted: What Stripe has no event of yet.
        unrecorded: The events that the platform has not recorded yet, of those it is told of.
    """

    events: Sequence[Row] = ()
    unlisted: Sequence[Happening] = ()
    unrecorded: Sequence[Row] = ()

    @property
    def done(self) -> bool:
        """Whether everything is recorded."""
        return not self.unlisted and not self.unrecorded

    def __str__(self) -> str:
        """Say it for a log."""
        return (
            f"{len(self.events)} events, {len(self.unlisted)} not listed, {len(self.unrecorded)} not recorded"
        )


def must_be_told(found: Iterable[FoundObjects], *, now: int) -> tuple[Happening, ...]:
    """Return what events must tell of: what could change a customer, as far back as Stripe lists events.

    What is older is waited for like everything else where it is listed, but nobody can ask that it be.

    Args:
        found: The states' objects.
        now: The present moment, in Unix seconds.
    """
    return tuple(
        happening
        for objects in found
        for happening in _happenings(objects)
        if happening.at >= now - LISTED_SECONDS
    )


def spans(found: Iterable[FoundObjects]) -> list[Span]:
    """Return the spans of time whose events are ours to look at, without overlaps, oldest first.

    An event of something on a test clock bears the clock's time, so it stands weeks back in Stripe's list; between
    that and today lie the events of everybody else, which need not be read.

    Args:
        found: The states' objects.
    """
    ours = [span for objects in found for span in _spans(objects)]
    began = min((start for start, end in ours if end is None), default=0)
    joined: list[Span] = []
    for start, end in sorted((start, end) for start, end in ours if end is not None and end < began):
        if joined and start <= (joined[-1][1] or start):
            joined[-1] = (joined[-1][0], max(joined[-1][1] or end, end))
        else:
            joined.append((start, end))
    first_open = min([began, *(start for start, end in ours if end is None or end >= began)])
    return [*(span for span in joined if (span[1] or 0) < first_open), (first_open, None)]


def is_about(event: Row, customer_ids: frozenset[str]) -> bool:
    """Say whether an event is about one of some customers, or about something of theirs."""
    shown = _object(event)
    return shown.get("customer") in customer_ids or shown.get("id") in customer_ids


def told_types(endpoints: Sequence[Row] | None) -> Callable[[str], bool]:
    """Return what says whether the platform is told of events of a type.

    An account may have endpoints of others. The platform is surely told of what every endpoint wants, and by the
    contract of those that change a customer, where any endpoint wants them.

    Args:
        endpoints: The account's webhook endpoints that are enabled; None when nobody knows what the platform is told.
    """
    wanted = None if endpoints is None else [_wanted(endpoint) for endpoint in endpoints]

    def told(event_type: str) -> bool:
        if wanted is None:
            return event_type in STATE_EVENTS
        wants = [bool({event_type, "*"} & types) for types in wanted]
        return all(wants) or (any(wants) and event_type in STATE_EVENTS)

    return told


def settling(
    events: Sequence[Row],
    happenings: Sequence[Happening],
    recorded: frozenset[str],
    told: Callable[[str], bool],
) -> Settling:
    """Compare what Stripe tells with what must be told and what the platform has recorded.

    Args:
        events: The events about our customers.
        happenings: What they must tell of.
        recorded: The ids of those that the platform has recorded.
        told: Says whether the platform is told of a type.
    """
    listed = {(str(event.get("type")), str(_object(event).get("id"))) for event in events}
    return Settling(
        events=events,
        unlisted=[each for each in happenings if (each.event_type, each.object_id) not in listed],
        unrecorded=[
            event for event in events if told(str(event.get("type"))) and event.get("id") not in recorded
        ],
    )


def settled_result(
    state: Settling, endpoints: Sequence[Row] | None, *, timeout_seconds: float, duration_seconds: float
) -> CheckResult:
    """Say whether the events have settled: passed, or errored after the longest wait.

    Args:
        state: How far they have.
        endpoints: See :func:`told_types`.
        timeout_seconds: How long was waited at most.
        duration_seconds: How long it took.
    """
    addresses = None if endpoints is None else [str(endpoint.get("url")) for endpoint in endpoints]
    missing: dict[str, Any] = {
        "not_listed_by_stripe": [str(happening) for happening in state.unlisted[:_SHOWN]],
        "not_recorded_by_the_platform": [_named(event) for event in state.unrecorded[:_SHOWN]],
    }
    return CheckResult(
        id=_CHECK,
        kind=Kind.RESET,
        subject=_SUBJECT,
        outcome=Outcome.PASSED if state.done else Outcome.ERRORED,
        expected={name: [] for name in missing},
        actual=missing,
        evidence={
            "events": len(state.events),
            "not_listed": len(state.unlisted),
            "not_recorded": len(state.unrecorded),
            "webhook_endpoints": addresses,
            **({} if state.done else {"because": _because(state, timeout_seconds)}),
        },
        remedy=None if state.done else _remedy(state, addresses),
        duration_seconds=duration_seconds,
    )


def untold_result(state: Settling, *, duration_seconds: float) -> CheckResult:
    """Say that no event can reach the platform, so that there is nothing to wait for.

    Args:
        state: What Stripe lists.
        duration_seconds: How long it took to see that.
    """
    return CheckResult(
        id=_CHECK,
        kind=Kind.RESET,
        subject=_SUBJECT,
        outcome=Outcome.SKIPPED,
        evidence={
            "reason": "this Stripe account has no enabled webhook endpoint, and the platform has recorded none of the "
            "events: nothing that Stripe tells reaches it",
            "events": len(state.events),
        },
        remedy="make a webhook endpoint for the platform in Stripe's test mode, or forward events with stripe listen",
        duration_seconds=duration_seconds,
    )


def _happenings(found: FoundObjects) -> Iterator[Happening]:
    subscription = found.subscription
    if subscription is None:
        return
    yield Happening(CREATED, str(subscription.get("id")), _number(subscription.get("start_date")))
    for invoice in found.invoices:
        identifier, at = str(invoice.get("id")), _number(invoice.get("created"))
        if invoice.get("status") == "paid":
            yield Happening(PAID, identifier, at)
        elif invoice.get("status") == "open" and invoice.get("attempted"):
            yield Happening(FAILED, identifier, at)
            yield Happening(UPDATED, str(subscription.get("id")), at)


def _spans(found: FoundObjects) -> Iterator[Span]:
    made = found.clock or found.customer or {}
    yield _number(made.get("created")) - _MARGIN_SECONDS, None
    if found.subscription is None:
        return
    start = _number(found.subscription.get("start_date"))
    yield start - _MARGIN_SECONDS, start + _MARGIN_SECONDS
    for invoice in found.invoices:
        at = _number(invoice.get("created"))
        renewal = invoice.get("billing_reason") == "subscription_cycle"
        yield at - _MARGIN_SECONDS, at + (RENEWAL_SECONDS if renewal else _MARGIN_SECONDS)


def _wanted(endpoint: Row) -> set[str]:
    types: Any = endpoint.get("enabled_events")
    return {str(name) for name in types} if isinstance(types, list) else set()


def _object(event: Row) -> Mapping[str, Any]:
    data: Any = event.get("data")
    shown = data.get("object") if isinstance(data, dict) else None
    return shown if isinstance(shown, dict) else {}


def _named(event: Row) -> str:
    pending = _number(event.get("pending_webhooks"))
    delivered = "delivered" if pending == 0 else f"{pending} deliveries pending"
    return f"{event.get('type')} ({event.get('id')}, {delivered})"


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _because(state: Settling, timeout_seconds: float) -> str:
    return (
        f"After {timeout_seconds:g} s the platform had not recorded {len(state.unrecorded)} of {len(state.events)} "
        f"events, and Stripe had not listed {len(state.unlisted)}. One that came after the reset would change what was "
        "seeded, so nothing was reset."
    )


def _remedy(state: Settling, addresses: Sequence[str] | None) -> str:
    if not state.unrecorded:
        return "run again: Stripe has not yet told of everything that happened"
    where = f" ({', '.join(addresses)})" if addresses else ""
    if any(_number(event.get("pending_webhooks")) for event in state.unrecorded):
        return (
            f"look at the failed deliveries of the webhook endpoint{where} in Stripe (Developers, Webhooks), and at "
            "the platform's log: it has to answer 200"
        )
    return (
        f"make sure that the webhook endpoint{where} leads to the platform whose database staging_postgres is, and "
        "that its queue of webhooks is worked off"
    )
