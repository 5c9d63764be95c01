"""Faults of webhooks: signatures, duplicates, disorder, strangers, and events that are lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from threading import Event
from typing import Any

from local_staging.faults.model import Fault, Notice
from local_staging.faults.switches import all_of, always, with_entry, wrapped
from local_staging.service.customers import lock_stripe_customer
from local_staging.service.ledger import grant
from local_staging.service.stripe_objects import StripeEvent, StripeInvoice
from local_staging.service.webhooks import handlers, intake, processing, queue, signature, worker
from local_staging.service.webhooks.handlers import Applied, Delivery
from local_staging.service.webhooks.signature import SignatureError

Verify = Callable[..., None]


def forgiving(reason: str, *, in_future: bool | None = None) -> Callable[[Verify], Verify]:
    """Accept what is refused for a reason; where it is told, only what is signed for the future, or the past."""

    def make(verify: Verify) -> Verify:
        def lenient(body: bytes, header: str, secrets: Collection[str], now: float) -> None:
            try:
                verify(body, header, secrets, now)
            except SignatureError as error:
                if error.reason != reason or in_future not in (None, _signed_at(header) > now):
                    raise

        return lenient

    return make


def first_only(parse: Callable[[str], tuple[str | None, list[bytes]]]) -> Callable[[str], Any]:
    """Look at the first signature of a header only."""

    def parsed(header: str) -> tuple[str | None, list[bytes]]:
        timestamp, found = parse(header)
        return timestamp, found[:1]

    return parsed


def applied_every_time(record: Callable[..., bool]) -> Callable[..., bool]:
    """Apply an event as often as it is delivered."""
    return lambda work, event, customer: record(work, event, customer) or True


def known_customers_only(process: Callable[..., None]) -> Callable[..., None]:
    """Drop the events of customers whom nobody knows, without a record."""

    def only_known(platform: Any, work: Any, event: StripeEvent) -> None:
        if not _is_a_strangers(work, event.data.object):
            process(platform, work, event)

    return only_known


def stopped_by_a_stranger(take: Callable[..., Any]) -> Callable[..., Any]:
    """Take nothing off the queue any more after an event of a customer whom nobody knows."""
    met = Event()

    def stopped(work: Any) -> Any:
        if met.is_set():
            return None
        taken = take(work)
        if taken is not None and _is_a_strangers(work, json.loads(taken.body)["data"]["object"]):
            met.set()
        return taken

    return stopped


def _is_a_strangers(work: Any, about: Mapping[str, Any]) -> bool:
    customer = about.get("customer")
    return isinstance(customer, str) and lock_stripe_customer(work.connection, customer) is None


def _signed_at(header: str) -> int:
    return int(header.partition(",")[0].removeprefix("t="))


def every_twentieth_lost(put: Callable[..., None]) -> Callable[..., None]:
    """Lose every twentieth of the events that a workflow makes, by the number in their ids."""

    def lossy(work: Any, body: str) -> None:
        event_id: str = json.loads(body)["id"]
        number = event_id.rpartition("_")[2]
        if not event_id.startswith("evt_w") or int(number) % 20:
            put(work, body)

    return lossy


def credited(delivery: Delivery) -> Applied:
    """Credit an event, whatever it is."""
    grant(delivery.work, delivery.customer.id, 60, "adjustment", {})
    return Applied()


def pro_customers_only(credit: Callable[..., bool]) -> Callable[..., bool]:
    """Credit paid invoices of Pro customers only, also late ones."""
    return lambda delivery, invoice: delivery.customer.is_pro and credit(delivery, invoice)


SIGNATURES = (
    Fault(
        "signature-not-checked",
        "An event without a signature is refused with 401.",
        always(intake, "verify", answer=None),
        Notice("w14_signature", "missing.answer", "http_status is 200, expected 401"),
    ),
    Fault(
        "tampered-accepted",
        "An event that was changed after it was signed, or signed with another secret, is refused with 401.",
        wrapped(intake, "verify", forgiving("invalid_signature")),
        Notice("w14_signature", "wrong.answer", "http_status is 200, expected 401"),
    ),
    Fault(
        "stale-accepted",
        "An event that was signed more than five minutes ago is refused with 400.",
        wrapped(intake, "verify", forgiving("signature_expired", in_future=False)),
        Notice("w14_signature", "stale.answer", "http_status is 200, expected 400"),
    ),
    Fault(
        "future-accepted",
        "An event that is signed for a time in the future is refused with 400.",
        wrapped(intake, "verify", forgiving("signature_expired", in_future=True)),
        Notice("w14_signature", "future.answer", "http_status is 200, expected 400"),
    ),
    Fault(
        "refusals-not-counted",
        "Each refused event is counted under its reason.",
        always(intake, "_count", answer=None),
        Notice("w14_signature", "counted.counter", "missing_signature is … expected (at least"),
    ),
    Fault(
        "only-the-first-signature",
        "While a secret is rotated, one right signature of two is enough.",
        wrapped(signature, "_parse", first_only),
        Notice("w19_webhook_chaos", "two_secrets.answer", "http_status is 401, expected 200"),
    ),
)

DELIVERY = (
    Fault(
        "credit-on-a-duplicate",
        "An event that Stripe delivers more than once counts once.",
        all_of(
            wrapped(processing, "_record", applied_every_time), always(handlers, "is_recorded", answer=False)
        ),
        Notice("w12_idempotency", "second_delivery.customer", "credit_balance is 125, expected 65"),
    ),
    Fault(
        "event-not-recorded",
        "Every event is recorded.",
        always(processing, "_record", answer=True),
        Notice(
            "w12_idempotency", "first_delivery.event", "none (expected event_type=invoice.payment_succeeded"
        ),
    ),
    Fault(
        "lost-after-200",
        "An event that was answered with 200 is processed.",
        wrapped(queue, "put", every_twentieth_lost),
        Notice("w19_webhook_chaos", "burst.recorded_once", "recorded is … expected 90"),
    ),
    Fault(
        "order-of-arrival",
        "The newest event counts, not the one that arrives last.",
        always(handlers, "newer_events", answer=frozenset()),
        Notice(
            "w18_disorder", "deleted_before_updated.customer", "subscription_state is active, expected null"
        ),
    ),
    Fault(
        "late-invoice-not-credited",
        "An invoice that was paid before the subscription's end is credited, also when its event comes after it.",
        wrapped(handlers, "_credit", pro_customers_only),
        Notice(
            "w18_disorder",
            "late_paid_invoice.ledger",
            "balance_after=5 (expected … amount=60, source=pro_subscription_payment",
        ),
    ),
    Fault(
        "any-invoice-credited",
        "Only an invoice for the Pro price is credited.",
        always(StripeInvoice, "has_price", answer=True),
        Notice("w19_webhook_chaos", "old_shape.ledger", "balance_after=245 (expected … balance_after=185)"),
    ),
)

STRANGERS = (
    Fault(
        "strangers-dropped",
        "The event of a customer whom nobody knows is recorded.",
        wrapped(worker, "process", known_customers_only),
        Notice(
            "w15_strangers",
            "unknown_customer.event",
            "none (expected event_type=invoice.payment_succeeded, customer_id=null",
        ),
    ),
    Fault(
        "stranger-stops-the-queue",
        "What comes after the event of a customer whom nobody knows is processed as ever.",
        wrapped(queue, "take", stopped_by_a_stranger),
        Notice("w15_strangers", "unknown_type.event", "none (expected event_type=customer.teleported"),
    ),
    Fault(
        "unknown-type-credited",
        "An event of a type that nobody knows changes nothing.",
        with_entry(processing, "HANDLERS", "customer.teleported", credited),
        Notice("w15_strangers", "unknown_type.customer", "credit_balance is 65, expected 5"),
    ),
)

FAULTS = (*SIGNATURES, *DELIVERY, *STRANGERS)
