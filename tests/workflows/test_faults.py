"""Each workflow fails when the service breaks what it watches, and its message names the behaviour."""

from __future__ import annotations

import pytest

from staging_validation.results import Outcome
from tests.workflows.faults import FAULTS
from tests.workflows.shared import NAMES, told

CASES = [
    ("no credit for a fix", "w02_first_fix", "deploy.answer", "credit_balance is 5, expected 4"),
    (
        "the same fix billed twice",
        "w02_first_fix",
        "report_again.customer",
        "credit_balance is 3, expected 4",
    ),
    ("a free fix", "w03_blocked", "one_more.answer", "http_status is 200, expected 402"),
    ("consent ignored", "w04_payment_method", "without_consent.answer", "http_status is 200, expected 422"),
    ("a bonus for each card", "w04_payment_method", "again.customer", "credit_balance is 15, expected 10"),
    (
        "a race for the bonus",
        "w04_payment_method",
        "twice_at_once.customer",
        "credit_balance is 15, expected 10",
    ),
    ("pay-as-you-go price", "w05_pay_as_you_go", "one_more.stripe_charges", "amount=2800"),
    ("dollars for cents", "w05_pay_as_you_go", "one_more.stripe_charges", "amount=290000"),
    ("charged again", "w05_pay_as_you_go", "report_again.stripe_charges", "amount=2900"),
    (
        "charge without metadata",
        "w05_pay_as_you_go",
        "one_more.stripe_charges",
        "a field with the value fix_w05",
    ),
    ("cards refused", "w05_pay_as_you_go", "spend.error", "answered 422"),
    (
        "creation lost",
        "w08_pro_overage",
        "spend.error",
        "no customer.subscription.created is in billing_events",
    ),
    ("no Pro credits", "w08_pro_overage", "spend.error", "the first invoice brought no credits"),
    ("Pro overage price", "w08_pro_overage", "one_more.stripe_charges", "amount=2900"),
    ("no credit for a fix", "w08_pro_overage", "spend.error", "deployed 70 fixes with 70 credits"),
    (
        "credits lost with the subscription",
        "w09_cancel_now",
        "deleted.customer",
        "credit_balance is 0, expected 70",
    ),
    (
        "state not cleared",
        "w09_cancel_now",
        "deleted.customer",
        "subscription_state is canceled, expected null",
    ),
    ("Pro price after the end", "w09_cancel_now", "next_fix.stripe_charges", "amount=1500"),
    (
        "cancelled at once",
        "w10_cancel_at_period_end",
        "cancel.customer",
        "subscription_type is pay_as_you_go, expected pro",
    ),
    (
        "flag lost with the next event",
        "w10_cancel_at_period_end",
        "told_by_stripe.customer",
        "subscription_cancel_at_period_end is false, expected true",
    ),
    ("Pro overage price", "w10_cancel_at_period_end", "overage.stripe_charges", "amount=2900"),
    ("source lost", "w13_marketplace", "onboard.customer", "a field with the value gh_marketplace"),
    ("signatures not checked", "w14_signature", "missing.answer", "http_status is 200, expected 401"),
    ("old signatures accepted", "w14_signature", "stale.answer", "http_status is 200, expected 400"),
    ("refusals not counted", "w14_signature", "counted.counter", "missing_signature"),
    ("strangers dropped", "w15_strangers", "unknown_customer.event", "none (expected"),
    ("unknown type credited", "w15_strangers", "unknown_type.customer", "credit_balance is 65, expected 5"),
    (
        "duplicate attempts accepted",
        "w16_fix_attempt",
        "duplicate.answer",
        "http_status is 201, expected 409",
    ),
    ("keys not asked for", "w16_fix_attempt", "without_a_key.answer", "http_status is 201, expected 401"),
    (
        "order of arrival",
        "w18_disorder",
        "deleted_before_updated.customer",
        "subscription_state is active, expected null",
    ),
    (
        "credit lost after the end",
        "w18_disorder",
        "late_paid_invoice.ledger",
        "amount=60, source=pro_subscription_payment",
    ),
    ("duplicates counted", "w19_webhook_chaos", "duplicates.ledger", "balance_after=125"),
    (
        "only the first signature",
        "w19_webhook_chaos",
        "two_secrets.answer",
        "http_status is 401, expected 200",
    ),
    ("any invoice credited", "w19_webhook_chaos", "old_shape.ledger", "balance_after=245"),
    ("webhooks lost after 200", "w19_webhook_chaos", "burst.recorded_once", "missing"),
]
ELSEWHERE = {"w01_signup", "w06_pro", "w12_idempotency", "w17_ten_states"}
"""Workflows whose faults are in other tests of this folder."""


