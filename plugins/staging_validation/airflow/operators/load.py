"""Puts load on staging, checks its rate limits, and removes what that made."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from staging_validation.airflow.operators.base import Step, ValidationOperator
from staging_validation.results import CheckResult, Kind, Outcome

if TYPE_CHECKING:
    from airflow.sdk import Context

    from staging_validation.airflow.run import ValidationRun
    from staging_validation.load.profile import Profile


class CheckLoadTargetOperator(ValidationOperator):
    """Refuses to put load on Stripe itself, or on a platform that makes its customers there; the setup of the load.

    It signs one customer up, and looks for its Stripe customer where the connection ``stripe_default`` points.
    """

    kind: ClassVar[Kind] = Kind.LOAD
    destructive: ClassVar[bool] = True

    @property
    def subject(self) -> str:
        """What is looked at."""
        return "the Stripe that the platform talks to"

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Look whom the load would hit."""
        from staging_validation.airflow.hooks.services import billing_api
        from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
        from staging_validation.airflow.hooks.stripe import stripe_api
        from staging_validation.clients.load_records import LoadRecords
        from staging_validation.clients.load_target import check_target

        _refuse_stripe_itself()
        with StagingPostgresHook().session() as connection:
            records, attempt = LoadRecords(connection), context["ti"].try_number
            checked = check_target(billing_api(), records, stripe_api(), run_id=run.name, attempt=attempt)
        return Step([checked])


class RunLoadOperator(ValidationOperator):
    """Signs users up, sends webhooks, and looks that each of them had its effect exactly once.

    It is one task, because the webhooks are about the customers of the sign-ups, and are sent whatever the latency of
    the sign-ups was. The params ``scale`` and ``latency_factor`` make a smaller load of the contract's.
    """

    kind: ClassVar[Kind] = Kind.LOAD
    destructive: ClassVar[bool] = True

    @property
    def subject(self) -> str:
        """What is put on the platform."""
        return "sign-ups and webhooks"

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Put the load on."""
        from staging_validation.airflow.hooks.services import billing_api
        from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
        from staging_validation.airflow.hooks.stripe import stripe_api
        from staging_validation.clients.load_records import LoadRecords
        from staging_validation.clients.load_run import LoadRun

        _refuse_stripe_itself()
        with StagingPostgresHook().session() as connection:
            load = LoadRun(
                billing_api(),
                LoadRecords(connection),
                stripe_api(),
                run_id=run.name,
                attempt=context["ti"].try_number,
                profile=_profile(context),
                say=self.log.info,
            )
            return Step(load.run())


class CheckRateLimitsOperator(ValidationOperator):
    """Meets the rate limits on purpose, at the instance of the connection ``staging_api_strict``.

    Without that connection it is skipped.
    """

    kind: ClassVar[Kind] = Kind.LOAD
    destructive: ClassVar[bool] = True

    @property
    def subject(self) -> str:
        """What is checked."""
        return "rate limits of sign-ups and keyed calls"

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Use the limits up."""
        from staging_validation.airflow.hooks.load import strict_billing_api
        from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
        from staging_validation.clients.connections import STAGING_API_STRICT
        from staging_validation.clients.load_limits import LimitCheck
        from staging_validation.clients.load_records import LoadRecords

        _refuse_stripe_itself()
        api = strict_billing_api()
        if api is None:
            reason = (
                f"there is no connection {STAGING_API_STRICT} to an instance that keeps the contract's limits"
            )
            return Step(
                [
                    CheckResult(
                        id="load.limits",
                        kind=Kind.LOAD,
                        subject=self.subject,
                        outcome=Outcome.SKIPPED,
                        evidence={"reason": reason},
                    )
                ]
            )
        with StagingPostgresHook().session() as connection:
            attempt = context["ti"].try_number
            check = LimitCheck(api, LoadRecords(connection), run_id=run.name, attempt=attempt)
            return Step(check.run())


class CleanUpLoadOperator(ValidationOperator):
    """Deletes the Stripe customers of the run's load; the teardown that also runs after a failure.

    The customers in the database are removed by the next reset.
    """

    kind: ClassVar[Kind] = Kind.LOAD
    destructive: ClassVar[bool] = True

    @property
    def subject(self) -> str:
        """What is removed."""
        return "Stripe customers of the load"

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Delete them by their ids."""
        from staging_validation.airflow.hooks.stripe import stripe_api
        from staging_validation.clients.load_cleanup import remove_stripe_customers

        began = context["dag_run"].start_date or context["dag_run"].run_after
        created_since = int(began.timestamp()) - _CLOCKS_APART_SECONDS
        return Step([remove_stripe_customers(stripe_api(), run_id=run.name, created_since=created_since)])


_CLOCKS_APART_SECONDS = 600
"""How far Stripe's clock may be from Airflow's."""


def _refuse_stripe_itself() -> None:
    from staging_validation.airflow.hooks.stripe import stripe_settings
    from staging_validation.clients.load_target import refuse_stripe_itself

    refuse_stripe_itself(stripe_settings())


def _profile(context: Context) -> Profile:
    from staging_validation.load.profile import CONTRACT

    params = context["params"]
    return CONTRACT.scaled(params["scale"]).slower(params["latency_factor"])
