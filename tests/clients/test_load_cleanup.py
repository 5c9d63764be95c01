"""What the load made in Stripe's stand-in is deleted by id, also what is left is named, and the time is bounded."""

from __future__ import annotations

from staging_validation.clients.load_cleanup import remove_stripe_customers
from staging_validation.errors import ServiceAnswerError
from staging_validation.results import Outcome
from tests.clients.load_platform import Stripe


def stripe(count=30):
    made = Stripe()
    made.listed = {f"cus_{number}": f"load-load-r1-{number}@test.example.com" for number in range(count)}
    made.listed |= {
        "cus_other_run": "load-load-r2-1@test.example.com",
        "cus_workflow": "w01-load-r1-1@test.example.com",
        "cus_nobody": "",
    }
    return made


def test_all_of_the_run_and_nothing_else_is_deleted():
    account = stripe()
    result = remove_stripe_customers(account, run_id="load-r1", created_since=0)
    assert (result.outcome, result.actual) == (Outcome.PASSED, "30 deleted")
    assert sorted(account.deleted) == sorted(f"cus_{number}" for number in range(30))


def test_one_that_cannot_be_deleted_is_named_and_the_others_go():
    account = stripe()
    account.refusing["cus_7"] = ServiceAnswerError("Stripe", "answered 500: boom", status=500)
    result = remove_stripe_customers(account, run_id="load-r1", created_since=0)
    assert result.outcome is Outcome.ERRORED
    assert result.actual == "1 of 30 are left: cus_7: Stripe: answered 500: boom"
    assert len(account.deleted) == 29


def test_the_time_is_bounded():
    result = remove_stripe_customers(stripe(), run_id="load-r1", created_since=0, longest_seconds=-1)
    assert result.outcome is Outcome.ERRORED
    assert result.actual.startswith("30 of 30 are left: ")
    assert len(result.evidence["left"]) == 10


def test_nothing_to_delete_is_fine():
    assert remove_stripe_customers(Stripe(), run_id="load-r1", created_since=0).actual == "0 deleted"
