"""What is sent, and what each event must leave behind."""

from __future__ import annotations

import json
from collections import Counter

from staging_validation.load.events import (
    FAILED,
    IGNORED,
    MIX,
    PAID,
    UPDATED,
    Member,
    make_events,
    make_marker,
)

CROWD = [Member(number, f"load-r-{number}@test.example.com", f"cus_{number}") for number in range(1, 101)]


def made(numbers=range(1, 2251), crowd=CROWD, run_id="load-r"):
    return make_events(list(numbers), crowd, run_id=run_id, price="price_pro", created=1_790_000_000)


def test_the_types_are_mixed_as_they_shall_be():
    counts = Counter(event.event.type for event in made().values())
    for event_type, share in MIX:
        assert abs(counts[event_type] / 2250 - share) < 0.04, event_type
    assert sum(share for _, share in MIX) == 1


def test_every_event_has_an_id_of_its_own_that_names_the_run():
    events = made().values()
    assert len({event.event.id for event in events}) == 2250
    assert all(event.event.id.startswith("evt_load_load_r_") for event in events)
    assert {event.event.id for event in made(run_id="load-s").values()}.isdisjoint(
        event.event.id for event in events
    )


def test_the_same_number_twice_is_the_same_event():
    assert made([1, 2, 2, 3, 1]) == made([1, 2, 3])
    assert made([5])[5].event.id == made([5])[5].event.id


def test_a_paid_invoice_brings_credits_and_nothing_else_does():
    for event in made().values():
        assert bool(event.invoice_id) == (event.event.type == PAID)
        body = json.loads(event.event.body)
        assert body["livemode"] is False
        about = body["data"]["object"]
        if event.event.type in (PAID, FAILED):
            assert event.amount_cents == 59_900
            assert about["lines"]["data"][0]["pricing"]["price_details"]["price"] == "price_pro"
        else:
            assert event.amount_cents is None
        assert event.member.stripe_id == (about["id"] if event.event.type == IGNORED else about["customer"])


def test_whose_payment_fails_has_no_state_to_be_sure_of():
    members = {kind: set() for kind in (FAILED, UPDATED)}
    for event in made().values():
        if event.event.type in members:
            members[event.event.type].add(event.member.id)
    assert members[FAILED]
    assert members[UPDATED]
    assert members[FAILED].isdisjoint(members[UPDATED])


def test_one_customer_is_enough():
    assert {event.member.id for event in made(crowd=CROWD[:1]).values()} == {1}
    assert FAILED not in {event.event.type for event in made(crowd=CROWD[:1]).values()}


def test_the_last_event_is_only_recorded():
    marker = make_marker(CROWD[0], run_id="load-r", created=1, number=1)
    assert marker.type == IGNORED
    assert marker.id not in {event.event.id for event in made().values()}
