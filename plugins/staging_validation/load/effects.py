"""Exactly one effect for each distinct event: what must be in the database after the load, against what is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import JsonValue

from staging_validation.load.events import LoadEvent
from staging_validation.results import CheckResult, Kind, Outcome

SIGNUP_CREDITS = 5
PRO_CREDITS = 60
"""What a sign-up and a paid Pro invoice bring (platform contract, credits and prices)."""

SIGNUP_SOURCE = "trial_signup"
PRO_SOURCE = "pro_subscription_payment"

_NAMED = 10
_Row = TypeVar("_Row")
_REMEDY = (
    "search the service's log for the ids in the evidence: an event is recorded and applied in one transaction, "
    "once for each event id"
)


@dataclass(frozen=True)
class EventRow:
    """A row of ``billing_events``."""

    event_id: str
    event_type: str
    customer_id: int | None
    amount_cents: int | None


@dataclass(frozen=True)
class CreditRow:
    """A row of ``credit_transactions``."""

    customer_id: int
    amount: int
    source: str
    invoice_id: str | None


@dataclass(frozen=True)
class CustomerRow:
    """A row of ``customers``, with the number of its API keys."""

    id: int
    email: str
    credit_balance: int
    subscription_state: str | None
    stripe_customer_id: str | None
    api_keys: int


@dataclass(frozen=True)
class Found:
    """What the database holds of the run."""

    events: Sequence[EventRow]
    credits: Sequence[CreditRow]
    customers: Sequence[CustomerRow]


def check_events(sent: Iterable[LoadEvent], accepted: Collection[str], found: Found) -> CheckResult:
    """Check that every event that was answered with 200 is recorded once, as what it is.

    One that was never accepted may be recorded, once, or not: its sender cannot know.

    Args:
        sent: The distinct events.
        accepted: The ids of those that were answered with 200 at least once.
        found: What the database holds.
    """
    rows = _grouped(found.events, lambda row: row.event_id)
    known = {event.event.id: event for event in sent}
    lost = [name for name in known if name in accepted and not rows.get(name)]
    doubled = [f"{name} ({len(rows[name])} rows)" for name in known if len(rows.get(name, ())) > 1]
    wrong = [
        f"{name}: {fault}"
        for name, event in known.items()
        for row in rows.get(name, ())
        if (fault := _event_fault(event, row))
    ]
    faults = {"lost": lost, "doubled": doubled, "wrong": wrong}
    return _exactly_once("events", "rows of billing_events", len(known), "distinct event", faults)


def check_credits(sent: Iterable[LoadEvent], accepted: Collection[str], found: Found) -> CheckResult:
    """Check that every paid invoice that was accepted has brought sixty credits once, and no other event any.

    An event that is recorded without its credits, or credited without being recorded, is half an effect.
    """
    granted = [row for row in found.credits if row.source == PRO_SOURCE]
    rows = _grouped(granted, lambda row: row.invoice_id or "no invoice")
    paid = {event.invoice_id: event for event in sent if event.invoice_id}
    recorded = {row.event_id for row in found.events}
    lost, half = [], []
    for invoice, event in paid.items():
        if invoice in rows:
            if event.event.id not in recorded:
                half.append(f"{event.event.id}: credited, and not recorded in billing_events")
        elif event.event.id in recorded:
            half.append(f"{event.event.id}: recorded, and its invoice {invoice} is not credited")
        elif event.event.id in accepted:
            lost.append(f"{event.event.id} (invoice {invoice})")
    wrong = [
        f"{name}: {fault}" for name, found_rows in rows.items() if (fault := _wrong(name, found_rows, paid))
    ]
    doubled = [
        f"{name} ({len(found_rows)} times)" for name, found_rows in rows.items() if len(found_rows) > 1
    ]
    faults = {"lost": lost, "doubled": doubled, "half": half, "wrong": wrong}
    return _exactly_once("credits", "credits of the ledger", len(paid), "paid invoice", faults)


def check_balances(found: Found) -> CheckResult:
    """Check that every customer's balance is the sum of the ledger."""
    sums: Counter[int] = Counter()
    for row in found.credits:
        sums[row.customer_id] += row.amount
    wrong = [
        f"customer {row.id} ({row.email}): balance {row.credit_balance}, ledger {sums[row.id]}"
        for row in found.customers
        if row.credit_balance != sums[row.id]
    ]
    return _exactly_once(
        "balances", "balances and ledgers", len(found.customers), "customer", {"half": wrong}
    )


