"""Which events there must be, where they are looked for, and when they have settled."""

from __future__ import annotations

import pytest

from staging_validation.results import Outcome
from staging_validation.stripe_objects import FoundObjects
from staging_validation.stripe_objects.settling import (
    CREATED,
    FAILED,
    LISTED_SECONDS,
    PAID,
    STATE_EVENTS,
    UPDATED,
    Happening,
    Settling,
    is_about,
    must_be_told,
    settled_result,
    settling,
    spans,
    told_types,
    untold_result,
)

NOW = 1_800_000_000
DAY = 86_400
BEGAN, RENEWED = NOW - 20 * DAY, NOW - 3 * DAY


def invoice(identifier, status, created, *, attempted=True):
    reason = "subscription_create" if created == BEGAN else "subscription_cycle"
    shown = {"id": identifier, "status": status, "created": created, "billing_reason": reason}
    return {**shown, "attempted": attempted}


@pytest.fixture
def past_due():
    return FoundObjects(
        {"id": "cus_1", "created": BEGAN},
        {"id": "sub_1", "start_date": BEGAN},
        [invoice("in_2", "open", RENEWED), invoice("in_1", "paid", BEGAN)],
        {"id": "clock_1", "created": NOW},
    )


def event(event_type, identifier, event_id="evt_1", *, customer="cus_1", pending=0):
    shown = {"id": identifier, "customer": customer}
    return {"id": event_id, "type": event_type, "pending_webhooks": pending, "data": {"object": shown}}


def test_what_can_change_a_customer_must_be_told(past_due):
    assert must_be_told([past_due, FoundObjects({"id": "cus_2"})], now=NOW) == (
        Happening(CREATED, "sub_1", BEGAN),
        Happening(FAILED, "in_2", RENEWED),
        Happening(UPDATED, "sub_1", RENEWED),
        Happening(PAID, "in_1", BEGAN),
    )


def test_what_stripe_lists_no_more_need_not_be_told(past_due):
    later = BEGAN + LISTED_SECONDS
    assert len(must_be_told([past_due], now=later)) == 4
    assert [told.at for told in must_be_told([past_due], now=later + 1)] == [RENEWED, RENEWED]


def test_an_invoice_that_nobody_tried_to_charge_tells_nothing(past_due):
    draft = invoice("in_3", "draft", RENEWED, attempted=False)
    unattempted = invoice("in_4", "open", RENEWED, attempted=False)
    shown = FoundObjects(past_due.customer, past_due.subscription, [draft, unattempted], past_due.clock)
    assert [told.event_type for told in must_be_told([shown], now=NOW)] == [CREATED]


def test_only_the_spans_of_ours_are_looked_at(past_due):
    others = [
        FoundObjects({"id": "cus_2", "created": NOW + 1}),
        FoundObjects(
            {"id": "cus_3", "created": BEGAN + 30},
            {"id": "sub_3", "start_date": BEGAN + 30},
            [],
            past_due.clock,
        ),
    ]
    assert spans([past_due, *others]) == [
        (BEGAN - 60, BEGAN + 90),
        (RENEWED - 60, RENEWED + 7200),
        (NOW - 60, None),
    ]


def test_spans_that_reach_into_today_become_one(past_due):
    assert spans([past_due, FoundObjects({"id": "cus_2", "created": RENEWED + 100})]) == [
        (BEGAN - 60, BEGAN + 60),
        (RENEWED - 60, None),
    ]
    assert spans([FoundObjects({"id": "cus_2", "created": NOW})]) == [(NOW - 60, None)]


