"""The steps of the reset: what they hand on, and when the last look at the seeded customers may be made."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict
from types import SimpleNamespace

import pytest

from staging_validation.airflow.hooks import staging_postgres, stripe
from staging_validation.airflow.operators.reset import (
    OBJECTS_TASK,
    RESET_TASK,
    MakeStripeObjectsOperator,
    VerifySeededOperator,
)
from staging_validation.clients import fixture_objects, fixture_settling, reset
from staging_validation.errors import CheckFailedError
from staging_validation.fixtures import SeededObjects
from staging_validation.results import CheckResult, Kind, Outcome

MADE = {
    "pro_active": SeededObjects("cus_1", "pm_1", "sub_1", "clock_1", 1, 2),
    "payg_active": SeededObjects("cus_2"),
}
RUN = SimpleNamespace(name="nightly-1")


def passed(check: str) -> CheckResult:
    return CheckResult(id=check, kind=Kind.RESET, subject="x", outcome=Outcome.PASSED)


def context(*, plan_only: bool = False, **xcoms):
    pulled = {OBJECTS_TASK: xcoms.get("objects"), RESET_TASK: xcoms.get("summary")}
    return {
        "params": {"plan_only": plan_only},
        "ti": SimpleNamespace(xcom_pull=lambda *, task_ids: pulled[task_ids]),
    }


@pytest.fixture(autouse=True)
def database(monkeypatch):
    """Hands out a connection that can only look."""

    @contextmanager
    def look(_hook):
        yield "a connection that looks"

    monkeypatch.setattr(staging_postgres.StagingPostgresHook, "look", look)


@pytest.fixture
def verified(monkeypatch):
    asked = []

    def verify_states(connection, states, **options):
        asked.append((connection, len(states), options))
        return [passed("reset.after_billing.pro_active")]

    monkeypatch.setattr(reset, "verify_states", verify_states)
    return asked


def as_xcom(made):
    return json.loads(json.dumps({key: asdict(objects) for key, objects in made.items()}))


def test_the_seeded_customers_are_compared_with_their_objects_and_nobody_else_is_looked_for(verified):
    task = VerifySeededOperator(task_id="verify_seeded")
    step = task.check(context(objects=as_xcom(MADE), summary={"content_hash": "abc"}), RUN)
    assert [result.id for result in step.results] == ["reset.after_billing.pro_active"]
    ((connection, states, options),) = verified
    assert (connection, states) == ("a connection that looks", 10)
    assert options == {"stage": "after_billing", "stripe": MADE, "others": False}
    assert task.destructive is False


@pytest.mark.parametrize("summary", [None, {}, {"created": 10, "customers": 3}])
def test_without_a_reset_in_the_same_run_it_is_skipped_with_the_reason(verified, summary):
    task = VerifySeededOperator(task_id="verify_seeded", stage="after_load")
    (result,) = task.check(context(objects=as_xcom(MADE), summary=summary), RUN).results
    assert (result.id, result.outcome) == ("reset.after_load.states", Outcome.SKIPPED)
    assert "no reset was made in this run" in result.evidence["reason"]
    assert verified == []


def test_a_plan_seeds_nothing_to_look_at(verified):
    task = VerifySeededOperator(task_id="verify_seeded")
    (result,) = task.check(context(plan_only=True, summary={"content_hash": "abc"}), RUN).results
    assert result.outcome is Outcome.SKIPPED
    assert "only the plan" in result.evidence["reason"]
    assert verified == []


def test_a_reset_without_its_objects_is_a_failure(verified):
    with pytest.raises(CheckFailedError, match="left no Stripe objects behind"):
        VerifySeededOperator(task_id="verify_seeded").check(context(summary={"content_hash": "abc"}), RUN)


def test_objects_are_made_checked_and_settled_and_handed_on_as_json(monkeypatch):
    order = []
    monkeypatch.setattr(stripe, "stripe_api", lambda: "stripe")
    for module, name, answer in (
        (fixture_objects, "seed_objects", MADE),
        (fixture_objects, "read_objects", {"pro_active": "found"}),
        (fixture_objects, "check_objects", [passed("reset.stripe.objects")]),
        (fixture_settling, "settle_objects", [passed("reset.stripe.settled")]),
    ):

        def call(*given, _name=name, _answer=answer, **options):
            order.append((_name, options.get("found")))
            return _answer

        monkeypatch.setattr(module, name, call)
    step = MakeStripeObjectsOperator(task_id="make_stripe_objects").check(context(), RUN)
    assert order == [
        ("seed_objects", None),
        ("read_objects", None),
        ("check_objects", {"pro_active": "found"}),
        ("settle_objects", {"pro_active": "found"}),
    ]
    assert [result.id for result in step.results] == ["reset.stripe.objects", "reset.stripe.settled"]
    assert {key: SeededObjects(**json.loads(json.dumps(made))) for key, made in step.value.items()} == MADE


def test_a_plan_says_what_would_be_made():
    step = MakeStripeObjectsOperator(task_id="make_stripe_objects").check(context(plan_only=True), RUN)
    (result,) = step.results
    assert result.actual == (
        "10 Stripe customers would be made, 5 of them with a subscription on a test clock"
    )
    assert step.value == {}
