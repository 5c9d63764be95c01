"""What an account decides about its billing: how long drafts wait, and what follows a payment that fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS
AfterRetries = Literal["cancel", "unpaid", "past_due"]
AFTER_RETRIES: tuple[AfterRetries, ...] = get_args(AfterRetries)


@dataclass(frozen=True)
class Dunning:
    """How a renewal that cannot be paid is tried again, and what becomes of its subscription.

    Stripe's "Smart Retries" choose the moments by a model of their own; what can be relied on is the other form
    that Stripe offers, a custom schedule of days, and so the sandbox has that.

    Args:
        retry_days: The days between one failure and the next attempt.
        then: What the subscription becomes after the last attempt: it is canceled, unpaid, or stays past due.
    """

    retry_days: tuple[int, ...] = (3, 5, 7)
    then: AfterRetries = "cancel"

    def next_attempt(self, failed_at: int, attempts: int) -> int | None:
        """Return when to try again, in Unix seconds; None when the attempts are used up.

        Args:
            failed_at: When the last attempt failed.
            attempts: How many there were.
        """
        if attempts > len(self.retry_days):
            return None
        return failed_at + self.retry_days[attempts - 1] * DAY_SECONDS


@dataclass(frozen=True)
class Settings:
    """The settings of an account.

    Args:
        draft_seconds: How long the invoice of a renewal stays a draft; Stripe gives webhooks about an hour.
        incomplete_seconds: How long a subscription may wait for its first payment.
        trial_notice_seconds: How long before its end a trial announces it.
        dunning: What follows a renewal that cannot be paid.
    """

    draft_seconds: int = HOUR_SECONDS
    incomplete_seconds: int = 23 * HOUR_SECONDS
    trial_notice_seconds: int = 3 * DAY_SECONDS
    dunning: Dunning = field(default_factory=Dunning)
