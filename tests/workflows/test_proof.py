"""Evidence: short, complete in ids, and with links that lead somewhere."""

from __future__ import annotations

import pytest

from staging_validation.workflows import SET, Scenario, Workflow, run_workflow, step
from staging_validation.workflows.proof import dashboard_link, recorded, seen_row, seen_rows

INVOICE = {
    "id": "in_1",
    "object": "invoice",
    "customer": "cus_1",
    "livemode": False,
    "status": "paid",
    "amount_paid": 59_900,
    "account_name": "Somebody",
    "lines": {"data": [{"id": "il_1", "price": "price_1", "amount": 59_900}], "has_more": False},
}


@pytest.mark.parametrize(
    ("kind", "identifier", "page"),
    [
        ("customer", "cus_1", "customers/cus_1"),
        ("subscription", "sub_1", "subscriptions/sub_1"),
        ("invoice", "in_1", "invoices/in_1"),
        ("charge", "ch_1", "payments/ch_1"),
        ("payment_intent", "pi_1", "payments/pi_1"),
        ("test_helpers.test_clock", "clock_1", "test-clocks/clock_1"),
    ],
)
def test_objects_are_found_in_the_dashboard_of_test_mode(kind, identifier, page):
    assert dashboard_link(kind, identifier) == f"https://dashboard.stripe.com/test/{page}"


def test_kinds_without_a_page_have_no_link():
    assert dashboard_link("refund", "re_1") is None
    assert "dashboard" not in seen_row({"id": "re_1", "object": "refund"}, links=True)


def test_of_a_stripe_object_is_kept_what_identifies_it_and_what_was_asked():
    asked = {"amount_paid": 59_900, "lines": {"data": [{"price": SET}]}, "missing": 1}
    assert seen_row(INVOICE, asked, links=True) == {
        "id": "in_1",
        "object": "invoice",
        "customer": "cus_1",
        "livemode": False,
        "status": "paid",
        "amount_paid": 59_900,
        "lines": {"data": [{"price": "price_1"}]},
        "dashboard": "https://dashboard.stripe.com/test/invoices/in_1",
    }


def test_a_database_row_is_kept_whole_and_none_is_none():
    assert seen_row({"id": 7, "email": "a"}, {"id": 7}, links=True) == {"id": 7, "email": "a"}
    assert seen_row(None) is None


def test_of_many_rows_the_first_five_are_shown_and_of_the_others_their_ids():
    rows = [{"id": number} for number in range(8)]
    assert seen_rows(rows[:5], []) == {"seen": rows[:5]}
    assert seen_rows(rows, []) == {"seen": rows[:5], "further_ids": [5, 6, 7]}


def test_missing_and_doubled_events_are_named_the_first_five_of_each():
    ids = [f"evt_{number}" for number in range(9)]
    assert recorded(ids, {"evt_0": 1, "evt_1": 2}) == {
        "recorded": 2,
        "missing": ["evt_2", "evt_3", "evt_4", "evt_5", "evt_6"],
        "more_than_once": ["evt_1"],
    }


class AtStripe(Scenario):
    """It looks at Stripe's objects."""

    @step
    def look(self) -> None:
        """It looks."""
        customer = self.staging.sign_up(on_clock=True)
        self.expect.stripe_customer(customer, email=customer.email)
        self.expect.stripe_subscriptions(customer)


@pytest.mark.parametrize("itself", [True, False])
def test_links_are_given_when_stripe_itself_was_asked(fake_staging, itself):
    staging = fake_staging()
    staging.stripe.has_dashboard = itself
    customer, subscriptions, *_ = run_workflow(Workflow("w90_stripe", "Stripe", AtStripe), staging)
    page = "https://dashboard.stripe.com/test"
    assert customer.evidence["seen"]["id"] == "cus_1"
    assert customer.evidence["seen"].get("dashboard") == (f"{page}/customers/cus_1" if itself else None)
    clock = {"id": "clock_1"} | ({"dashboard": f"{page}/test-clocks/clock_1"} if itself else {})
    assert subscriptions.evidence["test_clock"] == customer.evidence["test_clock"] == clock
