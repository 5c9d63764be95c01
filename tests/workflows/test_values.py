"""The plain values of workflows: the ledger's order, events, names, answers."""

from __future__ import annotations

import json
import random

from hypothesis import given
from hypothesis import strategies as st

from staging_validation.workflows import Answer, Customer, Period, events
from staging_validation.workflows.ledger import expected_rows, in_order, summed
from staging_validation.workflows.naming import address_prefix, clock_name, clock_run, event_name
from staging_validation.workflows.signatures import signature, timestamp_of


@given(st.lists(st.sampled_from([5, 60, -1, 1]), max_size=12), st.randoms(use_true_random=False))
def test_ledger_rows_of_one_second_are_put_back_into_a_chain(amounts, shuffler: random.Random):
    balance = 100
    rows = [{"amount": 100, "balance_after": 100, "inserted_at": "1"}]
    for amount in amounts:
        balance += amount
        rows.append({"amount": amount, "balance_after": balance, "inserted_at": "2"})
    mixed = rows.copy()
    shuffler.shuffle(mixed)
    ordered = in_order(mixed)
    assert ordered[0] == rows[0]
    assert sorted(map(str, ordered)) == sorted(map(str, rows))


@given(st.lists(st.sampled_from([5, 60, -1, 1]), max_size=14), st.randoms(use_true_random=False))
def test_rows_of_one_second_make_an_unbroken_chain_also_where_a_balance_comes_twice(
    amounts, shuffler: random.Random
):
    balance = 0
    rows = []
    for amount in amounts:
        balance += amount
        rows.append({"amount": amount, "balance_after": balance, "source": "a", "inserted_at": "1"})
    shuffler.shuffle(rows)
    assert summed(rows)["chain"] == "unbroken"


def test_a_renewal_does_not_end_the_chain_before_a_purchase_of_the_same_second():
    rows = [
        {"amount": 60, "balance_after": 60, "source": "renewal", "inserted_at": "1"},
        {"amount": -1, "balance_after": 0, "source": "fix", "inserted_at": "1"},
        {"amount": 1, "balance_after": 1, "source": "purchase", "inserted_at": "1"},
    ]
    assert [row["source"] for row in in_order(rows)] == ["purchase", "fix", "renewal"]


def test_a_purchase_and_its_fix_of_one_second_keep_their_order():
    bought = {"amount": 1, "balance_after": 1, "inserted_at": "1"}
    used = {"amount": -1, "balance_after": 0, "inserted_at": "1"}
    assert in_order([used, bought]) == [bought, used]


def test_a_broken_chain_keeps_the_order_of_time():
    rows = [
        {"amount": 5, "balance_after": 9, "inserted_at": "2"},
        {"amount": 5, "balance_after": None, "inserted_at": "1"},
    ]
    assert [row["inserted_at"] for row in in_order(rows)] == ["1", "2"]


def test_expected_rows_carry_the_running_sum():
    assert expected_rows([(+5, "trial_signup"), (-1, "fix_deployed")]) == [
        {"amount": 5, "source": "trial_signup", "balance_after": 5},
        {"amount": -1, "source": "fix_deployed", "balance_after": 4},
    ]


def test_a_paid_invoice_event_names_price_run_customer_and_mode():
    invoice = events.pro_invoice(
        "in_1", stripe_customer="cus_1", price="price_1", run_id="run-1", created=1_000
    )
    event = events.event("evt_1", "invoice.payment_succeeded", created=1_000, data=invoice)
    body = json.loads(event.body)
    assert (body["id"], body["type"], body["livemode"]) == ("evt_1", "invoice.payment_succeeded", False)
    data = body["data"]["object"]
    assert (data["customer"], data["amount_due"], data["metadata"]) == (
        "cus_1",
        59_900,
        {"validation_run": "run-1"},
    )
    (line,) = data["lines"]["data"]
    assert line["pricing"]["price_details"]["price"] == "price_1"
    assert line["id"] == "il_1"


def test_addresses_fit_into_64_characters_and_carry_the_run():
    assert address_prefix("w01_signup", "nightly-1") == "w01-nightly-1-"
    assert len(address_prefix("w01_signup", "x" * 63) + "999") <= 64


