"""Which Stripe objects the states need, whose they are, and when they are wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from staging_validation.fixtures import SeededObjects
from staging_validation.results import Outcome, Severity
from staging_validation.stripe_objects import (
    FoundObjects,
    is_leftover,
    is_leftover_clock,
    objects_result,
    plan_objects,
    sweep_result,
)

RUN = "reset-0123456789ab"
PRICE = "price_pro"
START, NOW, END = 1_800_000_000, 1_800_100_000, 1_802_000_000


@pytest.fixture
def planned(all_states):
    return plan_objects(all_states, RUN)


@pytest.fixture
def seeded(planned):
    return {plan.key: _seeded(plan) for plan in planned}


@pytest.fixture
def found(planned):
    return {plan.key: _found(plan) for plan in planned}


def _seeded(plan):
    if plan.subscription is None:
        return SeededObjects(f"cus_{plan.key}", _card(plan))
    return SeededObjects(f"cus_{plan.key}", _card(plan), f"sub_{plan.key}", f"clock_{plan.key}", START, END)


def _card(plan):
    return f"pm_{plan.key}" if plan.payment_method else None


def _found(plan):
    customer = {
        "id": f"cus_{plan.key}",
        "object": "customer",
        "name": plan.name,
        "email": plan.email,
        "livemode": False,
        "metadata": dict(plan.metadata),
        "invoice_settings": {"default_payment_method": _card(plan)},
        "test_clock": None,
    }
    if plan.subscription is None:
        return FoundObjects(customer)
    clock = {"id": f"clock_{plan.key}", "status": "ready"}
    item = {"price": {"id": PRICE}, "current_period_start": START, "current_period_end": END}
    subscription = {
        "id": f"sub_{plan.key}",
        "customer": customer["id"],
        "status": plan.subscription.status,
        "cancel_at_period_end": plan.subscription.cancel_at_period_end,
        "items": {"data": [item]},
    }
    invoices = [{"status": status} for status in plan.subscription.invoices]
    return FoundObjects({**customer, "test_clock": clock["id"]}, subscription, invoices, clock)


def checked(planned, seeded, found, now=NOW):
    return objects_result(planned, seeded, found, price_id=PRICE, now=now)


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
    result = checked(planned, seeded, found)
    assert result.outcome is Outcome.PASSED
    assert result.actual == {"customers": 10, "cards": 8, "subscriptions": 5}
    assert result.evidence["subscriptions"]["pro_past_due"] == "sub_pro_past_due"
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
    found["pro_active"] = replace(found["pro_active"], customer={**found["pro_active"].customer, **change})
    result = checked(planned, seeded, found)
    assert result.outcome is Outcome.FAILED
    assert (result.expected, result.actual) == ({"pro_active": expected}, {"pro_active": actual})
    assert result.remedy


@pytest.mark.parametrize("gone", [None, {"id": "cus_pro_active", "object": "customer", "deleted": True}])
def test_a_customer_that_is_gone_fails(planned, seeded, found, gone):
    found["pro_active"] = FoundObjects(gone)
    result = checked(planned, seeded, found)
    assert result.outcome is Outcome.FAILED
    assert result.actual["pro_active"]["email"] == "absent"


def test_metadata_of_another_run_fails(planned, seeded, found):
    found["payg_active"].customer["metadata"]["validation_run"] = "another"
    result = checked(planned, seeded, found)
    assert result.outcome is Outcome.FAILED
    assert result.actual["payg_active"]["metadata"]["validation_run"] == "another"


def test_a_state_without_objects_and_a_card_too_many_fail(planned, seeded, found):
    del seeded["pro_active"], found["pro_active"]
    found["trial_credits"].customer["invoice_settings"] = {"default_payment_method": "pm_1"}
    result = checked(planned, seeded, found)
    assert result.outcome is Outcome.FAILED
    assert set(result.actual) == {"pro_active", "trial_credits"}
    assert result.actual["trial_credits"] == {"card": "pm_1"}


def test_a_card_that_the_state_needs_and_nobody_made_fails(planned, seeded, found):
    seeded["pro_active"] = replace(seeded["pro_active"], payment_method_id=None)
    found["pro_active"].customer["invoice_settings"] = {"default_payment_method": None}
    result = checked(planned, seeded, found)
    assert result.outcome is Outcome.FAILED
    assert result.expected["pro_active"] == {"card": "a card"}


@pytest.mark.parametrize(
    ("change", "field", "needed", "there"),
    [
        ({"status": "past_due"}, "subscription.status", "active", "past_due"),
        ({"cancel_at_period_end": True}, "subscription.cancel_at_period_end", False, True),
        ({"id": "sub_9"}, "subscription", "sub_pro_active", "sub_9"),
        ({"customer": "cus_9"}, "subscription.customer", "cus_pro_active", "cus_9"),
    ],
)
def test_a_subscription_that_differs_is_named_with_its_fields(
    planned, seeded, found, change, field, needed, there
):
    shown = found["pro_active"]
    found["pro_active"] = replace(shown, subscription={**shown.subscription, **change})
    result = checked(planned, seeded, found)
    assert (result.expected, result.actual) == (
        {"pro_active": {field: needed}},
        {"pro_active": {field: there}},
    )


def test_price_and_period_of_a_subscription_are_compared(planned, seeded, found):
    (item,) = found["pro_active"].subscription["items"]["data"]
    item.update(price={"id": "price_other"}, current_period_end=END + 1)
    result = checked(planned, seeded, found)
    assert result.actual["pro_active"] == {
        "subscription.prices": ["price_other"],
        "subscription.period": [START, END + 1],
    }


@pytest.mark.parametrize("now", [START - 1, END])
def test_a_period_that_does_not_hold_the_present_fails(planned, seeded, found, now):
    result = checked(planned, seeded, found, now)
    assert len(result.actual) == 5
    assert result.actual["pro_rollover"] == {"subscription.period_holds_now": False}


@pytest.mark.parametrize("items", [None, {}, {"data": []}, {"data": [{"price": None}]}])
def test_a_subscription_without_items_fails(planned, seeded, found, items):
    found["pro_active"].subscription["items"] = items
    result = checked(planned, seeded, found)
    assert result.actual["pro_active"]["subscription.period"] is None


def test_a_subscription_that_is_gone_invoices_and_clocks_that_differ_fail(planned, seeded, found):
    found["pro_active"] = replace(found["pro_active"], subscription=None)
    found["pro_past_due"] = replace(found["pro_past_due"], invoices=[{"status": "paid"}, {"status": "paid"}])
    found["pro_rollover"] = replace(found["pro_rollover"], clock=None)
    result = checked(planned, seeded, found)
    assert result.actual["pro_active"]["subscription"] == "absent"
    assert result.expected["pro_past_due"] == {"invoices": ["open", "paid"]}
    assert result.actual["pro_past_due"] == {"invoices": ["paid", "paid"]}
    assert result.actual["pro_rollover"] == {"test_clock": {"id": "clock_pro_rollover", "status": None}}


@pytest.mark.parametrize(
    ("name", "created", "leftover"),
    [
        ("staging-validation former fixture-pro_active", 99, True),
        ("staging-validation former fixture-pro_active", 100, False),
        (f"staging-validation {RUN} fixture-pro_active", 99, False),
        ("staging-validation former w07_renewal", 99, False),
        ("staging-validation former", 99, False),
        ("staging-validation  fixture-pro_active", 99, False),
        ("former fixture-pro_active", 99, False),
        (None, 99, False),
        ("staging-validation former fixture-pro_active", None, False),
    ],
)
def test_only_old_clocks_of_fixtures_of_other_runs_are_leftovers(name, created, leftover):
    clock = {"id": "clock_1", "name": name, "created": created}
    assert is_leftover_clock(clock, keep_run=RUN, made_before=100) is leftover


def test_a_clean_sweep_passes_and_a_leftover_is_a_warning():
    clean = sweep_result(["cus_1"], {}, keep_run=RUN)
    assert (clean.outcome, clean.remedy) == (Outcome.PASSED, None)
    assert clean.evidence["deleted"] == ["cus_1"]
    left = sweep_result([], {"cus_2": "answered 500"}, keep_run=RUN)
    assert (left.outcome, left.severity) == (Outcome.FAILED, Severity.WARNING)
    assert left.counts_as is Outcome.PASSED
    assert left.actual == ["cus_2"]
    assert left.evidence["left"] == {"cus_2": "answered 500"}
