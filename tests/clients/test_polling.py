from __future__ import annotations

import time

import pytest

from staging_validation.clients.polling import wait_for
from staging_validation.errors import DeadlineError


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self, monkeypatch):
        self.now, self.pauses = 100.0, []
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.sleep)

    def sleep(self, seconds):
        self.pauses.append(round(seconds, 6))
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_a_state_that_is_there_is_returned_at_once(clock):
    assert wait_for("it", lambda: 0, timeout_seconds=5) == 0
    assert clock.pauses == []


def test_it_asks_until_the_state_is_there(clock):
    answers = iter([None, None, "there"])
    assert wait_for("it", lambda: next(answers), timeout_seconds=5, interval_seconds=0.5) == "there"
    assert clock.pauses == [0.5, 0.5]


def test_it_asks_once_more_at_the_deadline(clock):
    asked = []
    with pytest.raises(DeadlineError, match=r"Waited 1 s for it, in vain\.$"):
        wait_for("it", lambda: asked.append(clock.now), timeout_seconds=1, interval_seconds=0.4)
    assert asked == pytest.approx([100, 100.4, 100.8, 101])


def test_without_any_time_it_still_asks_once(clock):
    assert wait_for("it", lambda: "there", timeout_seconds=0) == "there"
    with pytest.raises(DeadlineError):
        wait_for("it", lambda: None, timeout_seconds=0)


def test_the_error_tells_what_was_seen_last_and_what_to_do(clock):
    with pytest.raises(DeadlineError, match=r"Last seen: 3 rows\.") as raised:
        wait_for("4 rows", lambda: None, timeout_seconds=0.1, seen=lambda: "3 rows", remedy="look")
    assert raised.value.remedy == "look"


def test_a_probe_may_give_up(clock):
    with pytest.raises(ZeroDivisionError):
        wait_for("it", lambda: 1 / 0, timeout_seconds=5)