def test_event_names_are_those_of_stripe_ids():
    assert event_name("w12_idempotency", "run-1", 7, 2) == "w12_idempotency_run_1_7_2"


def test_an_answer_never_shows_its_api_key():
    answer = Answer("POST /x", None, 201, {"api_key": "short", "customer": {"id": 1}})
    assert answer.fields == {"http_status": 201, "api_key": "***", "customer": {"id": 1}}
    assert Answer("POST /x", None, 201, {"api_key": ""}).fields["api_key"] == ""
    assert "short" not in str(answer.evidence)
    assert "secret-key" not in repr(Customer(1, "a@test.example.com", "secret-key", None, answer))


def test_an_answer_that_is_no_object_is_shown_as_body():
    assert Answer("GET /x", None, 500, "oops").fields == {"http_status": 500, "body": "oops"}


@given(
    st.lists(st.tuples(st.sampled_from([5, 60, -1, 1]), st.sampled_from(["a", "b"])), max_size=12),
    st.randoms(use_true_random=False),
)
def test_a_ledger_comes_to_its_sums_whatever_the_order_of_its_rows(movements, shuffler: random.Random):
    rows = [{**row, "inserted_at": str(100 + number)} for number, row in enumerate(expected_rows(movements))]
    shuffler.shuffle(rows)
    total = sum(amount for amount, _ in movements)
    sources = {name: sum(amount for amount, source in movements if source == name) for _, name in movements}
    assert summed(rows) == {
        "rows": len(movements),
        "balance_after": total,
        "chain": "unbroken",
        **sources,
    }


def test_a_wrong_running_sum_breaks_the_chain():
    rows = [
        {"amount": 5, "balance_after": 5, "source": "a", "inserted_at": "1"},
        {"amount": 5, "balance_after": 11, "source": "a", "inserted_at": "2"},
    ]
    assert summed(rows) == {"rows": 2, "balance_after": 11, "chain": "broken", "a": 10}


def test_an_invoice_of_the_old_shape_names_the_price_in_its_line():
    invoice = events.pro_invoice(
        "in_1", stripe_customer="cus_1", price="price_1", run_id="r", created=0, paid=False, old_shape=True
    )
    (line,) = invoice["lines"]["data"]  # type: ignore[index,call-overload]
    assert "pricing" not in line
    assert line["price"]["id"] == "price_1"
    assert (invoice["amount_paid"], invoice["amount_remaining"], invoice["status"]) == (0, 59_900, "open")


def test_a_subscription_says_its_run_its_period_and_its_state():
    made = events.pro_subscription(
        "sub_1", stripe_customer="cus_1", price="price_1", run_id="r", began=10, status="canceled"
    )
    (item,) = made["items"]["data"]  # type: ignore[index,call-overload]
    assert (item["current_period_start"], item["current_period_end"]) == (10, 10 + 30 * 86_400)
    assert (made["status"], made["metadata"]) == ("canceled", {"validation_run": "r"})


def test_a_signature_is_the_one_that_stripes_library_makes():
    import stripe

    header = stripe.WebhookSignature.generate_signature_header("{}", "whsec_x", 1_700_000_000)
    timestamp = timestamp_of(header)
    assert header == f"t={timestamp},v1={signature('{}', timestamp, 'whsec_x')}"


def test_a_period_is_told_as_stripe_and_as_the_platforms_row_tell_it():
    period = Period(1_790_000_000, 1_790_086_400)
    assert period.items == {
        "data": [{"current_period_start": 1_790_000_000, "current_period_end": 1_790_086_400}]
    }
    assert period.columns == {
        "current_period_start": "2026-09-21T14:13:20",
        "current_period_end": "2026-09-22T14:13:20",
    }
    assert period.next(until=1_790_100_000) == Period(1_790_086_400, 1_790_100_000)


def test_a_clocks_name_says_run_and_purpose():
    name = clock_name("w07_renewal", "nightly-1")
    assert name == "staging-validation nightly-1 w07_renewal"
    assert clock_run(name) == "nightly-1"
    assert clock_run("somebody's clock") is None
