"""Stripe's time for the customers of a session: test clocks, moved in steps that Stripe allows, and removed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress

from pydantic import JsonValue

from staging_validation.clients.staging_waiting import Patience
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import CheckFailedError, ServiceAnswerError, StagingValidationError
from staging_validation.workflows.model import Customer, Moment, Period, Row
from staging_validation.workflows.naming import clock_name

DAY_SECONDS = 24 * 3600

MARGIN_SECONDS = 2 * 3600
"""How far past a moment time is moved: a renewal's invoice stays a draft for about an hour before it is charged
(Stripe documentation, subscription invoices)."""

_INTERVALS_AT_ONCE = 2
_SHORTEST_DAYS = {"day": 1, "week": 7, "month": 28, "year": 365}
_ENDED = frozenset({"canceled", "incomplete_expired"})
_FORBIDDEN = 403


class SessionClocks:
    """The test clocks of a session, one for each customer: nobody's time moves with another's.

    Args:
        workflow_id: The workflow, which the clocks' names carry.
        run_id: The run, which they carry too.
        stripe: Stripe in test mode.
        patience: How long to wait for a clock.
    """

    def __init__(self, workflow_id: str, run_id: str, *, stripe: StripeApi, patience: Patience) -> None:
        self._name = clock_name(workflow_id, run_id)
        self._stripe = stripe
        self._ready_seconds = patience.clock_seconds
        self._made: list[str] = []

    def make(self) -> str:
        """Make a clock that stands at the present, and return its id.

        Raises:
            ServiceError: Stripe makes none.
        """
        # A key of its own: another try of the same run must not be given the clock of the first.
        made = self._stripe.clocks.create(
            self._name, frozen_time=int(time.time()), idempotency_key=str(uuid.uuid4())
        )
        self._made.append(str(made["id"]))
        return self._made[-1]

    def forbidden(self) -> str | None:
        """Make a clock, or return why the Stripe key may not.

        Raises:
            ServiceError: Stripe makes none, for another reason.
        """
        try:
            self.make()
        except ServiceAnswerError as error:
            if error.status != _FORBIDDEN:
                raise
            return (
                f"the key of the connection stripe_default may make no test clocks, so no time can pass "
                f"({error.message})"
            )
        return None

    @property
    def newest(self) -> str:
        """The id of the clock that was made last."""
        return self._made[-1]

    def missed_by(self, customer: Customer) -> str | None:
        """Return why a customer does not live on the clock that onboarding was given; None when it does.

        Raises:
            CheckFailedError: The platform stored no Stripe customer, or one that Stripe does not know.
        """
        found = self._stripe.customer(customer.stripe_id) if customer.stripe_id else None
        if found is None:
            raise CheckFailedError(
                f"{customer.email}: the platform stored {customer.stripe_id} as stripe_customer_id, and Stripe "
                "knows no such customer.",
                remedy="read the service's log: onboarding makes the Stripe customer",
            )
        if found.get("test_clock") == customer.clock_id:
            return None
        return (
            "this platform ignores stripe_test_clock at onboarding, so no time can pass for its customers: Stripe "
            f"customer {customer.stripe_id} lives on {found.get('test_clock') or 'no test clock'}, not on "
            f"{customer.clock_id}"
        )

    def period(self, customer: Customer) -> Period:
        """Return the current period of a customer's running subscription.

        Raises:
            CheckFailedError: None is running.
        """
        for item in _items(self._running(customer)):
            start, end = item.get("current_period_start"), item.get("current_period_end")
            if isinstance(start, int) and isinstance(end, int):
                return Period(start, end)
        raise CheckFailedError(
            f"{customer.email}: Stripe customer {customer.stripe_id} has no running subscription, so there is no "
            "period that could end.",
            remedy="look the customer up in Stripe's test mode; the steps before should have subscribed it",
        )

    def pass_time(self, customer: Customer, *, to: Moment | None = None, days: int = 0) -> None:
        """Move a customer's clock, in steps of at most two intervals of the shortest subscription.

        Raises:
            CheckFailedError: The customer has no clock, or there is no such moment.
            DeadlineError: A step did not come to its end in time.
            ServiceError: Stripe refuses, or the clock broke.
        """
        now = self._stands_at(customer)
        target = self._moment(customer, to) + MARGIN_SECONDS if to else now + days * DAY_SECONDS
        while now < target:
            now = min(target, now + self._furthest(customer))
            self._stripe.clocks.advance(str(customer.clock_id), now, timeout_seconds=self._ready_seconds)

    def remove(self, *, keep: bool) -> tuple[list[str], list[str], list[str]]:
        """Delete the session's clocks with everything on them; a second call finds none.

        Args:
            keep: Delete none.

        Returns:
            The ids of those deleted, of those kept, and one sentence for each that could not be deleted.
        """
        made, self._made = self._made, []
        if keep:
            return [], made, []
        deleted: list[str] = []
        problems: list[str] = []
        for clock_id in made:
            try:
                self._stripe.clocks.delete(clock_id, timeout_seconds=self._ready_seconds)
                deleted.append(clock_id)
            except StagingValidationError as error:  # noqa: PERF203 - each clock for itself
                problems.append(f"Stripe test clock {clock_id} is left: {error.message}")
        return deleted, [], problems

    def let_rest(self) -> None:
        """Wait until no clock of the session is being advanced: until then Stripe deletes nothing that lives on it.

        A clock that does not come to rest, or cannot be asked, is left to its deletion, which tells why.
        """
        for clock_id in self._made:
            with suppress(StagingValidationError):
                self._stripe.clocks.wait_until_ready(clock_id, timeout_seconds=self._ready_seconds)

    def _stands_at(self, customer: Customer) -> int:
        clock = self._stripe.clocks.clock(customer.clock_id) if customer.clock_id else None
        if clock is None:
            raise CheckFailedError(
                f"{customer.email} lives on no test clock, so no time can pass for this customer.",
                remedy="sign the customer up with on_clock=True, and name TEST_CLOCK among the workflow's needs",
            )
        return _number(clock["frozen_time"])

    def _moment(self, customer: Customer, to: Moment) -> int:
        if to is Moment.NEXT_PERIOD:
            return self.period(customer).end
        invoices = self._stripe.invoices(customer.stripe_id) if customer.stripe_id else []
        attempts = [
            _number(invoice["next_payment_attempt"])
            for invoice in invoices
            if invoice.get("status") == "open" and invoice.get("next_payment_attempt")
        ]
        if not attempts:
            raise CheckFailedError(
                f"{customer.email}: Stripe will not try again to be paid: no open invoice of Stripe customer "
                f"{customer.stripe_id} has a next_payment_attempt.",
                remedy="set retries for failed payments in Stripe's billing settings (subscriptions and emails)",
            )
        return min(attempts)

    def _furthest(self, customer: Customer) -> int:
        """Return how many seconds a clock may be moved at once; a clock without a subscription may go by years."""
        lengths = [
            _SHORTEST_DAYS[str(recurring["interval"])] * _number(recurring.get("interval_count", 1))
            for item in _items(self._running(customer))
            if (recurring := _mapping(_mapping(item.get("price")).get("recurring")))
        ]
        return _INTERVALS_AT_ONCE * min(lengths, default=_SHORTEST_DAYS["year"]) * DAY_SECONDS

    def _running(self, customer: Customer) -> Sequence[Row]:
        found = self._stripe.subscriptions(customer.stripe_id) if customer.stripe_id else []
        return [subscription for subscription in found if subscription["status"] not in _ENDED]


def _items(subscriptions: Sequence[Row]) -> list[Mapping[str, JsonValue]]:
    """Return the items of subscriptions, those of the newest one first."""
    lists = (_mapping(subscription.get("items")).get("data") for subscription in subscriptions)
    return [_mapping(item) for found in lists if isinstance(found, list) for item in found]


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _number(value: JsonValue) -> int:
    return int(str(value))