@pytest.mark.parametrize(("fault", "name", "id_", "message"), CASES)
def test_a_fault_is_found_and_named(run, monkeypatch, fault, name, id_, message):
    FAULTS[fault](monkeypatch)
    found = told(run(name))
    assert message in found.get(f"workflow.{name}.{id_}", f"passed; failed were {found}")


CHANGED = {
    "pro_past_due.customer": (
        "UPDATE customers SET subscription_state = 'active' WHERE email = 'pro-pastdue@test.example.com'",
        "pro-pastdue@test.example.com",
    ),
    "pro_active.summary": (
        "UPDATE customers SET credit_balance = 61 WHERE email = 'pro@test.example.com'",
        "credit_balance is 61, expected 60",
    ),
    "pro_rollover.balance": (
        """DELETE FROM credit_transactions USING customers WHERE customers.id = customer_id
           AND email = 'pro-rollover@test.example.com' AND amount = 60""",
        "balance_after is 10, expected 70",
    ),
    "payg_active.stripe_customer": (
        "UPDATE customers SET stripe_customer_id = 'cus_nobody' WHERE email = 'payg@test.example.com'",
        "Stripe customer cus_nobody",
    ),
    "pro_partial_usage.api_keys": (
        """DELETE FROM api_keys USING customers WHERE customers.id = customer_id
           AND email = 'pro-partial@test.example.com'""",
        "pro-partial@test.example.com: api_keys: none",
    ),
    "pro_cancel_scheduled.subscriptions": (
        """UPDATE subscriptions SET cancel_at_period_end = false FROM customers
           WHERE customers.id = customer_id AND email = 'pro-scheduled@test.example.com'""",
        "cancel_at_period_end=false (expected",
    ),
    "trial_credits.error": (
        "DELETE FROM customers WHERE email = 'trial-new@test.example.com'",
        "trial-new@test.example.com: there is no such row in customers",
    ),
}


def test_changed_states_are_found_and_the_others_still_looked_at(run, seed_ten_customers, admin):
    seed_ten_customers()
    for statement, _ in CHANGED.values():
        admin.execute(statement)
    results = run("w17_ten_states")
    seed_ten_customers()
    found = told(results)
    for check, (_, message) in CHANGED.items():
        assert message in found.get(f"workflow.w17_ten_states.{check}", f"passed; failed were {found}")
    assert {id_.split(".")[2] for id_ in found} == {check.split(".")[0] for check in CHANGED}
    assert not any(result.outcome is Outcome.SKIPPED for result in results)


def test_without_any_test_customer_the_ten_states_are_skipped_with_the_reason(run, seed_ten_customers, admin):
    admin.execute("DELETE FROM customers WHERE email !~ '^w[0-9]'")
    results = run("w17_ten_states")
    seed_ten_customers()
    assert {result.outcome for result in results} == {Outcome.SKIPPED}
    assert "run the DAG staging_reset first" in results[0].evidence["reason"]


def test_every_workflow_has_a_fault():
    assert {name for _, name, _, _ in CASES} | ELSEWHERE == set(NAMES)
