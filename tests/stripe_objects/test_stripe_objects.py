"""Which Stripe objects the states need, whose they are, and when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from staging_validation.clients.source_files import read_source_files
from staging_validation.fixtures import SeededObjects, parse_states
from staging_validation.project import include_dir
from staging_validation.results import Outcome, Severity
from staging_validation.stripe_objects import is_leftover, objects_result, plan_objects, sweep_result

RUN = "reset-0123456789ab"


@pytest.fixture(scope="module")
def planned():
    files = read_source_files(
        include_dir("fixtures", "customers"), ".yaml", relative_to=Path(include_dir()).parent
    )
    return plan_objects(parse_states(files), RUN)


@pytest.fixture
def seeded(planned):
    return {plan.key: SeededObjects(f"cus_{plan.key}", _card(plan)) for plan in planned}


@pytest.fixture
def found(planned):
    return {plan.key: _customer(plan) for plan in planned}


def _card(plan):
    return f"pm_{plan.key}" if plan.payment_method else None


def _customer(plan):
    return {
        "id": f"cus_{plan.key}",
        "object": "customer",
        "name": plan.name,
        "email": plan.email,
        "livemode": False,
        "metadata": dict(plan.metadata),
        "invoice_settings": {"default_payment_method": _card(plan)},
    }


def test_every_state_has_a_customer_and_its_card(planned):
    assert {plan.key: plan.payment_method for plan in planned} == {
        "trial_credits": None,
        "billing_added": "pm_card_visa",
        "trial_expired": None,
        "payg_active": "pm_card_visa",
        "pro_active": "pm_card_visa",
        "pro_partial_usage": "pm_card_visa",
        "pro_past_due": "pm_card_chargeCustomerFail",
        "pro_cancelled": "pm_card_visa",
        "pro_cancel_scheduled": "pm_card_visa",
        "pro_rollover": "pm_card_visa",
    }


def test_names_come_from_run_and_state(planned):
    plan = next(plan for plan in planned if plan.key == "pro_active")
    assert plan.metadata == {
        "staging_validation": "fixture",
        "validation_run": RUN,
        "fixture": "pro_active",
    }
    assert plan.idempotency_key == f"fixture-{RUN}-pro_active"
    assert plan.email == "pro@test.example.com"
    assert len({plan.idempotency_key for plan in planned}) == 10


@pytest.mark.parametrize(
    ("metadata", "leftover"),
    [
        ({"staging_validation": "fixture", "validation_run": "another"}, True),
        ({"staging_validation": "fixture"}, True),
        ({"staging_validation": "fixture", "validation_run": RUN}, False),
        ({"staging_validation": "workflow", "validation_run": "another"}, False),
        ({"validation_run": "another"}, False),
        ({}, False),
        (None, False),
        ("fixture", False),
    ],
)
def test_only_fixtures_of_other_runs_are_leftovers(metadata, leftover):
    assert is_leftover({"id": "cus_1", "metadata": metadata}, keep_run=RUN) is leftover
    assert is_leftover({"id": "cus_1"}, keep_run=RUN) is False


def test_what_the_states_need_is_there(planned, seeded, found):
    result = objects_result(planned, seeded, found)
    assert result.outcome is Outcome.PASSED
    assert result.actual == {"customers": 10, "cards": 8}
    assert result.evidence["customers"]["payg_active"] == "cus_payg_active"


@pytest.mark.parametrize(
    ("change", "expected", "actual"),
    [
        ({"invoice_settings": {"default_payment_method": None}}, {"card": "pm_pro_active"}, {"card": None}),
        ({"invoice_settings": None}, {"card": "pm_pro_active"}, {"card": None}),
        ({"email": "x@test.example.com"}, {"email": "pro@test.example.com"}, {"email": "x@test.example.com"}),
        ({"name": "Somebody"}, {"name": "Pro Active"}, {"name": "Somebody"}),
        ({"id": "cus_9"}, {"customer": "cus_pro_active"}, {"customer": "cus_9"}),
    ],
)
def test_a_customer_that_differs_is_named_with_its_fields(planned, seeded, found, change, expected, actual):
    found["pro_active"] = {**found["pro_active"], **change}
    result = objects_result(planned, seeded, found)
    assert result.outcome is Outcome.FAILED
    assert (result.expected, result.actual) == ({"pro_active": expected}, {"pro_active": actual})
    assert result.remedy


@pytest.mark.parametrize("gone", [None, {"id": "cus_pro_active", "object": "customer", "deleted": True}])
def test_a_customer_that_is_gone_fails(planned, seeded, found, gone):
    found["pro_active"] = gone
    result = objects_result(planned, seeded, found)
    assert result.outcome is Outcome.FAILED
    assert result.actual["pro_active"]["email"] == "absent"


def test_metadata_of_another_run_fails(planned, seeded, found):
    found["payg_active"]["metadata"]["validation_run"] = "another"
    result = objects_result(planned, seeded, found)
    assert result.outcome is Outcome.FAILED
    assert result.actual["payg_active"]["metadata"]["validation_run"] == "another"


def test_a_state_without_objects_and_a_card_too_many_fail(planned, seeded, found):
    del seeded["pro_active"], found["pro_active"]
    found["trial_credits"]["invoice_settings"] = {"default_payment_method": "pm_1"}
    result = objects_result(planned, seeded, found)
    assert result.outcome is Outcome.FAILED
    assert set(result.actual) == {"pro_active", "trial_credits"}
    assert result.actual["trial_credits"] == {"card": "pm_1"}


def test_a_card_that_the_state_needs_and_nobody_made_fails(planned, seeded, found):
    seeded["pro_active"] = SeededObjects("cus_pro_active", None)
    found["pro_active"]["invoice_settings"] = {"default_payment_method": None}
    result = objects_result(planned, seeded, found)
    assert result.outcome is Outcome.FAILED
    assert result.expected["pro_active"] == {"card": "a card"}


def test_a_clean_sweep_passes_and_a_leftover_is_a_warning():
    clean = sweep_result(["cus_1"], {}, keep_run=RUN)
    assert (clean.outcome, clean.remedy) == (Outcome.PASSED, None)
    assert clean.evidence["deleted"] == ["cus_1"]
    left = sweep_result([], {"cus_2": "answered 500"}, keep_run=RUN)
    assert (left.outcome, left.severity) == (Outcome.FAILED, Severity.WARNING)
    assert left.counts_as is Outcome.PASSED
    assert left.actual == ["cus_2"]
    assert left.evidence["left"] == {"cus_2": "answered 500"}
