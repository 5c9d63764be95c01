"""The workflow of the ten states finds each state that was changed, and goes on looking at the others."""

from __future__ import annotations

from staging_validation.results import Outcome
from tests.workflows.shared import told

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
    "pro_rollover.stripe_subscriptions": (
        "UPDATE customers SET stripe_subscription_id = 'sub_nobody' WHERE email = 'pro-rollover@test.example.com'",
        "id=sub_nobody",
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
