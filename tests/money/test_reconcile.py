"""Reconciling: clean books give nothing, and every planted cent is found at its customer and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from staging_validation.errors import ServiceUnreachableError
from staging_validation.money import (
    Account,
    Books,
    Charge,
    Event,
    Invoice,
    LedgerRow,
    Missing,
    Place,
    SeriesSum,
    ServiceSums,
    reconcile,
)
from staging_validation.money.books import PAID_INVOICE
from staging_validation.results import CheckResult, Outcome
from tests.money.strategies import RUN, clean_books, repeated, shuffled

PROPERTY = settings(max_examples=60, deadline=None)
OFF_BY = st.integers(1, 10_000) | st.integers(-10_000, -1)
SUMS = {"metrics_invoices": "invoices", "metrics_payments": "payments"}


def failed(results: Sequence[CheckResult]) -> dict[str, str]:
    return {
        result.id.removeprefix("money."): str(result.actual)
        for result in results
        if result.outcome is not Outcome.PASSED
    }


def changed(items: Sequence[Any], index: int, **fields: Any) -> tuple[Any, ...]:
    return (*items[:index], replace(items[index], **fields), *items[index + 1 :])


def email(books: Books, customer: int) -> str:
    return next(account.email for account in books.accounts if account.id == customer)


@PROPERTY
@given(clean_books())
def test_clean_books_give_no_difference(books):
    results = reconcile(books)
    assert failed(results) == {}
    assert len(results) == 9, "one result for each equation"
    assert len({result.id for result in results}) == 9


@PROPERTY
@given(st.data(), clean_books())
def test_the_order_does_not_matter(data, books):
    broken = replace(books, events=books.events[1:], ledger=books.ledger[:-1])
    for given_books in (books, broken):
        again = shuffled(data.draw, given_books)
        expected = [result.model_dump() for result in reconcile(given_books)]
        found = [result.model_dump() for result in reconcile(again)]
        assert found == expected


@PROPERTY
@given(clean_books())
def test_what_is_read_twice_counts_once(books):
    assert failed(reconcile(repeated(books))) == {}


@PROPERTY
@given(st.data(), clean_books(), OFF_BY)
def test_a_cent_at_stripe_is_found(data, books, off):
    kind = data.draw(st.sampled_from(["invoices", "charges"]))
    items = getattr(books, kind)
    assume(items)
    index = data.draw(st.integers(0, len(items) - 1))
    planted = replace(books, **{kind: changed(items, index, cents=items[index].cents + off)})
    found = failed(reconcile(planted))
    (message, *_) = [found[check] for check in ("stripe_invoices", "stripe_ledger") if check in found]
    assert email(books, items[index].customer) in message
    assert items[index].id in message
    assert Place.STRIPE.value in message
    assert f", {abs(off)} more" in message or f", {abs(off)} less" in message


@PROPERTY
@given(st.data(), clean_books(), st.integers(1, 10_000))
def test_a_refund_that_only_stripe_knows_is_found(data, books, off):
    assume(books.charges)
    index = data.draw(st.integers(0, len(books.charges) - 1))
    charge = books.charges[index]
    planted = replace(
        books, charges=changed(books.charges, index, refunded_cents=charge.refunded_cents + off)
    )
    found = failed(reconcile(planted))
    messages = [text for check, text in found.items() if check.startswith("stripe_")]
    assert any(f"refund of {charge.id}" in text for text in messages)
    assert all(email(books, charge.customer) in text for text in messages)


@PROPERTY
@given(st.data(), clean_books(), OFF_BY)
def test_a_cent_in_the_ledger_is_found(data, books, off):
    paying = [index for index, row in enumerate(books.ledger) if row.cents is not None]
    assume(paying)
    index = data.draw(st.sampled_from(paying))
    row = books.ledger[index]
    planted = replace(books, ledger=changed(books.ledger, index, cents=row.cents + off))
    found = failed(reconcile(planted))
    messages = [found[check] for check in ("stripe_ledger", "ledger_events") if check in found]
    assert any(f"ledger row {row.id}" in text for text in messages)
    assert all(email(books, row.customer) in text and Place.LEDGER.value in text for text in messages)
    assert "total" in found


@PROPERTY
@given(st.data(), clean_books(), OFF_BY)
def test_a_cent_in_the_events_is_found(data, books, off):
    assume(books.events)
    index = data.draw(st.integers(0, len(books.events) - 1))
    event = books.events[index]
    assume(event.type == PAID_INVOICE)
    planted = replace(books, events=changed(books.events, index, cents=event.cents + off))
    found = failed(reconcile(planted))
    messages = [text for check, text in found.items() if check != "total"]
    assert messages
    assert all(email(books, event.customer) in text for text in messages)
    assert all(Place.EVENTS.value in text for text in messages)


@PROPERTY
@given(st.data(), clean_books(), OFF_BY)
def test_a_cent_in_the_metrics_is_found(data, books, off):
    check = data.draw(st.sampled_from(sorted(SUMS)))
    sums = getattr(books.metrics, SUMS[check])
    index = data.draw(st.integers(0, len(sums) - 1))
    spoiled = changed(sums, index, value=sums[index].value + off)
    planted = replace(books, metrics=replace(books.metrics, **{SUMS[check]: spoiled}))
    found = failed(reconcile(planted))
    assert found.keys() - {"total"} == {check}
    assert email(books, sums[index].customer) in found[check]
    assert Place.METRICS.value in found[check]
    assert sums[index].series in found[check]


@PROPERTY
@given(st.data(), clean_books(), OFF_BY)
def test_a_cent_in_the_revenue_panel_is_found(data, books, off):
    index = data.draw(st.integers(0, len(books.panel) - 1))
    series = books.panel[index]
    planted = replace(books, panel=changed(books.panel, index, value=series.value + off))
    found = failed(reconcile(planted))
    assert set(found) == {"revenue_panel", "total"}
    assert email(books, series.customer) in found["revenue_panel"]
    assert series.series in found["revenue_panel"]


@PROPERTY
@given(st.data(), clean_books(), st.sampled_from([1, -1, 7]))
def test_a_credit_is_found(data, books, off):
    what = data.draw(st.sampled_from(["balance", "credits", "balance_after"]))
    kind = "accounts" if what == "balance" else "ledger"
    items = getattr(books, kind)
    index = data.draw(st.integers(0, len(items) - 1))
    planted = replace(books, **{kind: changed(items, index, **{what: getattr(items[index], what) + off})})
    found = failed(reconcile(planted))
    assert set(found) == {"credits"}
    customer = items[index].id if what == "balance" else items[index].customer
    assert email(books, customer) in found["credits"]


@PROPERTY
@given(clean_books(), st.sampled_from([0.5, float("nan"), float("inf")]))
def test_a_sum_that_is_no_whole_number_of_cents_is_named(books, value):
    panel = (SeriesSum("odd_series", 1, value), *books.panel[1:])
    found = failed(reconcile(replace(books, panel=panel)))
    assert "odd_series says" in found["revenue_panel"]
    assert "no whole number of cents" in found["revenue_panel"]


PRO = Books(
    RUN,
    (Account(1, "pro@test.example.com", 65),),
    (Invoice("in_1", 1, 59_900, ("pi_1",)),),
    (Charge("ch_1", 1, 59_900, 0, "pi_1"),),
    (
        LedgerRow("a", 1, 5, 5, "trial_signup", "2026-11-24T02:00:00"),
        LedgerRow("b", 1, 60, 65, "pro_subscription_payment", "2026-11-24T02:00:01", 59_900, "in_1"),
    ),
    (Event("evt_1", 1, PAID_INVOICE, 59_900, "in_1"),),
    ServiceSums((SeriesSum("i", 1, 59_900.0),), (SeriesSum("p", 1, 59_900.0),)),
    (SeriesSum("i", 1, 59_900.0),),
)


def outcomes(books: Books) -> dict[str, str]:
    return {result.id.removeprefix("money."): result.outcome.value for result in reconcile(books)}


def test_a_run_without_customers_is_skipped():
    (result,) = reconcile(Books(RUN, ()))
    assert result.outcome is Outcome.SKIPPED


def test_the_message_says_customer_objects_and_cents():
    books = replace(PRO, events=(replace(PRO.events[0], cents=59_901),))
    assert failed(reconcile(books))["stripe_events"] == (
        "pro@test.example.com (customer 1) about in_1: Stripe (in_1) says 59900 cents, billing_events (evt_1) says "
        "59901, 1 more"
    )


def test_a_credit_twice_for_one_invoice_is_no_duplicate_to_be_ignored():
    again = replace(PRO.ledger[1], id="c", balance_after=125)
    books = replace(PRO, ledger=(*PRO.ledger, again), accounts=(replace(PRO.accounts[0], balance=125),))
    found = failed(reconcile(books))
    assert set(found) == {"stripe_ledger", "ledger_events", "total"}
    assert "ledger row b" in found["stripe_ledger"]
    assert "ledger row c" in found["stripe_ledger"]


def test_a_payment_without_an_amount_in_the_ledger_is_a_difference():
    books = replace(PRO, ledger=changed(PRO.ledger, 1, cents=None))
    assert "pro_subscription_payment without an amount" in failed(reconcile(books))["stripe_ledger"]


def test_events_about_one_invoice_that_disagree_are_named_even_when_one_says_nothing():
    again = replace(PRO.events[0], id="evt_2", cents=0)
    found = failed(reconcile(replace(PRO, events=(*PRO.events, again))))
    assert found == {
        "ledger_events": "pro@test.example.com (customer 1): billing_events say different amounts about in_1: "
        "evt_1 59900 cents, evt_2 0 cents"
    }


def test_a_charge_that_nobody_asked_for_is_a_difference():
    books = replace(PRO, charges=(*PRO.charges, Charge("ch_2", 1, 2_900, 0, "pi_2")))
    found = failed(reconcile(books))
    assert "Stripe (ch_2) says 2900 cents, the credit ledger (no object) says 0" in found["stripe_ledger"]
    assert "metrics_payments" in found


def test_offsetting_differences_of_two_customers_are_found():
    twin = Account(2, "twin@test.example.com", 0)
    books = replace(
        PRO,
        accounts=(*PRO.accounts, twin),
        panel=(SeriesSum("i", 1, 59_899.0), SeriesSum("j", 2, 1.0)),
    )
    found = failed(reconcile(books))
    assert set(found) == {"revenue_panel"}, "the total is right, and both customers are named"
    assert "pro@test.example.com" in found["revenue_panel"]
    assert "twin@test.example.com" in found["revenue_panel"]


def test_places_that_do_not_name_their_objects_are_compared_by_customer():
    events = (replace(PRO.events[0], about=""),)
    assert failed(reconcile(replace(PRO, events=events))) == {}
    found = failed(reconcile(replace(PRO, events=(replace(events[0], cents=59_901),))))
    assert "pro@test.example.com (customer 1): Stripe (in_1) says 59900" in found["stripe_events"]


def test_a_place_that_the_platform_lacks_is_skipped_with_the_reason():
    books = replace(PRO, metrics=Missing("it has no metrics"), panel=Missing("it is not scraped"))
    results = {result.id: result for result in reconcile(books)}
    for check in ("metrics_invoices", "metrics_payments"):
        assert results[f"money.{check}"].outcome is Outcome.SKIPPED
        assert results[f"money.{check}"].evidence["reason"] == "it has no metrics"
    assert results["money.revenue_panel"].evidence["reason"] == "it is not scraped"
    assert results["money.total"].outcome is Outcome.PASSED
    assert len(results["money.total"].actual) == 3


def test_a_place_that_cannot_be_read_is_errored():
    down = Missing("away", ServiceUnreachableError("Prometheus", "cannot be reached"))
    found = {result.id: result for result in reconcile(replace(PRO, panel=down))}
    assert found["money.revenue_panel"].outcome is Outcome.ERRORED
    assert "Prometheus: cannot be reached" in str(found["money.revenue_panel"].actual)


@pytest.mark.parametrize("others", [(), (Account(2, "b@test.example.com", 0),)])
def test_a_customer_that_stripe_forgot_is_skipped_and_the_rest_compared(others):
    gone = replace(PRO.accounts[0], told_by_stripe=False)
    books = replace(PRO, accounts=(gone, *others), invoices=(), charges=())
    found = outcomes(books)
    assert found["stripe_gone" if others else "stripe"] == "skipped"
    assert {outcome for check, outcome in found.items() if not check.startswith("stripe")} == {"passed"}
    assert found.get("stripe_ledger") == ("passed" if others else None)
