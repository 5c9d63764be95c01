"""What time brings to a subscription that is paid: renewals, trials, ends, changes of its items."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone

import pytest
import stripe

from local_staging.stripe_sandbox.periods import period_end
from tests.local_staging.stripe_sandbox.account import Account

HOUR, DAY = 3600, 86_400
MONTH = {"interval": "month", "interval_count": 1}


def end_of(subscription):
    return subscription["items"].data[0].current_period_end


def seconds(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


def test_a_renewal_takes_its_draft_hour_and_is_paid(timed):
    subscription = timed.subscribe(timed.customer(), metadata={"customer_id": "7"})
    first_end = end_of(subscription)
    timed.advance(first_end - 1)
    assert len(timed.api.invoices.list({"subscription": subscription.id}).data) == 1

    timed.advance(first_end)
    renewed = timed.api.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    draft = renewed.latest_invoice
    assert (renewed.status, end_of(renewed)) == ("active", period_end(timed.start, first_end, MONTH))
    assert (draft.status, draft.billing_reason, draft.amount_due) == ("draft", "subscription_cycle", 59_900)
    assert draft.automatically_finalizes_at == draft.next_payment_attempt == first_end + HOUR
    assert (draft.period_start, draft.period_end) == (timed.start, first_end)
    (line,) = draft.lines.data
    assert (line.period.start, line.period.end) == (first_end, end_of(renewed))
    assert line.pricing.price_details.price == "price_local_pro"
    assert draft.parent.subscription_details.metadata.to_dict() == {"customer_id": "7"}

    timed.advance(first_end + HOUR)
    paid = timed.api.invoices.retrieve(draft.id)
    assert (paid.status, paid.amount_paid, paid.attempt_count, paid.number[-5:]) == (
        "paid",
        59_900,
        1,
        "-0002",
    )
    assert (paid.status_transitions.paid_at, paid.next_payment_attempt) == (first_end + HOUR, None)


def test_a_renewal_tells_its_story(timed):
    subscription = timed.subscribe(timed.customer())
    before = len(timed.api.events.list({"limit": 100}).data)
    timed.advance(end_of(subscription) + HOUR)
    events = list(timed.api.events.list({"limit": 100}).data)[::-1][before:]

    assert [event.type for event in events if "test_clock" not in event.type] == [
        "invoice.created",
        "customer.subscription.updated",
        "payment_intent.created",
        "invoice.finalized",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]
    by_type = {event.type: event for event in events}
    updated = by_type["customer.subscription.updated"]
    assert set(updated.data.previous_attributes.to_dict()) == {"items", "latest_invoice"}
    assert updated.created == end_of(subscription)
    assert updated.request.id is None
    assert by_type["invoice.created"].data.object["status"] == "draft"
    assert by_type["invoice.finalized"].data.object["status"] == "open"
    assert by_type["invoice.paid"].created == end_of(subscription) + HOUR


def test_the_anchors_day_comes_back(make_time, api):
    timed = make_time(api, seconds("2027-10-31T10:00:00"))
    subscription = timed.subscribe(timed.customer())
    timed.advance(seconds("2028-05-01"))
    invoices = list(timed.api.invoices.list({"subscription": subscription.id, "limit": 100}).data)[::-1]

    days = [datetime.fromtimestamp(invoice.created, timezone.utc).date().isoformat() for invoice in invoices]
    assert days == [
        *("2027-10-31", "2027-11-30", "2027-12-31", "2028-01-31"),
        *("2028-02-29", "2028-03-31", "2028-04-30"),
    ]


def test_cancelled_at_the_periods_end_it_ends_with_it(timed):
    subscription = timed.subscribe(timed.customer())
    timed.advance(timed.start + DAY)
    timed.api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    timed.advance(end_of(subscription) + DAY)
    ended = timed.api.subscriptions.retrieve(subscription.id)

    assert (ended.status, ended.canceled_at, ended.ended_at) == (
        "canceled",
        timed.start + DAY,
        end_of(subscription),
    )
    assert ended.cancellation_details.reason == "cancellation_requested"
    assert len(timed.api.invoices.list({"subscription": subscription.id}).data) == 1
    (deleted,) = timed.events("customer.subscription.deleted")
    assert deleted.created == end_of(subscription)


def test_cancelled_now_its_draft_is_never_charged(timed):
    subscription = timed.subscribe(timed.customer())
    timed.advance(end_of(subscription))
    timed.api.subscriptions.cancel(subscription.id)
    timed.advance(end_of(subscription) + 30 * DAY)
    draft = timed.api.invoices.list({"subscription": subscription.id}).data[0]

    assert (draft.status, draft.auto_advance, draft.next_payment_attempt) == ("draft", False, None)
    assert timed.events("invoice.updated")[-1].data.object["id"] == draft.id


def test_a_trial_costs_nothing_is_announced_and_then_billed(timed, differences):
    customer = timed.customer()
    subscription = timed.subscribe(customer, trial_period_days=7, expand=["latest_invoice"])
    trial_end = timed.start + 7 * DAY
    assert (subscription.status, subscription.trial_start, subscription.trial_end) == (
        "trialing",
        timed.start,
        trial_end,
    )
    assert (end_of(subscription), subscription.billing_cycle_anchor) == (trial_end, trial_end)
    assert (subscription.latest_invoice.status, subscription.latest_invoice.total) == ("paid", 0)
    assert timed.api.charges.list({"customer": customer}).data == []
    value = json.loads(timed.api.invoices.list().last_response.body)["data"][0]
    assert differences(value, stripe.Invoice) == []

    timed.advance(trial_end - 3 * DAY - 1)
    assert timed.events("customer.subscription.trial_will_end") == []
    timed.advance(trial_end - 1)
    (notice,) = timed.events("customer.subscription.trial_will_end")
    assert notice.created == trial_end - 3 * DAY
    timed.advance(trial_end + HOUR)
    billed = timed.api.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (billed.status, billed.latest_invoice.status) == ("active", "paid")
    assert billed.latest_invoice.amount_paid == 59_900
    assert end_of(billed) == period_end(trial_end, trial_end, MONTH)
    assert len(timed.events("customer.subscription.trial_will_end")) == 1


def test_a_short_trial_is_announced_when_it_begins(timed):
    timed.subscribe(timed.customer(), trial_end=timed.start + 2 * DAY)
    timed.advance(timed.start + DAY)

    (notice,) = timed.events("customer.subscription.trial_will_end")
    assert notice.created == timed.start


@pytest.mark.parametrize(("behavior", "status"), [("cancel", "canceled"), ("create_invoice", "past_due")])
def test_a_trial_without_a_card_ends_as_it_was_asked_to(timed, behavior, status):
    subscription = timed.subscribe(
        timed.customer(card=None),
        trial_period_days=7,
        trial_settings={"end_behavior": {"missing_payment_method": behavior}},
    )
    timed.advance(timed.start + 7 * DAY + HOUR)

    assert timed.api.subscriptions.retrieve(subscription.id).status == status


@pytest.mark.parametrize(
    ("trial", "match"),
    [
        ({"trial_period_days": 0}, "end after now"),
        ({"trial_period_days": 1000}, "within two years"),
        ({"trial_end": 1}, "end after now"),
        ({"trial_end": 2_000_000_000, "trial_period_days": 1}, "only specify one"),
    ],
)
def test_wrong_trials_are_refused(timed, trial, match):
    with pytest.raises(stripe.InvalidRequestError, match=match):
        timed.subscribe(timed.customer(), **trial)


def test_trial_end_now_is_no_trial(timed):
    assert timed.subscribe(timed.customer(), trial_end="now").status == "active"


def test_changed_items_hold_from_the_next_period_on(timed):
    subscription = timed.subscribe(timed.customer())
    item = subscription["items"].data[0].id
    dearer = timed.api.prices.create(
        {"product": "prod_local_pro", "currency": "usd", "unit_amount": 70_000, "recurring": MONTH}
    ).id
    change = {"items": [{"id": item, "price": dearer, "quantity": 2}]}
    with pytest.raises(stripe.InvalidRequestError, match="does not support prorations"):
        timed.api.subscriptions.update(subscription.id, change)
    timed.api.subscriptions.update(subscription.id, {**change, "proration_behavior": "none"})
    assert len(timed.api.invoices.list({"subscription": subscription.id}).data) == 1
    timed.advance(end_of(subscription) + HOUR)

    assert timed.api.invoices.list({"subscription": subscription.id}).data[0].amount_paid == 140_000


def test_items_change_only_to_what_fits(timed):
    subscription = timed.subscribe(timed.customer())
    item = subscription["items"].data[0].id
    yearly = timed.api.prices.create(
        {
            "product": "prod_local_pro",
            "currency": "usd",
            "unit_amount": 1,
            "recurring": {"interval": "year"},
        }
    ).id

    for items, match in (
        ([{"price": yearly}], "adding items"),
        ([{"id": item, "price": yearly}], "another interval"),
        ([{"id": item, "price": "price_none"}], "No such price"),
    ):
        with pytest.raises(stripe.InvalidRequestError, match=match):
            timed.api.subscriptions.update(subscription.id, {"items": items, "proration_behavior": "none"})


def test_without_a_clock_time_brings_nothing(api, pro_customer, server, timed):
    subscription = api.subscriptions.create(
        {"customer": pro_customer(), "items": [{"price": "price_local_pro"}]}
    )
    timed.advance(timed.start + 300 * DAY)

    assert len(api.invoices.list({"subscription": subscription.id}).data) == 1


def test_a_year_with_one_failure_takes_far_less_than_a_second():
    account = Account()
    start = 1_769_817_600
    clock = account.clock(start)
    customer = account.customer(clock, "pm_card_visa")
    made = account.post("/v1/subscriptions", customer=customer, items=[{"price": "price_local_pro"}])
    began = time.process_time()
    now = start
    for month in range(1, 13):
        card = "pm_card_chargeCustomerFail" if month == 5 else "pm_card_visa"
        if month in (5, 6):
            account.use(customer, card)
        if month == 6:  # the good card came four days after the failing renewal
            account.advance(clock, now + 4 * DAY)
        now = period_end(start, now, MONTH)
        account.advance(clock, now + 2 * HOUR)
    took = time.process_time() - began

    statuses = [invoice["status"] for invoice in account.kept("invoice")]
    assert statuses == ["paid"] * 13
    assert [invoice["attempt_count"] for invoice in account.kept("invoice")] == [1] * 5 + [2] + [1] * 7
    assert account.get(f"/v1/subscriptions/{made['id']}")["status"] == "active"
    assert took < 1, f"a year took {took:.2f} s of processor time"