@pytest.mark.parametrize(
    ("seen", "about"),
    [
        (event(PAID, "in_1"), True),
        (event("customer.created", "cus_1", customer=None), True),
        (event(PAID, "in_1", customer="cus_2"), False),
        ({"id": "evt_1", "type": "balance.available", "data": {"object": {}}}, False),
        ({"id": "evt_1", "type": "x", "data": None}, False),
    ],
)
def test_events_about_our_customers(seen, about):
    assert is_about(seen, frozenset({"cus_1"})) is about


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ([["*"]], {PAID, "charge.succeeded"}),
        ([[PAID]], {PAID}),
        ([["charge.succeeded"]], {"charge.succeeded"}),
        # Which of two endpoints is the platform's nobody knows: what one of them wants counts where it matters.
        ([["*"], [PAID]], {PAID}),
        ([["*"], ["charge.succeeded"]], {PAID, "charge.succeeded"}),
        ([["charge.succeeded"], ["invoice.paid"]], set()),
        (None, {PAID}),
    ],
)
def test_what_the_platform_is_told_of(wanted, told):
    endpoints = None if wanted is None else [{"enabled_events": types} for types in wanted]
    is_told = told_types(endpoints)
    assert {name for name in (PAID, "charge.succeeded") if is_told(name)} == told


def test_without_a_list_of_endpoints_everything_that_changes_a_customer_counts():
    assert all(map(told_types(None), STATE_EVENTS))


def test_settled_is_listed_and_recorded():
    happenings = [Happening(PAID, "in_1", NOW), Happening(CREATED, "sub_1", NOW)]
    events = [event(PAID, "in_1", "evt_1"), event("charge.succeeded", "ch_1", "evt_2")]
    everything = told_types([{"enabled_events": ["*"]}])
    first = settling(events, happenings, frozenset({"evt_1"}), everything)
    assert (first.unlisted, first.unrecorded, first.done) == ([happenings[1]], [events[1]], False)
    assert str(first) == "2 events, 1 not listed, 1 not recorded"
    events.append(event(CREATED, "sub_1", "evt_3"))
    assert not settling(events, happenings, frozenset({"evt_1", "evt_2"}), everything).done
    assert settling(events, happenings, frozenset({"evt_1", "evt_2", "evt_3"}), everything).done
    told = told_types([{"enabled_events": [PAID]}])
    assert settling(events, happenings, frozenset({"evt_1"}), told).done


def result_of(state, endpoints=({"url": "https://staging.example/hooks"},)):
    return settled_result(state, endpoints, timeout_seconds=60, duration_seconds=1.5)


def test_what_has_settled_passes():
    result = result_of(Settling([event(PAID, "in_1")]))
    assert (result.outcome, result.remedy, result.evidence["events"]) == (Outcome.PASSED, None, 1)
    assert result.evidence["webhook_endpoints"] == ["https://staging.example/hooks"]
    assert result.expected == result.actual


@pytest.mark.parametrize(
    ("pending", "shown", "remedy"),
    [
        (0, "delivered", "leads to the platform whose database staging_postgres is"),
        (
            2,
            "2 deliveries pending",
            "failed deliveries of the webhook endpoint (https://staging.example/hooks)",
        ),
    ],
)
def test_what_was_not_recorded_is_errored_and_says_why(pending, shown, remedy):
    late = event(PAID, "in_1", pending=pending)
    result = result_of(Settling([late], unrecorded=[late]))
    assert result.outcome is Outcome.ERRORED
    assert result.actual["not_recorded_by_the_platform"] == [f"{PAID} (evt_1, {shown})"]
    assert remedy in result.remedy
    assert "After 60 s the platform had not recorded 1 of 1 events" in result.evidence["because"]


def test_of_many_events_the_first_are_named():
    late = [event(PAID, f"in_{number}") for number in range(30)]
    result = result_of(Settling(late, unrecorded=late), endpoints=None)
    assert len(result.actual["not_recorded_by_the_platform"]) == 10
    assert result.evidence["not_recorded"] == 30


def test_what_stripe_did_not_list_is_errored():
    result = result_of(Settling(unlisted=[Happening(PAID, "in_1", NOW)]))
    assert result.outcome is Outcome.ERRORED
    assert result.actual["not_listed_by_stripe"] == [f"{PAID} of in_1"]
    assert result.remedy.startswith("run again")


def test_where_nothing_is_told_the_check_is_skipped_with_the_reason():
    result = untold_result(Settling([event(PAID, "in_1")]), duration_seconds=0.1)
    assert result.outcome is Outcome.SKIPPED
    assert "no enabled webhook endpoint" in result.evidence["reason"]
    assert "stripe listen" in result.remedy
