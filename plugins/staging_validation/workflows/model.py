"""The values that a workflow handles: customers, answers, events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum

from pydantic import JsonValue

from staging_validation.results.redaction import MASK

Row = Mapping[str, JsonValue]
"""A database row or a Stripe object as plain JSON values by name."""


@dataclass(frozen=True)
class Answer:
    """What the billing API answered.

    Attributes:
        request: Method and path, for example ``POST /api/v1/customers/onboard``.
        sent: The JSON that was sent, None when there was none.
        status: The HTTP status.
        body: The answer's JSON, or its text when it is none.
    """

    request: str
    sent: JsonValue
    status: int
    body: JsonValue

    @property
    def fields(self) -> Row:
        """The answer's fields by name, with its status as ``http_status``."""
        body = self.body if isinstance(self.body, dict) else {"body": self.body}
        return {"http_status": self.status, **_masked(body)}

    @property
    def evidence(self) -> dict[str, JsonValue]:
        """Request and answer, without the API key."""
        return {"request": self.request, "sent": self.sent, "answer": dict(self.fields)}


def _masked(body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: MASK if name == "api_key" and value else value for name, value in body.items()}


@dataclass(frozen=True)
class Customer:
    """A customer that a workflow signed up.

    Attributes:
        id: The platform's id.
        email: The address.
        api_key: The API key in clear; never shown.
        stripe_id: The Stripe customer's id as the platform stored it; None when it stored none.
        signup: What onboarding answered.
        clock_id: The Stripe test clock that onboarding was asked to put the customer on; None without one.
    """

    id: int
    email: str
    api_key: str = field(repr=False)
    stripe_id: str | None
    signup: Answer = field(repr=False)
    clock_id: str | None = None


@dataclass(frozen=True)
class Period:
    """A period of a subscription at Stripe, in Unix seconds.

    Attributes:
        start: Its first second.
        end: The first second of the next one.
    """

    start: int
    end: int

    def next(self, *, until: int) -> Period:
        """Return the period that follows this one without a gap."""
        return Period(self.end, until)

    @property
    def columns(self) -> dict[str, JsonValue]:
        """What the platform's ``subscriptions`` row says of this period."""
        return {"current_period_start": _column(self.start), "current_period_end": _column(self.end)}

    @property
    def items(self) -> dict[str, JsonValue]:
        """What the items of Stripe's subscription say of this period."""
        return {"data": [{"current_period_start": self.start, "current_period_end": self.end}]}


def _column(moment: int) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).replace(tzinfo=None).isoformat()


class Moment(Enum):
    """What a customer's time can be moved to."""

    NEXT_PERIOD = "the next period, after the attempt to pay for it"
    NEXT_ATTEMPT = "Stripe's next attempt to be paid an open invoice"


@dataclass(frozen=True)
class WebhookEvent:
    """An event as Stripe would send it.

    Attributes:
        id: The event's id; the platform processes each id once.
        type: The event's type, for example ``invoice.payment_succeeded``.
        body: The raw JSON that is signed and sent.
    """

    id: str
    type: str
    body: str = field(repr=False)


class Signing(Enum):
    """How an event is signed when it is sent; the values complete the sentence "the signature is …"."""

    RIGHT = "right"
    MISSING = "missing"
    WRONG = "made with another secret"
    STALE = "ten minutes old"
    FUTURE = "ten minutes ahead"
    TAMPERED = "made for another body"
    ROTATED = "one of two, the first of them made with another secret"


@dataclass(frozen=True)
class CleanUp:
    """What a session removed at its end.

    Attributes:
        deleted: Ids of the Stripe customers that it deleted.
        problems: One sentence for each thing that could not be removed.
        clocks: Ids of the Stripe test clocks that it deleted.
        kept_clocks: Ids of those that it was told to keep.
    """

    deleted: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    clocks: tuple[str, ...] = ()
    kept_clocks: tuple[str, ...] = ()
