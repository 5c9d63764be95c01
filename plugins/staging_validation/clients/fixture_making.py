"""Makes one customer state's Stripe objects: test clock, customer, cards, subscription, and the time that passes.

Every step may be repeated: a second try of a run finds the clock by its name, which holds the run, and everything on
it by idempotency keys; a clock that was advanced already stays where it stands.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from staging_validation.clients.stripe_api import SERVICE, StripeApi
from staging_validation.errors import ServiceAnswerError
from staging_validation.fixtures import SeededObjects
from staging_validation.stripe_objects import (
    FAILING_CARD,
    GOOD_CARD,
    PlannedObjects,
    PlannedSubscription,
    period_of,
)

if TYPE_CHECKING:
    from staging_validation.workflows.model import Row

_USABLE = ("ready", "advancing")

_LOOK_SECONDS = 0.2
"""Pause between two looks at a clock that is being advanced: several are at once, and an account has one limit."""


@dataclass(frozen=True)
class Made:
    """What was made so far, so that it can be taken back. Threads add to it.

    Attributes:
        clocks: Ids of test clocks; with one goes everything on it.
        customers: Ids of the customers on no clock.
    """

    clocks: list[str] = field(default_factory=list)
    customers: list[str] = field(default_factory=list)


class StateMaker:
    """Makes what states need in Stripe.

    Args:
        stripe: Stripe in test mode.
        now: The present moment, in Unix seconds: current periods hold it.
        clocks: The test clocks that this run made before, by name.
    """

    def __init__(self, stripe: StripeApi, *, now: int, clocks: Mapping[str, Row]) -> None:
        self.made = Made()
        self._stripe = stripe
        self._now = now
        self._clocks = clocks

    def make(self, plan: PlannedObjects) -> SeededObjects:
        """Make a state's objects, or find those that this run made before.

        Raises:
            GuardRefusedError: An object is not of test mode.
            DeadlineError: A test clock was not ready in time.
            ServiceError: Stripe cannot be asked, or refuses.
        """
        if plan.subscription is not None:
            return self._subscribed(plan, plan.subscription)
        customer_id = self._customer(plan)
        if plan.payment_method is None:
            return SeededObjects(customer_id)
        return SeededObjects(customer_id, self._card(plan, customer_id, plan.payment_method))

    def _subscribed(self, plan: PlannedObjects, subscription: PlannedSubscription) -> SeededObjects:
        """Subscribe a customer on a clock, and let the time pass that the state needs."""
        clock_id, customer_id = self._on_a_clock(plan, subscription)
        card_id = self._card(plan, customer_id, GOOD_CARD)
        began = self._stripe.create_subscription(
            customer_id,
            metadata=plan.metadata,
            idempotency_key=f"{plan.idempotency_key}-{customer_id}-subscribe",
            cancel_at_period_end=subscription.cancel_at_period_end,
        )
        if subscription.fails:
            card_id = self._card(plan, customer_id, FAILING_CARD)
        _, first_period_end = _period(began)
        # Stripe advances a clock by two months at most: the current period began less than a month ago, and where
        # the renewal has to fail, the one before it is the first.
        self._stripe.clocks.advance(
            clock_id,
            subscription.stands_at(self._now, first_period_end),
            interval_seconds=_LOOK_SECONDS,
        )
        start, end = _period(self._read(str(began["id"])))
        return SeededObjects(
            customer_id,
            card_id,
            subscription_id=str(began["id"]),
            test_clock_id=clock_id,
            current_period_start=start,
            current_period_end=end,
        )

    def _on_a_clock(self, plan: PlannedObjects, subscription: PlannedSubscription) -> tuple[str, str]:
        """Return the ids of a test clock and of the state's customer on it: those of a former try, or new ones."""
        if (former := self._clocks.get(subscription.clock_name)) is not None:
            clock_id = str(former["id"])
            self.made.clocks.append(clock_id)
            customer_id = self._found_on(clock_id, plan) if former.get("status") in _USABLE else None
            if customer_id is not None:
                return clock_id, customer_id
            # Its time may have passed already, and cannot be put back.
            self._stripe.clocks.delete(clock_id)
        # The key is new each time: a clock of the same run that was taken back would be repeated from memory.
        clock = self._stripe.clocks.create(
            subscription.clock_name,
            frozen_time=subscription.begins_at(self._now),
            idempotency_key=f"clock-{uuid.uuid4().hex}",
        )
        clock_id = str(clock["id"])
        self.made.clocks.append(clock_id)
        return clock_id, self._customer(plan, clock_id)

    def _found_on(self, clock_id: str, plan: PlannedObjects) -> str | None:
        """Return the id of the state's customer on a clock, when the clock stands still; None without one."""
        self._stripe.clocks.wait_until_ready(clock_id)
        ours = (
            str(customer["id"])
            for customer in self._stripe.clocks.customers(clock_id)
            if customer.get("metadata") == plan.metadata
        )
        return next(ours, None)

    def _customer(self, plan: PlannedObjects, clock_id: str | None = None) -> str:
        """Make a state's customer, or find the one that this run made before.

        Stripe repeats its first answer to a key for a day, also when the customer was deleted meanwhile and also when
        that answer was an error of its own (Stripe API reference, idempotent requests). Then one more key is used,
        which is new.
        """
        stem = f"{plan.idempotency_key}-{clock_id}" if clock_id else plan.idempotency_key
        for key in (stem, f"{stem}-{uuid.uuid4().hex}"):
            try:
                made = self._stripe.create_customer(
                    name=plan.name,
                    email=plan.email,
                    metadata=plan.metadata,
                    idempotency_key=key,
                    test_clock=clock_id,
                )
            except ServiceAnswerError as error:
                if key != stem or (error.status or 0) < 500:
                    raise
                continue
            customer_id = str(made["id"])
            if clock_id is None:
                self.made.customers.append(customer_id)
            found = self._stripe.customer(customer_id)
            if found is not None and not found.get("deleted"):
                return customer_id
        raise ServiceAnswerError(
            SERVICE,
            f"the customer for {plan.key} was made, and is gone at once.",
            remedy="find out who else deletes customers in this Stripe account",
        )

    def _card(self, plan: PlannedObjects, customer_id: str, card: str) -> str:
        """Attach a test card, make it the default, and return its id."""
        # A retried state may have another customer than before: it is part of the keys.
        stem = f"{plan.idempotency_key}-{customer_id}"
        stem = stem if card == plan.payment_method else f"{stem}-{card}"
        attached = self._stripe.attach_payment_method(card, customer_id, idempotency_key=f"{stem}-attach")
        card_id = str(attached["id"])
        self._stripe.set_default_payment_method(customer_id, card_id, idempotency_key=f"{stem}-default")
        return card_id

    def _read(self, subscription_id: str) -> Row:
        """Return a subscription as it is now; an answer that Stripe repeats shows it as it was."""
        found = self._stripe.find(lambda client: client.v1.subscriptions.retrieve(subscription_id))
        if found is None:
            raise ServiceAnswerError(
                SERVICE,
                f"the subscription {subscription_id} was made, and is gone at once.",
                remedy="find out who else ends subscriptions in this Stripe account",
            )
        return found


def _period(subscription: Row) -> tuple[int, int]:
    if (period := period_of(subscription)) is None:
        raise ServiceAnswerError(
            SERVICE,
            f"the subscription {subscription.get('id')} tells no current period.",
            remedy="check that the price pro_price_id of the connection stripe_default is a recurring one",
        )
    return period
