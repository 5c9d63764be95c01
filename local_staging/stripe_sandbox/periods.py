"""Billing periods: whole calendar steps from an anchor, as Stripe counts them."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


def period_end(anchor: int, start: int, recurring: Mapping[str, Any]) -> int:
    """Return the end of the billing period that begins at ``start``.

    Args:
        anchor: When the subscription's billing cycle began, in Unix seconds. A month that lacks the anchor's
            day ends the period on its last day, and the month after returns to the anchor's day.
        start: The period's begin, in Unix seconds.
        recurring: The price's ``interval`` and ``interval_count``.

    Returns:
        Unix seconds, later than ``start``.
    """
    steps = 1
    while (end := after(anchor, steps, recurring)) <= start:
        steps += 1
    return end


def after(anchor: int, steps: int, recurring: Mapping[str, Any]) -> int:
    """Return the moment so many intervals of a price after another one, in Unix seconds."""
    begin = datetime.fromtimestamp(anchor, timezone.utc)
    count = steps * recurring["interval_count"]
    interval = recurring["interval"]
    if interval in _DAYS:
        return int((begin + timedelta(days=count * _DAYS[interval])).timestamp())
    month_index = begin.month - 1 + count * _MONTHS[interval]
    year, month = begin.year + month_index // 12, month_index % 12 + 1
    day = min(begin.day, calendar.monthrange(year, month)[1])
    return int(begin.replace(year=year, month=month, day=day).timestamp())
