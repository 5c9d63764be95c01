"""Faults of the billing service that can be switched on while it runs: each breaks one promise of the contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import count
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from local_staging.service import (
    customers,
    fix_attempts,
    fixes,
    internal_routes,
    onboarding,
    payment_methods,
    routes,
    stripe_objects,
    subscriptions,
)
from local_staging.service.customers import Customer
from local_staging.service.errors import RefusedError
from local_staging.service.ledger import grant
from local_staging.service.stripe_gateway import StripeGateway
from local_staging.service.webhooks import handlers, intake, processing, queue, signature, worker
from local_staging.service.webhooks.handlers import Applied, Delivery

Fault = Callable[[pytest.MonkeyPatch], None]


def _constant(module: Any, name: str, value: object) -> Fault:
    return lambda patch: patch.setattr(module, name, value)


def _sql(module: Any, name: str, old: str, new: str) -> Fault:
    """Change a statement, which must hold the text that is replaced."""

    def switch_on(patch: pytest.MonkeyPatch) -> None:
        statement: str = getattr(module, name)
        if old not in statement:
            raise ValueError(f"{module.__name__}.{name} holds no {old!r}: the fault would change nothing.")
        patch.setattr(module, name, statement.replace(old, new))

    return switch_on


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _no(*_: Any, **__: Any) -> bool:
    return False


def _yes(*_: Any, **__: Any) -> bool:
    return True


def free_fix(platform: Any, work: Any, customer: Customer, fix_id: str) -> None:
    """Give a credit away instead of charging."""
    grant(work, customer.id, 1, "purchased", {"fix_id": fix_id})


def charged_again(patch: pytest.MonkeyPatch) -> None:
    """Charge a fix as often as it is reported, under a new idempotency key each time."""
    numbers = count(1)
    patch.setattr(fixes, "is_recorded", _no)
    patch.setattr(fixes, "_charge_key", lambda customer, fix_id, _: f"{customer.id}-{fix_id}-{next(numbers)}")


def charge_without_metadata(patch: pytest.MonkeyPatch) -> None:
    """Charge without saying for what."""
    charge = StripeGateway.charge
    patch.setattr(
        StripeGateway,
        "charge",
        lambda self, *paid, metadata, **how: charge(self, *paid, metadata={}, **how),
    )


def cards_refused(patch: pytest.MonkeyPatch) -> None:
    """Refuse every card."""

    def refuse(*_: Any, **__: Any) -> None:
        raise RefusedError(422, "no_cards_today", "No cards are taken today.")

    patch.setattr(internal_routes, "add_payment_method", refuse)


def creation_lost(patch: pytest.MonkeyPatch) -> None:
    """Answer 200, and lose the events of new subscriptions."""
    put = queue.put

    def lossy(work: Any, body: str) -> None:
        if json.loads(body)["type"] != "customer.subscription.created":
            put(work, body)

    patch.setattr(queue, "put", lossy)


def consent_ignored(patch: pytest.MonkeyPatch) -> None:
    """Add cards without consent."""
    add = internal_routes.add_payment_method
    patch.setattr(
        internal_routes,
        "add_payment_method",
        lambda platform, customer_id, card, *, consent: add(platform, customer_id, card, consent=True),
    )


def bonus_race(patch: pytest.MonkeyPatch) -> None:
    """Look whether a card is the first one without holding the customer; two at once look before either writes."""
    meeting = Barrier(2)
    is_first = payment_methods._is_first

    def first_meets_first(work: Any, customer: Customer) -> bool:
        first = is_first(work, customer)
        try:
            meeting.wait(0.3)
        except BrokenBarrierError:
            meeting.reset()
        return first

    patch.setattr(
        payment_methods,
        "lock_customer",
        lambda connection, customer_id: customers._one(connection, customers._READ, customer_id),
    )
    patch.setattr(payment_methods, "_is_first", first_meets_first)


def source_lost(patch: pytest.MonkeyPatch) -> None:
    """Forget where a customer comes from."""
    onboard = onboarding.onboard
    patch.setattr(
        routes,
        "onboard",
        lambda platform, request: onboard(platform, request.model_copy(update={"source": None})),
    )


def strangers_dropped(patch: pytest.MonkeyPatch) -> None:
    """Drop the events of customers whom nobody knows, without a record."""
    process = processing.process

    def only_known(platform: Any, work: Any, event: Any) -> None:
        if event.type not in handlers.HANDLERS or processing._lock_customer(work, event):
            process(platform, work, event)

    patch.setattr(worker, "process", only_known)


def unknown_type_credited(patch: pytest.MonkeyPatch) -> None:
    """Credit an event of a type that nobody knows."""

    def credit(delivery: Delivery) -> Applied:
        grant(delivery.work, delivery.customer.id, 60, "adjustment", {})
        return Applied()

    patch.setitem(handlers.HANDLERS, "customer.teleported", credit)


def keys_not_asked_for(patch: pytest.MonkeyPatch) -> None:
    """Take whoever sends no API key for the newest customer."""
    authenticate = routes.authenticate

    def anybody(connection: Any, api_key: str | None) -> int:
        if api_key:
            return authenticate(connection, api_key)
        newest: int = connection.execute("SELECT max(id) AS id FROM customers").fetchone()["id"]
        return newest

    patch.setattr(routes, "authenticate", anybody)


def credit_lost_after_the_end(patch: pytest.MonkeyPatch) -> None:
    """Credit paid invoices of Pro customers only, also late ones."""
    credit = handlers._credit
    patch.setattr(
        handlers,
        "_credit",
        lambda delivery, invoice: delivery.customer.is_pro and credit(delivery, invoice),
    )


def duplicates_counted(patch: pytest.MonkeyPatch) -> None:
    """Apply an event as often as it is delivered."""
    record = processing._record
    patch.setattr(processing, "_record", lambda work, event, customer: record(work, event, customer) or True)
    patch.setattr(handlers, "is_recorded", _no)


def only_first_signature(patch: pytest.MonkeyPatch) -> None:
    """Look at the first signature of a header only."""
    parse = signature._parse

    def first(header: str) -> tuple[str | None, list[bytes]]:
        timestamp, found = parse(header)
        return timestamp, found[:1]

    patch.setattr(signature, "_parse", first)


def every_twentieth_lost(patch: pytest.MonkeyPatch) -> None:
    """Answer 200, and lose every twentieth of a workflow's events."""
    put = queue.put

    def lossy(work: Any, body: str) -> None:
        event_id: str = json.loads(body)["id"]
        number = event_id.rpartition("_")[2]
        if not event_id.startswith("evt_w") or int(number) % 20:
            put(work, body)

    patch.setattr(queue, "put", lossy)


