"""Test clocks: time that stands until it is moved forward, for the customers that hang on it.

The limits are those of Stripe's guide "Test clocks".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from local_staging.stripe_sandbox import lifecycle
from local_staging.stripe_sandbox.context import TEST_CLOCK, Context
from local_staging.stripe_sandbox.errors import InvalidRequestError, RateLimitError
from local_staging.stripe_sandbox.periods import after

MAX_CUSTOMERS = 3
MAX_SUBSCRIPTIONS = 3
MAX_INTERVALS = 2
# How far a clock without a subscription may be moved in one advance, as the price of a subscription would say it.
_WITHOUT_SUBSCRIPTION: Mapping[str, Any] = {"interval": "year", "interval_count": 1}


def require_room(context: Context, test_clock: str) -> None:
    """Refuse another customer where a clock has as many as it may.

    Raises:
        InvalidRequestError: There is no such clock, or it has its customers.
    """
    context.referenced(TEST_CLOCK, test_clock, "test_clock")
    if sum(1 for _ in context.store.filed(test_clock, "customer")) >= MAX_CUSTOMERS:
        raise InvalidRequestError(
            f"You have reached the maximum number of customers ({MAX_CUSTOMERS}) for the test clock "
            f"{test_clock}. Make another clock.",
            param="test_clock",
        )


def require_room_for_subscription(context: Context, customer: Mapping[str, Any]) -> None:
    """Refuse another subscription where a customer on a clock has as many as it may.

    Raises:
        InvalidRequestError: The customer has its subscriptions; those that ended do not count.
    """
    if customer["test_clock"] is None:
        return
    subscriptions = context.store.filed(customer["id"], "subscription")
    if sum(item["status"] not in lifecycle.FINAL for item in subscriptions) >= MAX_SUBSCRIPTIONS:
        raise InvalidRequestError(
            f"You have reached the maximum number of subscriptions ({MAX_SUBSCRIPTIONS}) for a customer with a "
            "test clock. Make another customer.",
            param="customer",
        )


def begin(context: Context, clock: dict[str, Any], target: int) -> None:
    """Begin to advance a clock; it is ready again when everything up to the target has happened.

    Raises:
        InvalidRequestError: The target is not later than the clock, or too far away.
        RateLimitError: The clock is being advanced already.
    """
    require_ready(clock)
    if target <= clock["frozen_time"]:
        raise InvalidRequestError(
            f"A test clock can only be advanced: {_shown(target)} is not after its frozen time "
            f"{_shown(clock['frozen_time'])}.",
            param="frozen_time",
        )
    if target > (furthest := _furthest(context, clock)):
        raise InvalidRequestError(
            f"A test clock can be advanced by at most {MAX_INTERVALS} intervals of its shortest subscription at a "
            f"time, here to {_shown(furthest)}; {_shown(target)} was asked for. Advance it in several requests.",
            param="frozen_time",
        )
    clock.update(status="advancing", status_details={"advancing": {"target_frozen_time": target}})
    context.emit(f"{TEST_CLOCK}.advancing", clock, None)


def finish(context: Context, clock: dict[str, Any]) -> None:
    """Make a clock ready at the time it was advanced to."""
    clock.update(frozen_time=target_of(clock), status="ready", status_details={})
    context.emit(f"{TEST_CLOCK}.ready", clock, None)


def fail(context: Context, clock: dict[str, Any]) -> None:
    """Say that an advancement came to no end; the clock is of no use any more."""
    clock.update(status="internal_failure", status_details={})
    context.emit(f"{TEST_CLOCK}.internal_failure", clock, None)


def target_of(clock: Mapping[str, Any]) -> int:
    """Return where a clock that is being advanced goes, in Unix seconds."""
    target: int = clock["status_details"]["advancing"]["target_frozen_time"]
    return target


def require_ready(clock: Mapping[str, Any]) -> None:
    """Refuse a clock that is being advanced, or whose advancement failed.

    Raises:
        InvalidRequestError: It failed.
        RateLimitError: It is being advanced.
    """
    if clock["status"] == "advancing":
        raise RateLimitError("Test clock advancement underway. Wait until it is ready.")
    if clock["status"] != "ready":
        raise InvalidRequestError(
            f"The test clock has the status {clock['status']}. Delete it; make another."
        )


def _furthest(context: Context, clock: Mapping[str, Any]) -> int:
    now = clock["frozen_time"]
    intervals = [
        item["price"]["recurring"]
        for subscription in context.store.filed(clock["id"], "subscription")
        if subscription["status"] not in lifecycle.FINAL
        for item in subscription["items"]["data"]
    ]
    return min(after(now, MAX_INTERVALS, recurring) for recurring in intervals or [_WITHOUT_SUBSCRIPTION])


def _shown(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, timezone.utc):%Y-%m-%d %H:%M:%S} UTC ({moment})"
