"""A state's subscription on a test clock: when it has to begin, and how far its time has to go.

Stripe makes the invoice of a renewal when the period ends, leaves it a draft for about an hour, and then charges it
(Stripe documentation, "How subscriptions work"). So a renewal that failed is one to look at two hours later.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from staging_validation.fixtures.rows import whole_seconds
from staging_validation.workflows.leftovers import FIXTURE_PURPOSE
from staging_validation.workflows.naming import clock_name

if TYPE_CHECKING:
    from staging_validation.fixtures import CustomerState

GOOD_CARD = "pm_card_visa"
FAILING_CARD = "pm_card_chargeCustomerFail"
"""Attaches, and fails when it is charged (Stripe documentation, "Testing", declined payments)."""

RENEWAL_SECONDS = 7200
"""How long after a period's end the renewal's invoice has been charged: an hour as a draft, and some room."""

_IN_ARREARS = frozenset({"past_due", "unpaid"})


@dataclass(frozen=True)
class PlannedSubscription:
    """The subscription that a state needs.

    Attributes:
        clock_name: The name of the test clock that it lives on.
        status: What Stripe says of it when it is made: active, or past_due after a renewal that failed. Whether and
            when Stripe makes that unpaid is a setting of the account, so past_due stands for both.
        cancel_at_period_end: Whether it ends with its period.
        period_age: How long ago the current period began, in seconds.
    """

    clock_name: str
    status: str
    cancel_at_period_end: bool
    period_age: int

    @property
    def fails(self) -> bool:
        """Whether the renewal has to fail: the current period is the second one then."""
        return self.status == "past_due"

    @property
    def invoices(self) -> tuple[str, ...]:
        """The statuses of its invoices, the newest first."""
        return ("open", "paid") if self.fails else ("paid",)

    def begins_at(self, now: int) -> int:
        """Return when it has to begin, in Unix seconds: with the current period, or with the one before."""
        start = now - self.period_age
        return _a_month_before(start) if self.fails else start

    def stands_at(self, now: int, first_period_end: int) -> int:
        """Return where its clock has to stand in the end, in Unix seconds.

        A renewal that failed is not left alone until now: Stripe would try again meanwhile, and give it up in the end.

        Args:
            now: The present moment.
            first_period_end: When its first period ends.
        """
        return first_period_end + RENEWAL_SECONDS if self.fails else now


def plan_subscription(state: CustomerState, run_id: str) -> PlannedSubscription | None:
    """Return the subscription that a state needs; None for one without.

    A customer who cancelled needs none: the platform forgets a cancelled subscription's id, so nobody could look at it
    (platform contract, ``customer.subscription.deleted`` and the ten test customers).

    Args:
        state: The state.
        run_id: The run that makes it.
    """
    if state.subscription is None:
        return None
    return PlannedSubscription(
        clock_name=clock_name(f"{FIXTURE_PURPOSE}{state.key}", run_id),
        status="past_due" if in_arrears(state) else "active",
        cancel_at_period_end=state.subscription_cancel_at_period_end,
        period_age=int(whole_seconds(state.subscription.started_days_ago).total_seconds()),
    )


def in_arrears(state: CustomerState) -> bool:
    """Say whether a state's last payment failed."""
    return state.subscription_state in _IN_ARREARS


def _a_month_before(moment: int) -> int:
    """Return the same day and time a month earlier, or that month's last day where it has no such day."""
    later = datetime.fromtimestamp(moment, timezone.utc)
    year, month = (later.year, later.month - 1) if later.month > 1 else (later.year - 1, 12)
    day = min(later.day, calendar.monthrange(year, month)[1])
    return int(later.replace(year=year, month=month, day=day).timestamp())
