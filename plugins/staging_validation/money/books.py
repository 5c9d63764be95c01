"""What each place says about the money of a run's customers, as plain values in whole cents."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from staging_validation.errors import StagingValidationError

PAID_INVOICE = "invoice.payment_succeeded"
"""The type of the events that say that an invoice was paid (platform contract, Stripe)."""

REFUNDED_CHARGE = "charge.refunded"

PAYING_SOURCES = frozenset({"pro_subscription_payment", "purchased"})
"""The ledger's sources that stand for a payment, so that their rows must name its amount."""

INVOICE_METRIC = "rsolv_billing_invoice_paid_amount_cents"
"""The histogram of paid invoices; the revenue panel shows its sum."""

PAYMENT_METRIC = "rsolv_billing_payment_processed_amount_cents"
"""The histogram of all payments that succeeded: invoices and charges."""


class Place(str, Enum):
    """A place that speaks of the money, as sentences name it."""

    STRIPE = "Stripe"
    LEDGER = "the credit ledger"
    EVENTS = "billing_events"
    METRICS = "the service's metrics"
    PANEL = "the revenue panel"


@dataclass(frozen=True)
class Account:
    """A customer of the run.

    Attributes:
        id: The platform's id.
        email: The address, which names the customer to people.
        balance: The balance in credits that the customer's row holds.
        told_by_stripe: Whether Stripe still answers about it: what hung on a deleted test clock is gone.
    """

    id: int
    email: str
    balance: int
    told_by_stripe: bool = True


@dataclass(frozen=True)
class Invoice:
    """A paid invoice at Stripe.

    Attributes:
        id: Its id.
        customer: The platform's id of the customer.
        cents: What was paid.
        payment_intents: What it was paid by.
        earns_credits: Whether one of its lines has the Pro price.
    """

    id: str
    customer: int
    cents: int
    payment_intents: tuple[str, ...] = ()
    earns_credits: bool = True


@dataclass(frozen=True)
class Charge:
    """A charge at Stripe that succeeded.

    Attributes:
        id: Its id.
        customer: The platform's id of the customer.
        cents: What was captured.
        refunded_cents: What was given back of it.
        payment_intent: What it belongs to; None for a charge of its own.
    """

    id: str
    customer: int
    cents: int
    refunded_cents: int = 0
    payment_intent: str | None = None


@dataclass(frozen=True)
class LedgerRow:
    """A row of ``credit_transactions``.

    Attributes:
        id: Its id.
        customer: The customer's id.
        credits: The signed number of credits.
        balance_after: The balance that it says it left.
        source: The ledger's source.
        written: When it was written: ISO text in whole seconds.
        cents: The amount that its metadata records; None when it records no whole number of cents.
        about: The Stripe invoice or payment intent that its metadata names.
    """

    id: str
    customer: int
    credits: int
    balance_after: int
    source: str
    written: str
    cents: int | None = None
    about: str = ""


@dataclass(frozen=True)
class Event:
    """A row of ``billing_events``.

    Attributes:
        id: Stripe's id of the event.
        customer: The customer's id.
        type: The event's type.
        cents: Its amount; None when it has none.
        about: The Stripe invoice or payment intent that its metadata names.
        credited: Whether its invoice brings credits; False only when the platform says that it does not.
    """

    id: str
    customer: int
    type: str
    cents: int | None
    about: str = ""
    credited: bool = True


@dataclass(frozen=True)
class SeriesSum:
    """The sum of a histogram for one customer.

    Attributes:
        series: The series, as Prometheus writes it.
        customer: The customer's id, which the series carries as a label.
        value: The number, which must be a whole number of cents.
    """

    series: str
    customer: int
    value: float


@dataclass(frozen=True)
class ServiceSums:
    """What the service itself counts.

    Attributes:
        invoices: The sums of :data:`INVOICE_METRIC`.
        payments: The sums of :data:`PAYMENT_METRIC`.
    """

    invoices: tuple[SeriesSum, ...] = ()
    payments: tuple[SeriesSum, ...] = ()


@dataclass(frozen=True)
class Missing:
    """A place that says nothing.

    Attributes:
        reason: Why this platform cannot tell it: the equations with it are skipped.
        error: What kept it from being read, where it should have been: the equations with it are errored.
    """

    reason: str
    error: StagingValidationError | None = None


@dataclass(frozen=True)
class Books:
    """Everything that the places say about the customers of one run.

    Attributes:
        run_id: The run.
        accounts: Its customers.
        invoices: Their paid invoices at Stripe.
        charges: Their charges at Stripe that succeeded, those of the invoices too.
        ledger: Their rows of ``credit_transactions``.
        events: Their rows of ``billing_events``.
        metrics: The sums of the service's metrics.
        panel: The sums that the revenue panel shows.
    """

    run_id: str
    accounts: tuple[Account, ...]
    invoices: tuple[Invoice, ...] = ()
    charges: tuple[Charge, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    events: tuple[Event, ...] = ()
    metrics: ServiceSums | Missing = ServiceSums()
    panel: tuple[SeriesSum, ...] | Missing = ()

    def made(self, *ids: str) -> bool:
        """Say whether one of these ids was made by the run: the workflows send events about invoices of their own.

        Their ids carry the run's name (``in_w12_idempotency_<run>_<customer>_1``); Stripe knows nothing of them.
        """
        mark = f"_{self.run_id.replace('-', '_')}_"
        return any(mark in name for name in ids)
