"""The books as entries: how many cents a place says went where, and about which object of Stripe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from staging_validation.money.books import (
    PAID_INVOICE,
    PAYING_SOURCES,
    REFUNDED_CHARGE,
    Books,
    Place,
    SeriesSum,
)


@dataclass(frozen=True)
class Entry:
    """One amount.

    Attributes:
        place: Who says it.
        customer: The platform's id of the customer.
        object: The object that says it: an invoice, a charge, a ledger row, an event, a series.
        about: The invoice or payment intent that it is about, by which the places can be compared; may be empty.
        cents: The amount; what was refunded is negative.
        credited: Whether it brings credits, so that the ledger must know it.
        made: Whether the run made it up, so that Stripe cannot know it.
        charge: Whether it is a charge of its own, which no invoice asks for.
    """

    place: Place
    customer: int
    object: str
    about: str
    cents: int
    credited: bool = True
    made: bool = False
    charge: bool = False


def stripe_entries(books: Books) -> list[Entry]:
    """Return what Stripe says: paid invoices, charges of their own, and what was refunded of either."""
    invoices = list(dict.fromkeys(books.invoices))
    entries = [
        Entry(Place.STRIPE, paid.customer, paid.id, paid.id, paid.cents, credited=paid.earns_credits)
        for paid in invoices
    ]
    asked_by = {intent: paid for paid in invoices for intent in paid.payment_intents}
    for charge in dict.fromkeys(books.charges):
        invoice = asked_by.get(charge.payment_intent or "")
        about = invoice.id if invoice else charge.payment_intent or charge.id
        credited = invoice.earns_credits if invoice else True
        own = invoice is None
        if own:
            entries.append(Entry(Place.STRIPE, charge.customer, charge.id, about, charge.cents, charge=True))
        if charge.refunded_cents:
            refund = f"refund of {charge.id}"
            back = -charge.refunded_cents
            entries.append(
                Entry(Place.STRIPE, charge.customer, refund, about, back, credited=credited, charge=own)
            )
    return entries


def invoice_and_charge_entries(books: Books) -> tuple[list[Entry], list[Entry]]:
    """Return what Stripe's invoices say was paid, and what the charges say that paid them."""
    invoices = list(dict.fromkeys(books.invoices))
    asked_by = {intent: paid.id for paid in invoices for intent in paid.payment_intents}
    paid = [Entry(Place.STRIPE, found.customer, found.id, found.id, found.cents) for found in invoices]
    charged = [
        Entry(Place.STRIPE, found.customer, found.id, asked_by[found.payment_intent], found.cents)
        for found in dict.fromkeys(books.charges)
        if found.payment_intent in asked_by
    ]
    return paid, charged


def charges_of_their_own(books: Books) -> frozenset[str]:
    """Return what the charges that no invoice asks for are known by: Stripe's, and those that the ledger names."""
    at_stripe = {entry.about for entry in stripe_entries(books) if entry.charge}
    return frozenset((at_stripe | {row.about for row in books.ledger if row.source == "purchased"}) - {""})


def ledger_entries(books: Books) -> list[Entry]:
    """Return the amounts recorded with the ledger's rows; a payment without one counts as nothing."""
    charges = charges_of_their_own(books)
    return [
        Entry(
            Place.LEDGER,
            row.customer,
            f"ledger row {row.id} {row.source}{'' if row.cents is not None else ' without an amount'}",
            row.about,
            row.cents or 0,
            made=books.made(row.about),
            charge=row.source == "purchased" or row.about in charges,
        )
        for row in dict.fromkeys(books.ledger)
        if row.cents is not None or row.source in PAYING_SOURCES
    ]


def event_entries(books: Books) -> list[Entry]:
    """Return the amounts of ``billing_events``.

    An event that was recorded twice, and two events about one invoice that say the same, count once.
    """
    charges = charges_of_their_own(books)
    uncredited = {invoice.id for invoice in books.invoices if not invoice.earns_credits}
    entries: dict[tuple[object, ...], Entry] = {}
    for event in books.events:
        sign = {PAID_INVOICE: 1, REFUNDED_CHARGE: -1}.get(event.type)
        if sign is None or event.cents is None:
            continue
        about = event.about
        entry = Entry(
            Place.EVENTS,
            event.customer,
            event.id,
            about,
            sign * event.cents,
            credited=event.credited and about not in uncredited,
            made=books.made(event.id, about),
            charge=about in charges,
        )
        once = (event.customer, about, entry.cents) if about and sign > 0 else (event.id, entry.cents)
        known = entries.get(once)
        # The one that brought the credits stands for both.
        if known is None or (entry.credited, known.object) > (known.credited, entry.object):
            entries[once] = entry
    return list(entries.values())


def conflicting_events(books: Books) -> list[tuple[int, str]]:
    """Return, with their customers, sentences on events about one invoice that say different amounts."""
    said: dict[tuple[int, str], dict[str, int]] = {}
    for event in books.events:
        if event.type == PAID_INVOICE and event.cents is not None and event.about:
            said.setdefault((event.customer, event.about), {})[event.id] = event.cents
    return [
        (customer, f"{Place.EVENTS.value} say different amounts about {about}: {_listed(amounts)}")
        for (customer, about), amounts in sorted(said.items())
        if len(set(amounts.values())) > 1
    ]


def _listed(amounts: Mapping[str, int]) -> str:
    return ", ".join(f"{event} {cents} cents" for event, cents in sorted(amounts.items()))


def series_entries(place: Place, sums: tuple[SeriesSum, ...]) -> tuple[list[Entry], list[SeriesSum]]:
    """Return what a metric's series say, and those whose number is no whole number of cents."""
    found = dict.fromkeys(sums)
    whole = [one for one in found if one.value.is_integer()]
    entries = [Entry(place, one.customer, one.series, "", int(one.value)) for one in whole]
    return entries, [one for one in found if not one.value.is_integer()]


def gross(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield what was taken, without what was given back: counters only grow."""
    return (entry for entry in entries if entry.cents > 0)
