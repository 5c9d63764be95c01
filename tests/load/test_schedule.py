"""Every request has its moment before the first one is sent."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from staging_validation.load.profile import CONTRACT, SignUps, WebhookPhase
from staging_validation.load.schedule import plan_sign_ups, plan_webhooks


def planned(phase, run_id="load-1", share=0.1, first=1):
    return plan_webhooks(phase, duplicates_share=share, first_number=first, run_id=run_id)


def test_users_arrive_one_after_the_other_and_come_again():
    plan = plan_sign_ups(SignUps(users=4, ramp_seconds=4, hold_seconds=4, pace_seconds=3))
    assert [entry.due for entry in plan] == [0, 1, 2, 3, 3, 4, 5, 6, 6, 7]
    assert len({entry.number for entry in plan}) == len(plan), "no customer signs up twice"


def test_at_the_end_of_the_ramp_all_users_are_there():
    load = CONTRACT.sign_ups
    last_pace = [
        entry for entry in plan_sign_ups(load) if load.ramp_seconds <= entry.due < load.ramp_seconds + 10
    ]
    assert len(last_pace) == load.users
    assert len(plan_sign_ups(load)) == 501


@pytest.mark.parametrize("phase", CONTRACT.webhooks, ids=lambda phase: phase.name)
def test_a_phase_keeps_its_rate_in_every_second(phase):
    plan = planned(phase)
    assert len(plan) == phase.count
    assert [entry.due for entry in plan] == sorted(entry.due for entry in plan)
    assert plan[-1].due < phase.seconds
    seconds = Counter(int(entry.due) for entry in plan)
    assert all(abs(count - phase.per_second) <= 2 for count in seconds.values())


@pytest.mark.parametrize("phase", CONTRACT.webhooks, ids=lambda phase: phase.name)
def test_a_tenth_repeats_an_earlier_one(phase):
    plan = planned(phase)
    distinct = {entry.number for entry in plan}
    assert len(plan) - len(distinct) == phase.count // 10
    assert distinct == set(range(1, len(distinct) + 1))
    at_once = sum(one.number == two.number for one, two in itertools.pairwise(plan))
    assert 0.3 < at_once / (phase.count // 10) < 0.7, "about half of them follow their original directly"


def test_the_same_run_has_the_same_plan_and_another_run_another():
    phase = CONTRACT.webhooks[1]
    assert planned(phase) == planned(phase)
    assert planned(phase) != planned(phase, run_id="load-2")


def test_a_single_webhook_repeats_nothing():
    assert [entry.number for entry in planned(WebhookPhase("one", 1, 1), first=7)] == [7]
