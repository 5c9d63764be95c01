"""Puts the staging data back: Stripe objects, the transaction, the look afterwards, the sweep."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from staging_validation.airflow.operators.base import Step, ValidationOperator
from staging_validation.errors import CheckFailedError
from staging_validation.results import CheckResult, Kind, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context

    from staging_validation.airflow.run import ValidationRun
    from staging_validation.fixtures import SeededObjects

OBJECTS_TASK = "reset.make_stripe_objects"
"""The task whose XCom holds the ids of the Stripe objects, by state."""


class MakeStripeObjectsOperator(ValidationOperator):
    """Makes the customers and cards that the states need in Stripe test mode, before the reset's transaction.

    Its XCom is ``{state: {customer_id, payment_method_id}}``. With the param ``plan_only`` nothing is made.
    """

    kind: ClassVar[Kind] = Kind.RESET
    destructive: ClassVar[bool] = True

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Make the objects and read them again."""
        from dataclasses import asdict

        from staging_validation.airflow.hooks.stripe import stripe_api
        from staging_validation.clients.fixture_objects import check_objects, seed_objects
        from staging_validation.clients.reset_files import read_customer_states

        states = read_customer_states()
        if _plan_only(context):
            return Step(
                [_planned("reset.stripe.objects", f"{len(states)} Stripe customers would be made")], {}
            )
        stripe = stripe_api()
        seeded = seed_objects(stripe, states, run_id=run.name)
        results = check_objects(stripe, states, seeded, run_id=run.name)
        return Step(results, {key: asdict(objects) for key, objects in seeded.items()})


class ResetStagingOperator(ValidationOperator):
    """Deletes the test customers and seeds the known ones: one transaction, all or nothing.

    The guard checks again inside that transaction, on that connection. The param ``max_customers`` is the number of
    customers above which a reset refuses to delete anything; with ``plan_only`` the plan is read and nothing is
    changed.
    """

    kind: ClassVar[Kind] = Kind.RESET
    destructive: ClassVar[bool] = True

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Reset; the XCom is ``{deleted, created, fixture_types, content_hash}``, or the plan."""
        from staging_validation.airflow.hooks.record import guard_record
        from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
        from staging_validation.clients.environment import confirm_target
        from staging_validation.clients.reset import plan_staging, reset_staging
        from staging_validation.clients.reset_files import read_customer_states

        states = read_customer_states()
        confirm = partial(confirm_target, seen=guard_record())
        max_customers = context["params"]["max_customers"]
        with StagingPostgresHook().session() as connection:
            if _plan_only(context):
                plan = plan_staging(connection, states, confirm=confirm, max_customers=max_customers)
                return Step(plan.results, plan.as_json())
            summary = reset_staging(
                connection,
                states,
                confirm=confirm,
                now=datetime.now(timezone.utc),
                max_customers=max_customers,
                stripe=_made_objects(context),
            )
        return Step(summary.results, summary.as_json())


class VerifyResetOperator(ValidationOperator):
    """Reads the known customers again after the commit and compares them field by field."""

    kind: ClassVar[Kind] = Kind.RESET

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Compare the database with the customer states."""
        from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
        from staging_validation.clients.reset import verify_states
        from staging_validation.clients.reset_files import read_customer_states

        if _plan_only(context):
            return Step([_skipped("reset.after_commit.states")])
        states = read_customer_states()
        with StagingPostgresHook().session() as connection:
            return Step(
                verify_states(connection, states, stage="after_commit", stripe=_made_objects(context))
            )


class SweepStripeObjectsOperator(ValidationOperator):
    """Removes the Stripe objects that former and killed resets left, by their metadata."""

    kind: ClassVar[Kind] = Kind.RESET
    destructive: ClassVar[bool] = True

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Sweep; the XCom is the list of deleted customers."""
        from staging_validation.airflow.hooks.stripe import stripe_api
        from staging_validation.clients.fixture_objects import sweep_objects

        swept = sweep_objects(stripe_api(), keep_run=run.name)
        return Step(swept.results, list(swept.deleted))


def _plan_only(context: Context) -> bool:
    return bool(context["params"].get("plan_only", False))


def _made_objects(context: Context) -> Mapping[str, SeededObjects]:
    from staging_validation.fixtures import SeededObjects

    made = context["ti"].xcom_pull(task_ids=OBJECTS_TASK)
    if made is None:
        raise CheckFailedError(
            f"{OBJECTS_TASK} left no Stripe objects behind.", remedy="run the whole reset again"
        )
    return {key: SeededObjects(**objects) for key, objects in made.items()}


def _planned(check: str, what: str) -> CheckResult:
    return CheckResult(
        id=check,
        kind=Kind.RESET,
        subject="plan",
        outcome=Outcome.PASSED,
        actual=what,
        evidence={"plan_only": True},
    )


def _skipped(check: str) -> CheckResult:
    reason = "only the plan was asked for: nothing was changed"
    return CheckResult(
        id=check, kind=Kind.RESET, subject="plan", outcome=Outcome.SKIPPED, evidence={"reason": reason}
    )
