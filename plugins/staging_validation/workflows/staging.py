"""What a workflow acts on: protocols, so that a scenario runs on any staging, and its tests on none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from staging_validation.workflows.model import Answer, CleanUp, Customer, Row, WebhookEvent

Value = TypeVar("Value")


class BillingOperations(Protocol):
    """The billing API. Every operation returns the answer, whatever its status."""

    def offers(self, operation: str) -> bool:
        """Tell whether this platform has an operation (``subscribe``, ``fix``, …)."""

    def health(self, api_key: str | None = None) -> Answer:
        """Ask for the service's health, with an API key when one is given."""

    def add_payment_method(self, customer_id: int, payment_method: str, *, consent: bool) -> Answer:
        """Add a Stripe payment method, with or without the customer's consent to be billed."""

    def subscribe(self, customer_id: int) -> Answer:
        """Subscribe a customer to Pro."""

    def cancel(self, customer_id: int, *, at_period_end: bool) -> Answer:
        """Cancel a customer's subscription, now or at the end of the period."""

    def deploy_fix(self, customer_id: int, fix_id: str) -> Answer:
        """Report a fix as deployed, which consumes a credit or charges."""

    def summary(self, customer_id: int) -> Answer:
        """Ask for a customer's balance, type, state, flags and last transactions."""


class Records(Protocol):
    """The rows of the staging database that workflows look at."""

    def customer(self, customer_id: int) -> Row | None:
        """Return a customer's row, or None."""

    def ledger(self, customer_id: int) -> Sequence[Row]:
        """Return a customer's credit transactions."""

    def subscriptions(self, customer_id: int) -> Sequence[Row]:
        """Return a customer's subscriptions, oldest first."""

    def api_keys(self, customer_id: int, api_key: str) -> Sequence[Row]:
        """Return a customer's API keys without their hashes; ``matches`` says which one is ``api_key``."""

    def events(self, *, customer_id: int, event_type: str) -> Sequence[Row]:
        """Return the billing events of one type that belong to a customer, oldest first."""

    def event(self, stripe_event_id: str) -> Sequence[Row]:
        """Return the rows of one Stripe event: none, or one, or the proof of a fault."""


class StripeObjects(Protocol):
    """Stripe's own view, in test mode."""

    def customer(self, customer_id: str) -> Row | None:
        """Return a Stripe customer, or None."""

    def subscriptions(self, customer_id: str) -> Sequence[Row]:
        """Return all subscriptions of a Stripe customer, ended ones too."""

    def invoices(self, customer_id: str) -> Sequence[Row]:
        """Return the invoices of a Stripe customer, newest first."""


class Staging(Protocol):
    """A session on staging: what a scenario's steps do.

    Attributes:
        run_id: The run; every customer and Stripe object that the session makes carries it.
    """

    run_id: str

    @property
    def api(self) -> BillingOperations:
        """The billing API."""

    @property
    def database(self) -> Records:
        """The staging database, for reading."""

    @property
    def stripe(self) -> StripeObjects:
        """Stripe, for reading."""

    def sign_up(self) -> Customer:
        """Sign a new customer up.

        Raises:
            CheckFailedError: Onboarding answered anything but 201 with a customer and an API key.
        """

    def pro_invoice_paid(self, customer: Customer) -> WebhookEvent:
        """Make the event of a paid Pro invoice for a customer; nothing is sent yet."""

    def send(self, event: WebhookEvent) -> Answer:
        """Sign an event as Stripe does and send it to the webhook."""

    def send_at_once(self, event: WebhookEvent, times: int) -> Sequence[Answer]:
        """Sign an event several times and send all of them at the same moment."""

    def wait_until_processed(self, customer: Customer) -> None:
        """Wait until an event that was sent after all others is recorded, so that those are through too.

        Raises:
            DeadlineError: It was not recorded in time.
        """

    def wait(self, read: Callable[[], Value], good: Callable[[Value], bool]) -> Value:
        """Read until the value is good, for a bounded time; return the last value, good or not."""

    def hold(self, read: Callable[[], Value], good: Callable[[Value], bool]) -> Value:
        """Read for a while as long as the value stays good; return the first that is not, else the last."""

    def elapsed(self) -> float:
        """Return the seconds since the session began."""

    def clean_up(self) -> CleanUp:
        """Remove from Stripe what the session made; a second call has nothing left to do."""
