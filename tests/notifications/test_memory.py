"""Nothing is told twice, and a recovery is told once to those who heard of the failure."""

from __future__ import annotations

from datetime import datetime, timezone

from staging_validation.notifications import Event, Memory
from staging_validation.results import Outcome

AT = datetime(2026, 11, 24, 2, 5, tzinfo=timezone.utc)
CHANNELS = ["email", "slack"]


def told(memory, run="r1", event=Event.NOT_GREEN, channel="email", *, delivered=True):
    return memory.told(run, event, channel, outcome=Outcome.FAILED, at=AT, delivered=delivered)


def test_a_channel_is_tried_once_whether_it_worked_or_not():
    memory = told(told(Memory()), channel="slack", delivered=False)
    assert memory.untold("r1", Event.NOT_GREEN, CHANNELS) == []
    assert memory.untold("r2", Event.NOT_GREEN, CHANNELS) == CHANNELS
    assert memory.untold("r1", Event.LATE, CHANNELS) == CHANNELS


def test_only_who_heard_of_the_failure_waits_for_the_recovery():
    memory = told(told(Memory()), channel="slack", delivered=False)
    assert list(memory.waiting) == ["email"]
    assert memory.recovered("r2", "email").waiting == {}


def test_a_later_failure_takes_the_place_of_an_earlier_one():
    memory = told(told(Memory()), run="r2")
    assert memory.waiting["email"].run_id == "r2"


def test_a_failure_that_is_not_delivered_leaves_the_earlier_one_waiting():
    memory = told(told(Memory()), run="r2", delivered=False)
    assert memory.waiting["email"].run_id == "r1"


def test_a_run_that_recovered_and_fails_when_it_is_run_again_is_news():
    memory = told(Memory()).recovered("r1", "email")
    assert memory.untold("r1", Event.NOT_GREEN, ["email"]) == ["email"]


def test_the_memory_stays_small():
    memory = Memory()
    for number in range(100):
        memory = told(memory, run=f"r{number}")
    assert len(memory.attempts) == 20
    assert memory.untold("r99", Event.NOT_GREEN, ["email"]) == []
