"""When a state's subscription has to begin, and how far its clock has to go."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from staging_validation.stripe_objects import PlannedSubscription, plan_objects
from staging_validation.workflows.naming import clock_run

DAY = 86_400


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=timezone.utc).timestamp())


def planned(status: str, days: float) -> PlannedSubscription:
    return PlannedSubscription("a clock", status, False, period_age=int(days * DAY))


def test_the_states_that_are_pro_need_one(all_states):
    plans = {plan.key: plan.subscription for plan in plan_objects(all_states, "run-1")}
    assert {
        key: (plan.status, plan.cancel_at_period_end, plan.period_age / DAY, plan.invoices)
        for key, plan in plans.items()
        if plan
    } == {
        "pro_active": ("active", False, 10, ("paid",)),
        "pro_cancel_scheduled": ("active", True, 10, ("paid",)),
        "pro_partial_usage": ("active", False, 16, ("paid",)),
        "pro_past_due": ("past_due", False, 3, ("open", "paid")),
        "pro_rollover": ("active", False, 10, ("paid",)),
    }
    names = [plan.clock_name for plan in plans.values() if plan]
    assert names[0] == "staging-validation run-1 fixture-pro_active"
    assert {clock_run(name) for name in names} == {"run-1"}
    assert len(set(names)) == 5


def test_unpaid_is_made_like_past_due(all_states):
    state = next(state for state in all_states if state.key == "pro_active")
    (plan,) = plan_objects([state.model_copy(update={"subscription_state": "unpaid"})], "run-1")
    assert plan.subscription.status == "past_due"
    assert plan.payment_method == "pm_card_chargeCustomerFail"


def test_an_active_one_began_with_its_period_and_its_time_is_now():
    now = at(2026, 3, 31, 2)
    subscription = planned("active", 10)
    assert subscription.begins_at(now) == at(2026, 3, 21, 2)
    assert subscription.stands_at(now, first_period_end=at(2026, 4, 21, 2)) == now


@pytest.mark.parametrize(
    ("now", "days", "began"),
    [
        (at(2026, 11, 24, 2), 3, at(2026, 10, 21, 2)),
        (at(2026, 1, 2, 2), 1, at(2025, 12, 1, 2)),
        (at(2026, 1, 2, 2), 3, at(2025, 11, 30, 2)),
        (at(2027, 3, 31, 2), 0, at(2027, 2, 28, 2)),
        (at(2028, 3, 31, 2), 0.5, at(2028, 2, 29, 14)),
        (at(2027, 3, 3, 2), 3, at(2027, 1, 28, 2)),
    ],
)
def test_one_in_arrears_began_a_month_before_its_period(now, days, began):
    subscription = planned("past_due", days)
    assert subscription.begins_at(now) == began
    assert subscription.stands_at(now, first_period_end=1000) == 1000 + 2 * 3600
