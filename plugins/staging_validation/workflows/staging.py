"""What a workflow acts on: protocols, so that a scenario runs on any staging, and its tests on none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from pydantic import JsonValue

from staging_validation.workflows.model import (
    Answer,
    CleanUp,
    Customer,
    Moment,
    Period,
    Row,
    Signing,
    WebhookEvent,
)

Value = TypeVar("Value")

SEEDED_CUSTOMERS = "seeded_customers"
"""A need of workflows that look at the ten test customers of a reset."""

TEST_CLOCK = "test_clock"
"""A need of workflows in which Stripe's time passes: the platform must pass a test clock on at onboarding."""


class BillingOperations(Protocol):
    """The billing API. Every operation returns the answer, whatever its status."""

    def offers(self, operation: str) -> bool:
        """Tell whether this platform has an operation (``subscribe``, ``fix``, …)."""

    def create_fix_attempt(self, api_key: str | None, attempt: Mapping[str, JsonValue]) -> Answer:
        """Create a fix attempt as the customer that the API key belongs to."""

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

    def recorded(self, stripe_event_ids: Sequence[str]) -> Mapping[str, int]:
        """Return how many rows each of these Stripe events has, those without any left out."""

    def fix_attempts(self, customer_id: int) -> Sequence[Row]:
        """Return a customer's fix attempts, oldest first."""


class StripeObjects(Protocol):
    """Stripe's own view, in test mode."""

    @property
    def has_dashboard(self) -> bool:
        """Whether people find the objects in Stripe's dashboard; not so when a stand-in for Stripe is asked."""

    def customer(self, customer_id: str) -> Row | None:
        """Return a Stripe customer, or None."""

    def subscriptions(self, customer_id: str) -> Sequence[Row]:
        """Return all subscriptions of a Stripe customer, ended ones too."""

    def invoices(self, customer_id: str) -> Sequence[Row]:
        """Return the invoices of a Stripe customer, newest first."""

    def charges(self, customer_id: str) -> Sequence[Row]:
        """Return the charges of a Stripe customer, newest first."""


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

    def lacks(self, need: str) -> str | None:
        """Return why a need cannot be met here; None when it can.

        Args:
            need: An operation of the billing API, :data:`SEEDED_CUSTOMERS`, or :data:`TEST_CLOCK`, which is tried
                out with a customer.
        """

    def sign_up(self, *, source: str | None = None, on_clock: bool = False) -> Customer:
        """Sign a new customer up.

        Args:
            source: Where the customer comes from, for example ``gh_marketplace``.
            on_clock: Give the customer a Stripe test clock, which stands at the present, so that
                :meth:`pass_time` can move it.

        Raises:
            CheckFailedError: Onboarding answered anything but 201 with a customer and an API key.
        """

    def pass_time(self, customer: Customer, *, to: Moment | None = None, days: int = 0) -> None:
        """Let Stripe's time pass for one customer, and with it happen what falls due.

        The webhooks of what happened may still be on their way.

        Args:
            customer: A customer on a test clock.
            to: The moment to move to.
            days: How far to move otherwise.

        Raises:
            CheckFailedError: There is no such moment for this customer.
            DeadlineError: Stripe did not come to an end with it.
        """

    def period(self, customer: Customer) -> Period:
        """Return the current period of the customer's running subscription, as Stripe says it.

        Raises:
            CheckFailedError: No subscription is running.
        """

    def seeded(self, email: str) -> Customer:
        """Return a test customer of the reset, to be looked at and never to be changed.

        Raises:
            CheckFailedError: There is none with this address.
        """

    def new_name(self, customer: Customer) -> str:
        """Return a name that is used once, for something of a customer: it carries workflow, run and customer."""

    def pro_invoice_paid(
        self, customer: Customer, *, seconds_ago: int = 0, old_shape: bool = False
    ) -> WebhookEvent:
        """Make the event of a paid Pro invoice for a customer; nothing is sent yet.

        Args:
            customer: The customer.
            seconds_ago: How long ago it happened.
            old_shape: As Stripe's API before 2025 wrote invoices.
        """

    def pro_invoice_failed(self, customer: Customer, *, seconds_ago: int = 0) -> WebhookEvent:
        """Make the event of a Pro invoice whose payment failed; nothing is sent yet."""

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
        """

    def other_event(self, customer: Customer, event_type: str) -> WebhookEvent:
        """Make an event of a type that changes nothing, about the Stripe customer; nothing is sent yet."""

    def send(self, event: WebhookEvent, signing: Signing = Signing.RIGHT) -> Answer:
        """Sign an event and send it to the webhook."""

    def send_at_once(self, event: WebhookEvent, times: int) -> Sequence[Answer]:
        """Sign an event several times and send all of them at the same moment."""

    def send_burst(self, burst: Sequence[WebhookEvent]) -> Sequence[Answer]:
        """Sign events and send them as fast as the webhook takes them, several at a time."""

    def at_once(self, call: Callable[[], Answer], times: int) -> Sequence[Answer]:
        """Do the same several times at the same moment."""

    def counter(self, metric: str, by: str) -> Row:
        """Read a counter of the platform's own metrics, as sums by a label's values."""

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
