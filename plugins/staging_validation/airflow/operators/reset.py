"""Puts the staging data back: Stripe objects, the transaction, the looks afterwards, the sweep."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from staging_validation.airflow.operators.base import Step, ValidationOperator
from staging_validation.errors import CheckFailedError
from staging_validation.results import CheckResult, Kind, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from staging_validation.airflow.run import ValidationRun
    from staging_validation.fixtures import CustomerState, SeededObjects

OBJECTS_TASK = "reset.make_stripe_objects"
"""The task whose XCom holds the ids of the Stripe objects, by state."""

RESET_TASK = "reset.reset_staging"
"""The task whose XCom tells of the reset; that of a mere plan has no ``content_hash``."""


class MakeStripeObjectsOperator(ValidationOperator):
    """Makes what the states need in Stripe test mode, before the reset's transaction, and sees that it has settled.

    Customers, cards, and subscriptions on test clocks. The platform does not know these customers yet, so their events
    change nothing; the step ends when it has recorded them. Its XCom is ``{state: {customer_id, payment_method_id,
    subscription_id, test_clock_id, current_period_start, current_period_end}}``. With the param ``plan_only`` nothing
    is made.
    """

    kind: ClassVar[Kind] = Kind.RESET
    destructive: ClassVar[bool] = True

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Make the objects, read them again, and wait for their events."""
        from dataclasses import asdict

        from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
        from staging_validation.airflow.hooks.stripe import stripe_api
        from staging_validation.clients.fixture_objects import check_objects, read_objects, seed_objects
        from staging_validation.clients.fixture_settling import settle_objects
        from staging_validation.clients.reset_files import read_customer_states

        states = read_customer_states()
        if _plan_only(context):
            return Step([_planned("reset.stripe.objects", _would_be_made(states))], {})
        stripe = stripe_api()
        seeded = seed_objects(stripe, states, run_id=run.name)
        found = read_objects(stripe, seeded)
        results = check_objects(stripe, states, seeded, run_id=run.name, found=found)
        with StagingPostgresHook().look() as connection:
            results += settle_objects(stripe, connection, seeded, found=found)
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
            return Step([_skipped("reset.after_commit.states", _ONLY_THE_PLAN)])
        states = read_customer_states()
        with StagingPostgresHook().session() as connection:
            return Step(
                verify_states(connection, states, stage="after_commit", stripe=_made_objects(context))
            )


class VerifySeededOperator(ValidationOperator):
    """Reads the known customers once more when everything else is over: nothing may have changed what was seeded.

    An event that came late, or a workflow that touched what it should only look at, shows here. It only reads, and is
    skipped where no reset was made in the same run. It is not among the steps of the reset: put it after the workflows.

    Args:
        stage: When this is; part of the results' ids.
        kwargs: See :class:`airflow.sdk.BaseOperator`.
    """

    kind: ClassVar[Kind] = Kind.RESET

    def __init__(self, *, stage: str = "after_billing", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stage = stage

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Compare the database with the customer states, and with their objects in Stripe."""
        from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
        from staging_validation.clients.reset import verify_states
        from staging_validation.clients.reset_files import read_customer_states

        check = f"reset.{self.stage}.states"
        if _plan_only(context):
            return Step([_skipped(check, _ONLY_THE_PLAN)])
        summary = context["ti"].xcom_pull(task_ids=RESET_TASK)
        if not summary or "content_hash" not in summary:
            return Step(
                [_skipped(check, "no reset was made in this run, so nobody knows what should be there")]
            )
        states = read_customer_states()
        with StagingPostgresHook().look() as connection:
            return Step(
                verify_states(
                    connection, states, stage=self.stage, stripe=_made_objects(context), others=False
                )
            )


class SweepStripeObjectsOperator(ValidationOperator):
    """Removes the Stripe objects that former and killed resets left: customers by metadata, test clocks by name."""

    kind: ClassVar[Kind] = Kind.RESET
    destructive: ClassVar[bool] = True

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Sweep; the XCom is the list of the ids of deleted customers and test clocks."""
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


def _would_be_made(states: Sequence[CustomerState]) -> str:
    subscriptions = sum(state.subscription is not None for state in states)
    return f"{len(states)} Stripe customers would be made, {subscriptions} of them with a subscription on a test clock"


def _planned(check: str, what: str) -> CheckResult:
    return CheckResult(
        id=check,
        kind=Kind.RESET,
        subject="plan",
        outcome=Outcome.PASSED,
        actual=what,
        evidence={"plan_only": True},
    )


_ONLY_THE_PLAN = "only the plan was asked for: nothing was changed"


def _skipped(check: str, reason: str) -> CheckResult:
    return CheckResult(
        id=check, kind=Kind.RESET, subject="plan", outcome=Outcome.SKIPPED, evidence={"reason": reason}
    )