def check_states(sent: Iterable[LoadEvent], accepted: Collection[str], found: Found) -> CheckResult:
    """Check that every customer whose subscription was said to be active has that state."""
    states = {row.id: row.subscription_state for row in found.customers}
    told = {event.member.id: event for event in sent if event.active and event.event.id in accepted}
    wrong = [
        f"customer {customer} ({event.member.email}): state {states.get(customer)!r} after {event.event.id}"
        for customer, event in sorted(told.items())
        if states.get(customer) != "active"
    ]
    return _exactly_once("states", "states of subscriptions", len(told), "customer", {"lost": wrong})


def check_sign_ups(accepted: Collection[str], sent: Collection[str], found: Found) -> CheckResult:
    """Check that every sign-up that was answered with 201 made one whole customer, and no address two.

    Args:
        accepted: The addresses that were answered with 201.
        sent: All addresses.
        found: What the database holds.
    """
    rows = _grouped(found.customers, lambda row: row.email)
    bonus = Counter(
        row.customer_id
        for row in found.credits
        if (row.source, row.amount) == (SIGNUP_SOURCE, SIGNUP_CREDITS)
    )
    lost = [email for email in sorted(accepted) if email not in rows]
    doubled = [f"{email} ({len(rows[email])} rows)" for email in sorted(sent) if len(rows.get(email, ())) > 1]
    half = [
        f"customer {row.id} ({row.email}): {fault}"
        for row in found.customers
        if row.email in sent and (fault := _customer_fault(row, bonus[row.id]))
    ]
    faults = {"lost": lost, "doubled": doubled, "half": half}
    return _exactly_once("signups", "customers", len(accepted), "accepted sign-up", faults)


def _event_fault(event: LoadEvent, row: EventRow) -> str | None:
    wanted = (event.event.type, event.member.id, event.amount_cents)
    actual = (row.event_type, row.customer_id, row.amount_cents)
    if wanted == actual:
        return None
    names = ("event_type", "customer_id", "amount_cents")
    return ", ".join(
        f"{name} {got!r} and not {want!r}"
        for name, want, got in zip(names, wanted, actual, strict=True)
        if want != got
    )


def _wrong(invoice: str, rows: Sequence[CreditRow], paid: Mapping[str, LoadEvent]) -> str | None:
    if invoice not in paid:
        return "credits that no event of this run brings"
    owner = paid[invoice].member.id
    for row in rows:
        if (row.customer_id, row.amount) != (owner, PRO_CREDITS):
            return f"{row.amount:+} for customer {row.customer_id} and not {PRO_CREDITS:+} for {owner}"
    return None


def _customer_fault(row: CustomerRow, bonuses: int) -> str | None:
    faults = []
    if bonuses != 1:
        faults.append(f"{bonuses} ledger rows +{SIGNUP_CREDITS} {SIGNUP_SOURCE}")
    if row.api_keys != 1:
        faults.append(f"{row.api_keys} API keys")
    if row.stripe_customer_id is None:
        faults.append("no stripe_customer_id")
    return ", ".join(faults) or None


def _exactly_once(
    name: str, subject: str, checked: int, noun: str, faults: Mapping[str, Sequence[str]]
) -> CheckResult:
    """Build the result of one comparison: every fault by its kind, the first few by their ids."""
    real = {kind: list(which) for kind, which in faults.items() if which}
    counted = ", ".join(f"{len(which)} {kind}" for kind, which in real.items())
    first = next((which[0] for which in real.values()), None)
    evidence: dict[str, JsonValue] = {"checked": checked}
    evidence |= {
        kind: [*which[:_NAMED], *([f"and {len(which) - _NAMED} more"] if len(which) > _NAMED else [])]
        for kind, which in real.items()
    }
    return CheckResult(
        id=f"load.effects.{name}",
        kind=Kind.LOAD,
        subject=subject,
        outcome=Outcome.FAILED if real else Outcome.PASSED,
        expected=f"exactly one effect for each {noun}",
        actual=f"{counted}: {first}" if real else f"one for each of {checked}",
        evidence=evidence,
        remedy=_REMEDY if real else None,
    )


def _grouped(rows: Iterable[_Row], key: Callable[[_Row], str]) -> dict[str, list[_Row]]:
    groups: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(groups)
