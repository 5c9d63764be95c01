"""What a workflow's steps act on: the billing API, the staging database and Stripe, as one session."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import JsonValue

from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.polling import wait_for
from staging_validation.clients.postgres import connect
from staging_validation.clients.staging_records import StagingRecords
from staging_validation.clients.staging_webhooks import WebhookSending
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import (
    CheckFailedError,
    DeadlineError,
    ServiceAnswerError,
    StagingValidationError,
)
from staging_validation.workflows.model import Answer, CleanUp, Customer
from staging_validation.workflows.naming import TEST_DOMAIN, address_prefix
from staging_validation.workflows.staging import SEEDED_CUSTOMERS

if TYPE_CHECKING:
    import psycopg

_Value = TypeVar("_Value")
_LOG = logging.getLogger(__name__)

SEEDED = ("trial-new", "payg", "pro", "pro-rollover")
"""Some of the names before the @ of the test customers: a database without any of them was never reset."""

SEEDED_SIGNUP = Answer("none: the reset seeds this customer", None, 0, None)


@dataclass(frozen=True)
class Patience:
    """How long a session waits.

    Attributes:
        effect_seconds: For an effect that must come, for example of a webhook.
        quiet_seconds: How long nothing must happen before it is believed that nothing will.
        interval_seconds: Pause between two questions.
        rate_limit_seconds: For a limit of requests to pass (onboarding allows ten a minute).
        rate_limit_interval_seconds: Pause before a request that met a limit is sent again.
    """

    effect_seconds: float = 30.0
    quiet_seconds: float = 1.0
    interval_seconds: float = 0.1
    rate_limit_seconds: float = 90.0
    rate_limit_interval_seconds: float = 5.0


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
    """

    def __init__(
        self,
        workflow_id: str,
        run_id: str,
        *,
        api: BillingApi,
        connection: psycopg.Connection[Any],
        stripe: StripeApi,
        patience: Patience = Patience(),
        domain: str = TEST_DOMAIN,
    ) -> None:
        super().__init__(workflow_id, run_id, api=api, stripe=stripe)
        self.database = StagingRecords(connection)
        self._patience = patience
        self._domain = domain
        self._began = time.monotonic()
        self._made: dict[str, str | None] = {}
        self._next_number: int | None = None

    def lacks(self, need: str) -> str | None:
        """Return why a need cannot be met here: an operation that is not offered; None when it can."""
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

    def sign_up(self, *, source: str | None = None) -> Customer:
        """Sign a new customer up; where onboarding has a limit, wait for it to pass.

        Args:
            source: Where the customer comes from, for example ``gh_marketplace``.

        Raises:
            CheckFailedError: Onboarding answered anything but 201 with a customer and an API key.
            ServiceAnswerError: The limit of requests did not pass in time.
        """
        email = self._new_address()
        self._made[email] = None
        answer = self._onboard(email, source)
        found, api_key = _signed_up(answer)
        if answer.status != 201 or not isinstance(found, int) or not isinstance(api_key, str):
            raise CheckFailedError(
                f"{answer.request} for {email} answered {answer.status} {dict(answer.fields)}, expected 201 with a "
                "customer and an API key.",
                remedy="read the service's log; where it refuses test addresses, exempt them in staging",
            )
        row = self.database.customer(found)
        stripe_id = row.get("stripe_customer_id") if row else None
        self._made[email] = stripe_id if isinstance(stripe_id, str) else None
        return Customer(found, email, api_key, self._made[email], answer)

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
        return self._read_until(read, good, self._patience.effect_seconds)

    def hold(self, read: Callable[[], _Value], good: Callable[[_Value], bool]) -> _Value:
        """Read for a while as long as the value stays good; return the first that is not, else the last."""
        return self._read_until(read, lambda value: not good(value), self._patience.quiet_seconds)

    def elapsed(self) -> float:
        """Return the seconds since the session began."""
        return time.monotonic() - self._began

    def clean_up(self) -> CleanUp:
        """Delete the Stripe customers of this session's customers, by their ids.

        Returns:
            What was deleted and what could not be; a second call has nothing left to do.
        """
        made, self._made = self._made, {}
        deleted: list[str] = []
        problems: list[str] = []
        for email, known in made.items():
            try:
                if stripe_id := known or self.database.stripe_customer_of(email):
                    self.stripe.delete_customer(stripe_id)
                    deleted.append(stripe_id)
            except StagingValidationError as error:  # noqa: PERF203 - each customer for itself
                name = known or "(its id could not be read)"
                problems.append(f"Stripe customer {name} of {email} is left: {error.message}")
        return CleanUp(tuple(deleted), tuple(problems))

    def _onboard(self, email: str, source: str | None) -> Answer:
        last: list[Answer] = []

        def attempt() -> Answer | None:
            name = f"Workflow {self._workflow_id} {self.run_id}"
            last[:] = [self.api.onboard(name=name, email=email, source=source)]
            return last[0] if last[0].status != 429 else None

        try:
            return wait_for(
                "the limit of onboarding requests to pass",
                attempt,
                timeout_seconds=self._patience.rate_limit_seconds,
                interval_seconds=self._patience.rate_limit_interval_seconds,
            )
        except DeadlineError as error:
            raise ServiceAnswerError(
                self.api.http.name,
                f"{last[0].request} answered 429 for {self._patience.rate_limit_seconds:g} s.",
                status=429,
                remedy="run fewer workflows at once, or raise staging's limit of onboarding requests",
            ) from error

    def _new_address(self) -> str:
        prefix = address_prefix(self._workflow_id, self.run_id)
        if self._next_number is None:
            # A former try of the same run may have left addresses: they cannot be used twice.
            self._next_number = self.database.count_addresses(prefix) + 1
        number, self._next_number = self._next_number, self._next_number + 1
        return f"{prefix}{number}@{self._domain}"

    def _read_until(
        self, read: Callable[[], _Value], enough: Callable[[_Value], bool], timeout_seconds: float
    ) -> _Value:
        last: list[_Value] = []

        def probe() -> bool | None:
            last[:] = [read()]
            return True if enough(last[0]) else None

        with suppress(DeadlineError):  # what was seen last is judged by the expectation
            wait_for(
                "a value",
                probe,
                timeout_seconds=timeout_seconds,
                interval_seconds=self._patience.interval_seconds,
            )
        return last[0]

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
    patience: Patience = Patience(),
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
            workflow_id, run_id, api=billing, stripe=payments, connection=connection, patience=patience
        ) as session,
    ):
        yield session


def _signed_up(answer: Answer) -> tuple[JsonValue, JsonValue]:
    """Return the customer's id and the API key, as far as an onboarding answer holds them."""
    body = answer.body if isinstance(answer.body, dict) else {}
    customer = body.get("customer")
    return (customer.get("id") if isinstance(customer, dict) else None), body.get("api_key")
