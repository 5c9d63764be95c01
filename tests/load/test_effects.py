"""Exactly one effect for each event: whatever is lost, doubled or only half there is found, and named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from staging_validation.load import effects
from staging_validation.load.effects import CreditRow, CustomerRow, EventRow, Found
from staging_validation.load.events import PAID, UPDATED, Member, make_events
from staging_validation.results import Outcome

CROWD = [Member(number, f"load-r-{number}@test.example.com", f"cus_{number}") for number in range(1, 11)]
SENT = list(
    make_events(range(1, 101), CROWD, run_id="load-r", price="price_pro", created=1_790_000_000).values()
)
ACCEPTED = {event.event.id for event in SENT}
EMAILS = {member.email for member in CROWD}
A_PAID = next(event for event in SENT if event.event.type == PAID)
AN_UPDATED = next(event for event in SENT if event.event.type == UPDATED)


def right() -> Found:
    """What a platform leaves behind that does everything once."""
    paid = [event for event in SENT if event.invoice_id]
    granted = [CreditRow(member.id, 5, "trial_signup", None) for member in CROWD]
    granted += [
        CreditRow(event.member.id, 60, "pro_subscription_payment", event.invoice_id) for event in paid
    ]
    active = {event.member.id for event in SENT if event.active}
    return Found(
        events=[
            EventRow(event.event.id, event.event.type, event.member.id, event.amount_cents) for event in SENT
        ],
        credits=granted,
        customers=[
            CustomerRow(
                member.id,
                member.email,
                sum(row.amount for row in granted if row.customer_id == member.id),
                "active" if member.id in active else None,
                member.stripe_id,
                1,
            )
            for member in CROWD
        ],
    )


def checked(found, sent=SENT, accepted=ACCEPTED):
    results = [
        effects.check_events(sent, accepted, found),
        effects.check_credits(sent, accepted, found),
        effects.check_balances(found),
        effects.check_states(sent, accepted, found),
        effects.check_sign_ups(EMAILS, EMAILS, found),
    ]
    return {
        result.id.rpartition(".")[2]: result for result in results if result.outcome is not Outcome.PASSED
    }


def without(rows, *which):
    return [row for row in rows if row not in which]


def event_row(event):
    return next(row for row in right().events if row.event_id == event.event.id)


def credit_row(event):
    return next(row for row in right().credits if row.invoice_id == event.invoice_id)


def test_everything_once_is_right():
    assert checked(right()) == {}
    assert effects.check_events(SENT, ACCEPTED, right()).actual == "one for each of 100"


def test_a_lost_event_is_named():
    found = replace(
        right(),
        events=without(right().events, event_row(A_PAID)),
        credits=without(right().credits, credit_row(A_PAID)),
    )
    results = checked(found)
    assert results["events"].evidence["lost"] == [A_PAID.event.id]
    assert results["events"].actual == f"1 lost: {A_PAID.event.id}"
    assert results["credits"].evidence["lost"] == [f"{A_PAID.event.id} (invoice {A_PAID.invoice_id})"]


def test_an_event_that_was_never_accepted_may_be_missing():
    found = replace(
        right(),
        events=without(right().events, event_row(A_PAID)),
        credits=without(right().credits, credit_row(A_PAID)),
    )
    assert set(checked(found, accepted=ACCEPTED - {A_PAID.event.id})) == {"balances"}, (
        "of the balance it was taken"
    )


def test_a_doubled_event_is_named():
    found = replace(right(), events=[*right().events, event_row(A_PAID)])
    assert checked(found)["events"].actual == f"1 doubled: {A_PAID.event.id} (2 rows)"


def test_a_doubled_credit_is_named():
    found = replace(right(), credits=[*right().credits, credit_row(A_PAID)])
    results = checked(found)
    assert results["credits"].evidence["doubled"] == [f"{A_PAID.invoice_id} (2 times)"]
    assert str(A_PAID.member.id) in results["balances"].actual


def test_half_an_effect_is_named_on_either_side():
    credited_only = replace(right(), events=without(right().events, event_row(A_PAID)))
    assert checked(credited_only)["credits"].actual == (
        f"1 half: {A_PAID.event.id}: credited, and not recorded in billing_events"
    )
    recorded_only = replace(right(), credits=without(right().credits, credit_row(A_PAID)))
    assert "recorded, and its invoice" in checked(recorded_only)["credits"].evidence["half"][0]


def test_a_balance_beside_its_ledger_is_named():
    first = right().customers[0]
    found = replace(
        right(),
        customers=[replace(first, credit_balance=first.credit_balance - 60), *right().customers[1:]],
    )
    (name,) = checked(found)["balances"].evidence["half"]
    assert name == (
        f"customer 1 ({first.email}): balance {first.credit_balance - 60}, ledger {first.credit_balance}"
    )


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"amount_cents": 59_899}, "amount_cents 59899 and not 59900"),
        ({"customer_id": None}, "customer_id None and not"),
        ({"event_type": "invoice.paid"}, "event_type 'invoice.paid' and not"),
    ],
)
def test_an_event_recorded_as_something_else_is_named(change, fault):
    row = event_row(A_PAID)
    found = replace(right(), events=[*without(right().events, row), replace(row, **change)])
    assert fault in checked(found)["events"].evidence["wrong"][0]


@pytest.mark.parametrize("change", [{"amount": 61}, {"customer_id": 99}, {"invoice_id": "in_of_nobody"}])
def test_a_wrong_credit_is_named(change):
    row = credit_row(A_PAID)
    found = replace(right(), credits=[*without(right().credits, row), replace(row, **change)])
    assert checked(found)["credits"].evidence["wrong"]


def test_a_subscription_that_was_not_made_active_is_named():
    customers = [
        replace(row, subscription_state=None) if row.id == AN_UPDATED.member.id else row
        for row in right().customers
    ]
    (name,) = checked(replace(right(), customers=customers))["states"].evidence["lost"]
    assert name.startswith(f"customer {AN_UPDATED.member.id} ")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"api_keys": 0}, "0 API keys"),
        ({"api_keys": 2}, "2 API keys"),
        ({"stripe_customer_id": None}, "no stripe_customer_id"),
    ],
)
def test_half_a_customer_is_named(change, fault):
    customers = [replace(right().customers[0], **change), *right().customers[1:]]
    assert fault in checked(replace(right(), customers=customers))["signups"].actual


def test_a_customer_that_is_lost_or_doubled_is_named():
    assert checked(replace(right(), customers=right().customers[1:]))["signups"].evidence["lost"]
    doubled = replace(right(), customers=[*right().customers, replace(right().customers[0], id=77)])
    assert "2 rows" in checked(doubled)["signups"].evidence["doubled"][0]


def test_a_sign_up_without_its_credits_is_half_one():
    found = replace(
        right(), credits=[row for row in right().credits if (row.customer_id, row.amount) != (1, 5)]
    )
    assert "0 ledger rows +5 trial_signup" in checked(found)["signups"].evidence["half"][0]


def test_many_faults_are_counted_and_the_first_are_named():
    result = effects.check_events(SENT, ACCEPTED, replace(right(), events=[]))
    assert result.actual.startswith("100 lost: ")
    assert len(result.evidence["lost"]) == 11
    assert result.evidence["lost"][-1] == "and 90 more"
