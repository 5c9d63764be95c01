"""What a workflow's steps act on: the billing API, the staging database and Stripe, as one session."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.polling import wait_for
from staging_validation.clients.postgres import connect
from staging_validation.clients.staging_customers import SessionCustomers
from staging_validation.clients.staging_records import StagingRecords
from staging_validation.clients.staging_time import SessionClocks
from staging_validation.clients.staging_waiting import PATIENT, Patience
from staging_validation.clients.staging_webhooks import WebhookSending
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import CheckFailedError
from staging_validation.workflows.model import Answer, CleanUp, Customer, Moment, Period
from staging_validation.workflows.naming import TEST_DOMAIN
from staging_validation.workflows.staging import SEEDED_CUSTOMERS, TEST_CLOCK

if TYPE_CHECKING:
    import psycopg

__all__ = ["Patience", "StagingSession", "open_session"]

_Value = TypeVar("_Value")
_LOG = logging.getLogger(__name__)

SEEDED = ("trial-new", "payg", "pro", "pro-rollover")
"""Some of the names before the @ of the test customers: a database without any of them was never reset."""

SEEDED_SIGNUP = Answer("none: the reset seeds this customer", None, 0, None)


class StagingSession(WebhookSending):
    """A session on staging for one workflow; a context manager that cleans up, also after a crash.

    Customers get addresses like ``w01-<run id>-<n>@test.example.com``, which the next reset removes.

    Args:
        workflow_id: The workflow, for example ``w01_signup``.
        run_id: The run; lower case letters, digits and hyphens.
        api: The billing API.
        connection: A connection to the staging database of the session's own, without an open transaction; it is
            made read-only. Whoever opened it closes it.
        stripe: Stripe in test mode.
        patience: How long to wait.
        domain: The domain of the addresses.
        keep_clocks: Leave the Stripe test clocks at the clean-up: with them goes what Stripe knows of their
            customers' invoices. Whoever says so removes them later, by the run that their names carry.
    """

    def __init__(
        self,
        workflow_id: str,
        run_id: str,
        *,
        api: BillingApi,
        connection: psycopg.Connection[Any],
        stripe: StripeApi,
        patience: Patience = PATIENT,
        domain: str = TEST_DOMAIN,
        keep_clocks: bool = False,
    ) -> None:
        super().__init__(workflow_id, run_id, api=api, stripe=stripe)
        self.database = StagingRecords(connection)
        self._patience = patience
        self._keep_clocks = keep_clocks
        self._began = time.monotonic()
        self._customers = SessionCustomers(
            workflow_id,
            run_id,
            api=api,
            database=self.database,
            stripe=stripe,
            patience=patience,
            domain=domain,
        )
        self._clocks = SessionClocks(workflow_id, run_id, stripe=stripe, patience=patience)
        self._tried_clocks = False
        self._why_no_clocks: str | None = None
        self._first_on_clock: Customer | None = None

    def lacks(self, need: str) -> str | None:
        """Return why a need cannot be met here; None when it can.

        Args:
            need: An operation of the billing API, the ten test customers, or a test clock. Only a customer who was
                signed up with a clock shows whether the platform passes it on to Stripe; who did is the first that
                :meth:`sign_up` returns.

        Raises:
            CheckFailedError: Onboarding with a test clock does not do what it should.
            ServiceError: The platform, the database or Stripe cannot be asked.
        """
        if need == TEST_CLOCK:
            if not self._tried_clocks:
                self._why_no_clocks = self._try_clocks()
                self._tried_clocks = True
            return self._why_no_clocks
        if need != SEEDED_CUSTOMERS:
            offered = self.api.offers(need)
            return (
                None
                if offered
                else f"this platform offers no operation {need} (connection staging_api, extra paths)"
            )
        found = self.database.with_addresses(*(f"{name}@{TEST_DOMAIN}" for name in SEEDED))
        return (
            None
            if found
            else "none of the test customers is in the database: run the DAG staging_reset first"
        )

    def seeded(self, email: str) -> Customer:
        """Return a test customer of the reset, to be looked at and never to be changed.

        Raises:
            CheckFailedError: There is none with this address.
        """
        for row in self.database.with_addresses(email):
            stripe_id = row["stripe_customer_id"]
            return Customer(
                int(str(row["id"])),
                email,
                "",
                stripe_id if isinstance(stripe_id, str) else None,
                SEEDED_SIGNUP,
            )
        raise CheckFailedError(
            f"{email}: there is no such row in customers, although the reset seeds it.",
            remedy="run the DAG staging_reset, and find out who removed the customer since the last one",
        )

    def sign_up(self, *, source: str | None = None, on_clock: bool = False) -> Customer:
        """Sign a new customer up; where onboarding has a limit, wait for it to pass.

        Args:
            source: Where the customer comes from, for example ``gh_marketplace``.
            on_clock: Give the customer a Stripe test clock, which stands at the present.

        Raises:
            CheckFailedError: Onboarding answered anything but 201 with a customer and an API key.
            ServiceError: The limit of requests did not pass in time, or Stripe made no clock.
        """
        if on_clock and source is None and (waiting := self._first_on_clock):
            self._first_on_clock = None
            return waiting
        clock = self._clocks.make() if on_clock else None
        return self._customers.signed_up(self._customers.onboard(source=source, test_clock=clock))

    def pass_time(self, customer: Customer, *, to: Moment | None = None, days: int = 0) -> None:
        """Let Stripe's time pass for one customer, and with it happen what falls due.

        The webhooks of what happened may still be on their way.

        Args:
            customer: A customer on a test clock.
            to: The moment to move to, and two hours further.
            days: How far to move otherwise.

        Raises:
            CheckFailedError: There is no such moment for this customer, or the customer lives on no clock.
            DeadlineError: Stripe did not come to an end with it.
            ServiceError: Stripe refuses.
        """
        self._clocks.pass_time(customer, to=to, days=days)

    def period(self, customer: Customer) -> Period:
        """Return the current period of the customer's running subscription, as Stripe says it.

        Raises:
            CheckFailedError: No subscription is running.
        """
        return self._clocks.period(customer)

    def wait_until_processed(self, customer: Customer) -> None:
        """Wait until an event that was sent after all others is recorded, so that those are through too.

        The event is of a type that the platform only records (platform contract, webhooks).

        Raises:
            CheckFailedError: The platform did not accept it.
            DeadlineError: It was not recorded in time.
        """
        last = self.other_event(customer, "customer.updated")
        answer = self.send(last)
        if answer.status != 200:
            raise CheckFailedError(f"{answer.request} answered {answer.status} to {last.id}, expected 200.")
        wait_for(
            f"event {last.id} to be recorded in billing_events",
            lambda: self.database.event(last.id) or None,
            timeout_seconds=self._patience.effect_seconds,
            interval_seconds=self._patience.interval_seconds,
            remedy="read the service's log: its queue of webhooks stands still, or it records no ignored events",
        )

    def wait(self, read: Callable[[], _Value], good: Callable[[_Value], bool]) -> _Value:
        """Read until the value is good, for a bounded time; return the last value, good or not."""
        return self._patience.wait(read, good)

    def hold(self, read: Callable[[], _Value], good: Callable[[_Value], bool]) -> _Value:
        """Read for a while as long as the value stays good; return the first that is not, else the last."""
        return self._patience.hold(read, good)

    def elapsed(self) -> float:
        """Return the seconds since the session began."""
        return time.monotonic() - self._began

    def clean_up(self) -> CleanUp:
        """Delete the Stripe customers of this session's customers by their ids, and its test clocks.

        What lives on a clock that is being advanced cannot be deleted; the clock is given time to come to rest.

        Returns:
            What was deleted and what could not be; a second call has nothing left to do.
        """
        self._first_on_clock = None
        self._clocks.let_rest()
        deleted, problems = self._customers.remove()
        clocks, kept, left = self._clocks.remove(keep=self._keep_clocks)
        return CleanUp(tuple(deleted), (*problems, *left), tuple(clocks), tuple(kept))

    def _try_clocks(self) -> str | None:
        """Sign a customer up on a clock, and return why that is not possible; None when it is."""
        if reason := self._clocks.forbidden():
            return reason
        answer = self._customers.onboard(test_clock=self._clocks.newest)
        if answer.status == 422 and "stripe_test_clock" in str(answer.body):
            return (
                "this platform refuses stripe_test_clock at onboarding, so no time can pass for its customers: "
                f"{answer.request} answered 422 {dict(answer.fields)}"
            )
        customer = self._customers.signed_up(answer)
        if reason := self._clocks.missed_by(customer):
            return reason
        self._first_on_clock = customer
        return None

    def __enter__(self) -> StagingSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for problem in self.clean_up().problems:
            _LOG.warning("%s", problem)
        self.stripe.close()
        self.api.http.session.close()


@contextmanager
def open_session(
    workflow_id: str,
    run_id: str,
    *,
    api: ConnectionSettings,
    database: ConnectionSettings,
    stripe: ConnectionSettings,
    patience: Patience = PATIENT,
    keep_clocks: bool = False,
) -> Iterator[StagingSession]:
    """Open a session with the connections ``staging_api``, ``staging_postgres`` and ``stripe_default``.

    Raises:
        ConfigurationError: A connection is incomplete.
        GuardRefusedError: The Stripe key is no test-mode key.
        ServiceUnreachableError: The database does not answer.
    """
    billing, payments = BillingApi.from_settings(api), StripeApi.from_settings(stripe)
    with (
        closing(connect(database)) as connection,
        StagingSession(
            workflow_id,
            run_id,
            api=billing,
            stripe=payments,
            connection=connection,
            patience=patience,
            keep_clocks=keep_clocks,
        ) as session,
    ):
        yield session
