"""The fields of Stripe's objects that the service reads (Stripe API reference); all others may be anything."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

StripeId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,255}$")]

_STATES = {
    "trialing": "active",
    "incomplete": "unpaid",
    "incomplete_expired": "canceled",
    "paused": "unpaid",
}
"""Statuses that Stripe knows and the platform does not, by the nearest one that it does."""


class _StripeObject(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class EventData(_StripeObject):
    """What an event carries."""

    object: dict[str, Any]
    """The object as it was when the event was made."""


class StripeEvent(_StripeObject):
    """An event, as a webhook delivers it."""

    id: StripeId
    """Its id: the same in every delivery."""
    type: Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,255}$")]
    """Its type, for example ``invoice.payment_failed``."""
    created: Annotated[int, Field(ge=0, le=2**53)] = 0
    """When it happened, in Unix seconds."""
    data: EventData
    """What it is about."""


class PriceDetails(_StripeObject):
    """The price of an invoice line."""

    price: str | None = None
    """The price's id."""


class LinePricing(_StripeObject):
    """How an invoice line is priced."""

    price_details: PriceDetails | None = None
    """The price, where there is one."""


class InvoiceLine(_StripeObject):
    """One line of an invoice."""

    pricing: LinePricing | None = None
    """How it is priced."""


class InvoiceLines(_StripeObject):
    """The lines of an invoice."""

    data: tuple[InvoiceLine, ...] = ()
    """The lines."""


class StripeInvoice(_StripeObject):
    """An invoice."""

    id: StripeId
    """Its id."""
    customer: StripeId
    """The Stripe customer's id."""
    amount_due: int = 0
    """What was asked for, in cents."""
    amount_paid: int = 0
    """What was paid, in cents."""
    billing_reason: str | None = None
    """Why it was made: ``subscription_cycle`` is a renewal."""
    lines: InvoiceLines = InvoiceLines()
    """What it is for."""

    @property
    def amount_cents(self) -> int:
        """The invoice's amount: what was due if there was anything, else what was paid (platform contract)."""
        return self.amount_due if self.amount_due > 0 else self.amount_paid

    @property
    def is_renewal(self) -> bool:
        """Whether it begins a new period of a subscription."""
        return self.billing_reason == "subscription_cycle"

    def has_price(self, price_id: str) -> bool:
        """Say whether a line is for this price."""
        details = (line.pricing.price_details for line in self.lines.data if line.pricing)
        return any(found.price == price_id for found in details if found)


class SubscriptionItem(_StripeObject):
    """What is subscribed to, with its period."""

    current_period_start: int | None = None
    """When the period began, in Unix seconds."""
    current_period_end: int | None = None
    """When the period ends, in Unix seconds."""


class SubscriptionItems(_StripeObject):
    """The items of a subscription."""

    data: tuple[SubscriptionItem, ...] = ()
    """The items."""


class CancellationDetails(_StripeObject):
    """Why a subscription was cancelled."""

    reason: str | None = None
    """``cancellation_requested``, ``payment_failed``, ``payment_disputed``, or nothing."""


class StripeSubscription(_StripeObject):
    """A subscription."""

    id: StripeId
    """Its id."""
    customer: StripeId
    """The Stripe customer's id."""
    status: str
    """Its status in Stripe's words."""
    cancel_at_period_end: bool = False
    """Whether it ends with its period."""
    items: SubscriptionItems = SubscriptionItems()
    """What is subscribed to."""
    cancellation_details: CancellationDetails | None = None
    """Why it was cancelled."""

    @property
    def state(self) -> str:
        """Its status in the platform's words: active, past_due, canceled or unpaid."""
        return _STATES.get(self.status, self.status)

    @property
    def period(self) -> tuple[datetime | None, datetime | None]:
        """Begin and end of its period, UTC without a zone."""
        item = self.items.data[0] if self.items.data else SubscriptionItem()
        return _utc(item.current_period_start), _utc(item.current_period_end)

    @property
    def cancellation_reason(self) -> str:
        """Why it was cancelled, in the words of the metric catalogue."""
        reason = self.cancellation_details.reason if self.cancellation_details else None
        return "payment_failure" if reason == "payment_failed" else "customer_request"


def _utc(seconds: int | None) -> datetime | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None)
