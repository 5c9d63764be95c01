"""Events made by us, signed as Stripe does, wrongly or twice, and sent to the platform's webhook."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from prometheus_client.parser import text_string_to_metric_families
from pydantic import JsonValue

from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import CheckFailedError
from staging_validation.workflows import events
from staging_validation.workflows.model import Answer, Customer, Row, Signing, WebhookEvent
from staging_validation.workflows.naming import event_name
from staging_validation.workflows.signatures import signature, timestamp_of

_OTHER_SECRET = "whsec_that_nobody_was_given"  # noqa: S105 - no secret: a signature made with it must not count
_WRONG_BY_SECONDS = 600
"""How far a stale or future signature is off: twice the tolerance of 300 s (platform contract, Stripe)."""

_AT_ONCE = 8
"""Connections that a burst is sent through."""


class WebhookSending:
    """The part of a session that makes and sends events; their names carry workflow, run and customer.

    Args:
        workflow_id: The workflow.
        run_id: The run.
        api: The billing API.
        stripe: Stripe in test mode.
    """

    def __init__(self, workflow_id: str, run_id: str, *, api: BillingApi, stripe: StripeApi) -> None:
        self.run_id = run_id
        self.api = api.undisturbed()
        self.stripe = stripe
        self._workflow_id = workflow_id
        self._names = 0

    def new_name(self, customer: Customer) -> str:
        """Return a name that is used once, for something of a customer: it carries workflow, run and customer."""
        self._names += 1
        return event_name(self._workflow_id, self.run_id, customer.id, self._names)

    def pro_invoice_paid(
        self, customer: Customer, *, seconds_ago: int = 0, old_shape: bool = False
    ) -> WebhookEvent:
        """Make the event of a paid Pro invoice for a customer; nothing is sent yet.

        Args:
            customer: The customer.
            seconds_ago: How long ago it happened.
            old_shape: As Stripe's API before 2025 wrote invoices.

        Raises:
            CheckFailedError: The platform made no Stripe customer for this one.
        """
        return self._invoice(customer, "succeeded", seconds_ago, old_shape=old_shape)

    def pro_invoice_failed(self, customer: Customer, *, seconds_ago: int = 0) -> WebhookEvent:
        """Make the event of a Pro invoice whose payment failed; nothing is sent yet.

        Raises:
            CheckFailedError: The platform made no Stripe customer for this one.
        """
        return self._invoice(customer, "failed", seconds_ago)

    def subscription_event(
        self,
        customer: Customer,
        change: str,
        *,
        seconds_ago: int = 0,
        status: str = "active",
        cancel_at_period_end: bool = False,
    ) -> WebhookEvent:
        """Make an event of the customer's one subscription that only events know; nothing is sent yet.

        Args:
            customer: The customer.
            change: created, updated or deleted.
            seconds_ago: How long ago it happened.
            status: The subscription's status then.
            cancel_at_period_end: Whether it was to end with its period.

        Raises:
            CheckFailedError: The platform made no Stripe customer for this one.
        """
        happened = int(time.time()) - seconds_ago
        subscription = events.pro_subscription(
            f"sub_{event_name(self._workflow_id, self.run_id, customer.id, 0)}",
            stripe_customer=_stripe_id(customer),
            price=self.stripe.pro_price_id,
            run_id=self.run_id,
            began=happened,
            status=status,
            cancel_at_period_end=cancel_at_period_end,
        )
        return self._event(customer, f"customer.subscription.{change}", happened, subscription)

    def other_event(self, customer: Customer, event_type: str) -> WebhookEvent:
        """Make an event of a type that changes nothing, about the Stripe customer; nothing is sent yet.

        Raises:
            CheckFailedError: The platform made no Stripe customer for this one.
        """
        about: dict[str, JsonValue] = {"id": _stripe_id(customer), "object": "customer", "livemode": False}
        return self._event(customer, event_type, int(time.time()), about)

    def send(self, event: WebhookEvent, signing: Signing = Signing.RIGHT) -> Answer:
        """Sign an event and send it to the webhook."""
        return self.api.send_webhook(event.body, self._signature(event.body, signing))

    def send_at_once(self, event: WebhookEvent, times: int) -> Sequence[Answer]:
        """Sign an event several times and send all of them at the same moment."""
        return self.at_once(lambda: self.send(event), times)

    def send_burst(self, burst: Sequence[WebhookEvent]) -> Sequence[Answer]:
        """Sign events and send them as fast as the webhook takes them, several at a time."""
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            return list(pool.map(self.send, burst))

    def at_once(self, call: Callable[[], Answer], times: int) -> Sequence[Answer]:
        """Do the same several times at the same moment, and return all answers."""
        start = Barrier(times)

        def go() -> Answer:
            start.wait()
            return call()

        with ThreadPoolExecutor(max_workers=times) as pool:
            going = [pool.submit(go) for _ in range(times)]
        return [answer.result() for answer in going]

    def counter(self, metric: str, by: str) -> Row:
        """Read a counter of the platform's own metrics, as sums by a label's values.

        Raises:
            ServiceAnswerError: The platform does not tell its metrics.
        """
        sums: dict[str, float] = {}
        for family in text_string_to_metric_families(self.api.metrics()):
            for sample in family.samples:
                if sample.name == metric:
                    value = sample.labels.get(by, "")
                    sums[value] = sums.get(value, 0.0) + sample.value
        return dict[str, JsonValue](sums)

    def _invoice(
        self, customer: Customer, payment: str, seconds_ago: int, *, old_shape: bool = False
    ) -> WebhookEvent:
        happened, name = int(time.time()) - seconds_ago, self.new_name(customer)
        invoice = events.pro_invoice(
            f"in_{name}",
            stripe_customer=_stripe_id(customer),
            price=self.stripe.pro_price_id,
            run_id=self.run_id,
            created=happened,
            paid=payment == "succeeded",
            old_shape=old_shape,
        )
        return events.event(f"evt_{name}", f"invoice.payment_{payment}", created=happened, data=invoice)

    def _event(
        self, customer: Customer, event_type: str, happened: int, data: Mapping[str, JsonValue]
    ) -> WebhookEvent:
        return events.event(f"evt_{self.new_name(customer)}", event_type, created=happened, data=data)

    def _signature(self, body: str, signing: Signing) -> str | None:
        """Return the ``Stripe-Signature`` header of a kind; None for none at all."""
        if signing is Signing.MISSING:
            return None
        if signing in (Signing.STALE, Signing.FUTURE):
            off = _WRONG_BY_SECONDS if signing is Signing.FUTURE else -_WRONG_BY_SECONDS
            return self.stripe.sign(body, timestamp=int(time.time()) + off)
        if signing is Signing.TAMPERED:
            return self.stripe.sign(f"{body} ")
        right = self.stripe.sign(body)
        if signing is Signing.RIGHT:
            return right
        timestamp = timestamp_of(right)
        wrong = f"t={timestamp},v1={signature(body, timestamp, _OTHER_SECRET)}"
        return wrong if signing is Signing.WRONG else f"{wrong},{right.partition(',')[2]}"


def _stripe_id(customer: Customer) -> str:
    if customer.stripe_id is None:
        raise CheckFailedError(
            f"{customer.email}: row {customer.id} in customers has no stripe_customer_id, so Stripe cannot send "
            "events about this customer.",
            remedy="read the service's log: onboarding makes the Stripe customer",
        )
    return customer.stripe_id