FAULTS: Mapping[str, Fault] = {
    "no credit for a fix": _constant(fixes, "consume", _nothing),
    "the same fix billed twice": _constant(fixes, "is_recorded", _no),
    "charged again": charged_again,
    "charge without metadata": charge_without_metadata,
    "cards refused": cards_refused,
    "creation lost": creation_lost,
    "no Pro credits": _constant(handlers, "_credit", _no),
    "a free fix": _constant(fixes, "_purchase", free_fix),
    "consent ignored": consent_ignored,
    "a bonus for each card": _constant(payment_methods, "_is_first", _yes),
    "a race for the bonus": bonus_race,
    "pay-as-you-go price": _constant(fixes, "PAY_AS_YOU_GO_CENTS", 2_800),
    "dollars for cents": _constant(fixes, "PAY_AS_YOU_GO_CENTS", 290_000),
    "Pro overage price": _constant(fixes, "PRO_OVERAGE_CENTS", 2_900),
    "credits lost with the subscription": _sql(
        handlers, "_END", "subscription_state = NULL", "credit_balance = 0, subscription_state = NULL"
    ),
    "Pro price after the end": _constant(fixes, "PAY_AS_YOU_GO_CENTS", 1_500),
    "state not cleared": _sql(
        handlers, "_END", "subscription_state = NULL", "subscription_state = 'canceled'"
    ),
    "cancelled at once": _sql(
        subscriptions,
        "_CANCEL_LATER",
        "subscription_cancel_at_period_end = true",
        "subscription_cancel_at_period_end = true, subscription_type = 'pay_as_you_go'",
    ),
    "flag lost with the next event": _sql(
        handlers, "_FLAG", "= %s, updated_at", "= (%s AND false), updated_at"
    ),
    "source lost": source_lost,
    "signatures not checked": _constant(intake, "verify", _nothing),
    "old signatures accepted": _constant(signature, "TOLERANCE_SECONDS", 10**6),
    "refusals not counted": _constant(intake, "_count", _nothing),
    "strangers dropped": strangers_dropped,
    "unknown type credited": unknown_type_credited,
    "duplicate attempts accepted": _sql(
        fix_attempts, "_INSERT", "RETURNING", "ON CONFLICT DO NOTHING RETURNING"
    ),
    "keys not asked for": keys_not_asked_for,
    "order of arrival": _constant(handlers, "newer_events", lambda *_, **__: frozenset()),
    "credit lost after the end": credit_lost_after_the_end,
    "duplicates counted": duplicates_counted,
    "only the first signature": only_first_signature,
    "any invoice credited": _constant(stripe_objects.StripeInvoice, "has_price", _yes),
    "webhooks lost after 200": every_twentieth_lost,
}
"""The faults by name."""
