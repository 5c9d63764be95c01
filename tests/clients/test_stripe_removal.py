"""Deleting in Stripe: each for itself, bounded, and never an object that is not of test mode."""

from __future__ import annotations

import pytest

from staging_validation.clients.stripe_removal import remove_all
from staging_validation.errors import DeadlineError, GuardRefusedError, ServiceUnreachableError


def test_what_cannot_be_deleted_is_told_and_the_others_go():
    gone: list[str] = []

    def remove(identifier: str) -> None:
        if identifier == "cus_away":
            raise ServiceUnreachableError("Stripe", "cannot be reached")
        if identifier == "clock_busy":
            raise DeadlineError("Waited 60 s for the clock, in vain.")
        gone.append(identifier)

    left = remove_all((remove, each) for each in ("cus_1", "cus_away", "clock_busy", "cus_2"))
    assert set(left) == {"cus_away", "clock_busy"}
    assert "cannot be reached" in left["cus_away"]
    assert "in vain" in left["clock_busy"]
    assert sorted(gone) == ["cus_1", "cus_2"]


def test_an_object_of_live_mode_ends_it():
    def remove(identifier: str) -> None:
        raise GuardRefusedError(f"{identifier} says livemode True")

    with pytest.raises(GuardRefusedError, match="cus_1"):
        remove_all([(remove, "cus_1")])


def test_when_the_time_is_over_nothing_more_is_deleted():
    asked: list[str] = []
    left = remove_all([(asked.append, "cus_1"), (asked.append, "cus_2")], longest_seconds=-1)
    assert asked == []
    assert set(left) == {"cus_1", "cus_2"}
