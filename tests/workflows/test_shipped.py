"""The shipped workflows pass on a platform that keeps its contract, and fail on each fault."""

from __future__ import annotations

import pytest

from staging_validation.clients.workflow_files import workflow_paths
from staging_validation.reporting.wording import found
from staging_validation.results import Outcome
from staging_validation.workflows import run_workflow
from tests.workflows.shared import WORKFLOWS

NAMES = ("w01_signup", "w06_pro", "w12_idempotency")


def _failed(results):
    return {result.id: result for result in results if result.outcome is Outcome.FAILED}


@pytest.mark.parametrize("name", NAMES)
def test_passes_on_a_platform_that_keeps_its_contract(fake_staging, shipped, name):
    results = run_workflow(shipped(name), fake_staging())
    assert {result.id: found(result) for result in results if result.outcome is not Outcome.PASSED} == {}
    assert len({result.id for result in results}) == len(results) > 8
    assert all(result.where for result in results[:-1])


@pytest.mark.parametrize(
    ("name", "fault", "id_", "message"),
    [
        ("w01_signup", "four_credits", "onboard.customer", "credit_balance is 4, expected 5"),
        ("w01_signup", "four_credits", "onboard.summary", "credit_balance is 4, expected 5"),
        ("w01_signup", "wrong_running_sum", "onboard.ledger", "balance_after=4 (expected"),
        (
            "w01_signup",
            "no_stripe_customer",
            "onboard.customer",
            "stripe_customer_id is null, expected (set)",
        ),
        ("w01_signup", "any_key", "api_key.answer_2", "http_status is 200, expected 401"),
        ("w06_pro", "pro_without_card", "without_a_card.answer", "http_status is 200, expected 422"),
        ("w06_pro", "pro_without_card", "without_a_card.subscriptions", "plan=pro"),
        (
            "w06_pro",
            "double_bonus",
            "add_a_card.ledger",
            "amount=5, source=trial_billing_added, balance_after=15",
        ),
        ("w06_pro", "no_credit", "invoice_paid.customer", "credit_balance is 10, expected 70"),
        (
            "w06_pro",
            "wrong_amount",
            "invoice_paid.events",
            "amount_cents=59000 (expected amount_cents=59900)",
        ),
        ("w12_idempotency", "no_idempotency", "second_delivery.ledger", "balance_after=125"),
        (
            "w12_idempotency",
            "no_idempotency",
            "second_delivery.customer",
            "credit_balance is 125, expected 65",
        ),
        ("w12_idempotency", "no_idempotency", "second_delivery.event", "amount_cents=59900; "),
        (
            "w12_idempotency",
            "no_credit",
            "first_delivery.ledger",
            "amount=60, source=pro_subscription_payment",
        ),
        ("w12_idempotency", "webhook_500", "first_delivery.answer", "http_status is 500, expected 200"),
        ("w12_idempotency", "queue_stalls", "second_delivery.error", "in vain"),
    ],
)
def test_fails_on_each_fault_and_says_what_is_wrong(fake_staging, shipped, name, fault, id_, message):
    failed = _failed(run_workflow(shipped(name), fake_staging(fault)))
    result = failed[f"workflow.{name}.{id_}"]
    assert message in found(result, limit=400)
    if id_.rpartition(".")[2] in ("customer", "ledger", "summary", "subscriptions", "events"):
        assert "w00-run-1-1@test.example.com" in result.subject
    if "error" not in id_:
        assert result.remedy
        assert result.evidence


def test_every_shipped_file_is_a_workflow(shipped):
    paths = workflow_paths(WORKFLOWS)
    assert len(paths) >= 20
    for path in paths:
        workflow = shipped(path.stem)
        assert workflow.title
        assert all(step.title for step in workflow.steps)


def test_no_secret_is_in_the_results(fake_staging, shipped):
    for result in run_workflow(shipped("w01_signup"), fake_staging()):
        assert "kkkk" not in result.model_dump_json()
