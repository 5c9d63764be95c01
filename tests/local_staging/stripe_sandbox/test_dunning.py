"""Renewals that cannot be paid: tried again, recovered, given up as the account's settings say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from local_staging.stripe_sandbox.app import SANDBOX, Options, create_app
from local_staging.stripe_sandbox.settings import Dunning, Settings

HOUR, DAY = 3600, 86_400
FAILING = "pm_card_chargeCustomerFail"


def end_of(subscription):
    return subscription["items"].data[0].current_period_end


@pytest.fixture
def failing(timed) -> Iterator[Any]:
    """A subscription whose card fails from now on, with the moment of its first attempt."""
    customer = timed.customer()
    subscription = timed.subscribe(customer)
    timed.use(customer, FAILING)
    return subscription, customer, end_of(subscription) + HOUR


def newest(timed, subscription):
    return timed.api.invoices.list({"subscription": subscription.id}).data[0]


def test_a_failed_renewal_is_past_due_and_tried_again(timed, failing):
    subscription, _, attempt = failing
    timed.advance(attempt)
    invoice = newest(timed, subscription)

    assert timed.api.subscriptions.retrieve(subscription.id).status == "past_due"
    assert (invoice.status, invoice.attempt_count, invoice.amount_remaining) == ("open", 1, 59_900)
    assert invoice.next_payment_attempt == attempt + 3 * DAY
    (update,) = timed.events("customer.subscription.updated")[-1:]
    assert update.data.previous_attributes.to_dict() == {"status": "active"}
    (failed,) = timed.events("invoice.payment_failed")
    assert (failed.data.object["amount_due"], failed.created) == (59_900, attempt)
    charge = timed.api.charges.list({"customer": failing[1]}).data[0]
    assert (charge.failure_code, charge.created) == ("card_declined", attempt)


def test_a_better_card_recovers_it_at_the_next_attempt(timed, failing):
    subscription, customer, attempt = failing
    timed.advance(attempt)
    timed.use(customer, "pm_card_visa")
    timed.advance(attempt + 3 * DAY)
    invoice = newest(timed, subscription)

    assert timed.api.subscriptions.retrieve(subscription.id).status == "active"
    assert (invoice.status, invoice.attempt_count) == ("paid", 2)
    assert end_of(timed.api.subscriptions.retrieve(subscription.id)) > attempt


def test_paying_by_hand_recovers_it_and_ends_the_schedule(timed, failing):
    subscription, customer, attempt = failing
    timed.advance(attempt)
    with pytest.raises(stripe.CardError):
        timed.api.invoices.pay(newest(timed, subscription).id)
    invoice = newest(timed, subscription)
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (1, attempt + 3 * DAY)
    timed.api.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"})
    timed.advance(attempt + 10 * DAY)

    assert timed.api.subscriptions.retrieve(subscription.id).status == "active"
    assert len(timed.api.charges.list({"customer": customer}).data) == 4
    assert newest(timed, subscription).attempt_count == 1


def test_after_the_last_attempt_it_is_cancelled(timed, failing):
    subscription, _, attempt = failing
    last = attempt + (3 + 5 + 7) * DAY
    timed.advance(last - 1)
    assert timed.api.subscriptions.retrieve(subscription.id).status == "past_due"
    timed.advance(last)
    ended = timed.api.subscriptions.retrieve(subscription.id)
    invoice = newest(timed, subscription)

    assert (ended.status, ended.ended_at) == ("canceled", last)
    assert ended.cancellation_details.reason == "payment_failed"
    assert (invoice.status, invoice.attempt_count, invoice.auto_advance) == ("open", 4, False)
    attempts = [event.created for event in timed.events("invoice.payment_failed")]
    assert attempts == [attempt, attempt + 3 * DAY, attempt + 8 * DAY, last]
    assert [event.created for event in timed.events("customer.subscription.deleted")] == [last]


@pytest.fixture
def strict(serve, connect, make_time):
    """Return a function that makes a clock of a sandbox with settings of its own."""
    contexts = []

    def make(dunning):
        app = create_app(pro_price_id="price_local_pro", options=Options(settings=Settings(dunning=dunning)))
        context = serve(app)
        contexts.append(context)
        api = connect(context.__enter__()).v1
        assert app[SANDBOX]
        return make_time(api)

    yield make
    for context in contexts:
        context.__exit__(None, None, None)


def test_an_unpaid_subscription_gets_invoices_that_nobody_collects(strict):
    timed = strict(Dunning((1,), then="unpaid"))
    customer = timed.customer()
    subscription = timed.subscribe(customer)
    timed.use(customer, FAILING)
    timed.advance(end_of(subscription) + HOUR + DAY)
    assert timed.api.subscriptions.retrieve(subscription.id).status == "unpaid"
    charges = len(timed.api.charges.list({"customer": customer}).data)

    timed.use(customer, "pm_card_visa")
    timed.advance(end_of(timed.api.subscriptions.retrieve(subscription.id)) + DAY)
    draft = newest(timed, subscription)
    assert (draft.status, draft.auto_advance, draft.automatically_finalizes_at) == ("draft", False, None)
    assert len(timed.api.charges.list({"customer": customer}).data) == charges
    assert timed.api.subscriptions.retrieve(subscription.id).status == "unpaid"

    assert timed.api.invoices.finalize_invoice(draft.id).status == "open"
    assert timed.api.invoices.pay(draft.id).status == "paid"
    assert timed.api.subscriptions.retrieve(subscription.id).status == "active"


def test_a_subscription_may_stay_past_due_and_recovers_with_its_next_invoice(strict):
    timed = strict(Dunning((1, 1), then="past_due"))
    customer = timed.customer()
    subscription = timed.subscribe(customer)
    timed.use(customer, FAILING)
    timed.advance(end_of(subscription) + HOUR + 5 * DAY)
    past_due = timed.api.subscriptions.retrieve(subscription.id)
    assert (past_due.status, newest(timed, subscription).next_payment_attempt) == ("past_due", None)

    timed.use(customer, "pm_card_visa")
    timed.advance(end_of(past_due) + HOUR)
    assert timed.api.subscriptions.retrieve(subscription.id).status == "active"
    statuses = [invoice.status for invoice in timed.api.invoices.list({"subscription": subscription.id}).data]
    assert statuses == ["paid", "open", "paid"]


def test_a_late_payment_of_an_older_invoice_changes_no_status(strict):
    timed = strict(Dunning((40,), then="past_due"))
    customer = timed.customer()
    subscription = timed.subscribe(customer)
    timed.use(customer, FAILING)
    timed.advance(end_of(subscription) + HOUR)
    older = newest(timed, subscription).id
    timed.advance(end_of(timed.api.subscriptions.retrieve(subscription.id)) + HOUR)
    timed.api.invoices.pay(older, {"payment_method": "pm_card_visa"})

    assert timed.api.subscriptions.retrieve(subscription.id).status == "past_due"


def test_without_any_card_a_renewal_fails_without_a_charge(timed):
    customer = timed.customer()
    subscription = timed.subscribe(customer)
    method = timed.api.payment_methods.list({"customer": customer}).data[0].id
    timed.api.payment_methods.detach(method)
    timed.advance(end_of(subscription) + HOUR)

    assert timed.api.subscriptions.retrieve(subscription.id).status == "past_due"
    assert newest(timed, subscription).attempt_count == 1
    assert len(timed.api.charges.list({"customer": customer}).data) == 1


def test_a_first_payment_that_never_comes_expires_the_subscription(timed):
    subscription = timed.subscribe(timed.customer(FAILING))
    timed.advance(timed.start + 23 * HOUR - 1)
    assert timed.api.subscriptions.retrieve(subscription.id).status == "incomplete"
    timed.advance(timed.start + 23 * HOUR)
    invoice = timed.api.invoices.retrieve(
        subscription.latest_invoice, {"expand": ["payments.data.payment.payment_intent"]}
    )

    expired = timed.api.subscriptions.retrieve(subscription.id)
    assert (expired.status, expired.ended_at) == ("incomplete_expired", timed.start + 23 * HOUR)
    assert (invoice.status, invoice.status_transitions.voided_at) == ("void", timed.start + 23 * HOUR)
    (payment,) = invoice.payments.data
    assert (payment.status, payment.payment.payment_intent.status) == ("canceled", "canceled")
    assert payment.payment.payment_intent.cancellation_reason == "void_invoice"
    with pytest.raises(stripe.InvalidRequestError, match="only an open invoice"):
        timed.api.invoices.pay(invoice.id)


@pytest.mark.parametrize(
    ("close", "status"), [("void_invoice", "void"), ("mark_uncollectible", "uncollectible")]
)
def test_a_closed_invoice_is_not_owed_any_more(timed, failing, close, status):
    subscription, _, attempt = failing
    timed.advance(attempt)
    closed = getattr(timed.api.invoices, close)(newest(timed, subscription).id)
    timed.advance(attempt + 10 * DAY)

    assert (closed.status, closed.next_payment_attempt) == (status, None)
    assert timed.api.subscriptions.retrieve(subscription.id).status == "active"
    assert newest(timed, subscription).attempt_count == 1


def test_a_written_off_invoice_can_still_be_paid(timed, failing):
    subscription, _, attempt = failing
    timed.advance(attempt)
    invoice = timed.api.invoices.mark_uncollectible(newest(timed, subscription).id)

    assert timed.api.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"}).status == "paid"


def test_voiding_the_first_invoice_ends_an_incomplete_subscription(timed):
    subscription = timed.subscribe(timed.customer(FAILING))
    timed.api.invoices.void_invoice(subscription.latest_invoice)

    ended = timed.api.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.ended_at) == ("incomplete_expired", timed.start)


def test_invoices_change_only_from_the_states_that_allow_it(timed):
    invoice = timed.subscribe(timed.customer()).latest_invoice

    for operation in ("finalize_invoice", "void_invoice", "mark_uncollectible"):
        with pytest.raises(stripe.InvalidRequestError, match="this one is paid"):
            getattr(timed.api.invoices, operation)(invoice)


def test_a_draft_can_be_finalized_early(timed):
    subscription = timed.subscribe(timed.customer())
    timed.advance(end_of(subscription))
    draft = newest(timed, subscription)
    opened = timed.api.invoices.finalize_invoice(draft.id)
    assert (opened.status, opened.attempted) == ("open", False)
    assert timed.api.subscriptions.retrieve(subscription.id).status == "active"

    timed.advance(end_of(subscription) + HOUR)
    assert newest(timed, subscription).status == "paid"


def test_a_renewal_of_nothing_is_paid_by_finalizing_it(timed):
    free = timed.api.prices.create(
        {
            "product": "prod_local_pro",
            "currency": "usd",
            "unit_amount": 0,
            "recurring": {"interval": "month"},
        }
    ).id
    subscription = timed.api.subscriptions.create(
        {"customer": timed.customer(card=None), "items": [{"price": free}]}
    )
    timed.advance(end_of(subscription))
    assert timed.api.invoices.finalize_invoice(newest(timed, subscription).id).status == "paid"
    renewed = timed.api.subscriptions.retrieve(subscription.id)
    timed.advance(end_of(renewed) + HOUR)

    assert (newest(timed, subscription).status, renewed.status) == ("paid", "active")
    assert timed.api.charges.list().data == []


def test_a_payment_intent_of_an_invoice_is_cancelled_by_voiding_it(timed):
    subscription = timed.subscribe(timed.customer(FAILING), expand=["latest_invoice.payments"])
    intent = subscription.latest_invoice.payments.data[0].payment.payment_intent

    with pytest.raises(stripe.InvalidRequestError, match="Void the invoice"):
        timed.api.payment_intents.cancel(intent)


def test_the_schedule_of_attempts():
    dunning = Dunning((3, 5))

    assert [dunning.next_attempt(0, attempts) for attempts in (1, 2, 3, 9)] == [3 * DAY, 5 * DAY, None, None]
    assert Dunning(()).next_attempt(0, 1) is None
