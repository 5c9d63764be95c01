"""The guard: is this environment positively not production?"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, ClassVar

from airflow.sdk import Variable
from typing_extensions import override

from staging_validation.airflow.operators.base import Step, ValidationOperator
from staging_validation.environment import judge
from staging_validation.environment.results import verdict_results
from staging_validation.environment.sources import AIRFLOW_VARIABLE, DECLARING_VARIABLES
from staging_validation.errors import ConfigurationError
from staging_validation.results import Kind

if TYPE_CHECKING:
    from airflow.sdk import Context

    from staging_validation.airflow.run import ValidationRun
    from staging_validation.clients.environment import EnvironmentSources


class EnvironmentGuardOperator(ValidationOperator):
    """Refuses to run anywhere near production; the first task of every DAG.

    It asks every source for evidence and weighs it. A refusal, and evidence that cannot be had, fail at once and
    are never retried. It also refuses a run whose params hold a name that the DAG does not know, since Airflow
    accepts those silently.
    """

    kind: ClassVar[Kind] = Kind.GUARD
    retry_errored: ClassVar[bool] = False

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Gather the evidence and decide."""
        from staging_validation.clients.environment import gather_evidence

        _reject_unknown_params(context)
        started = time.monotonic()
        verdict = judge(gather_evidence(_sources()))
        return Step(verdict_results(verdict, duration_seconds=time.monotonic() - started))


def _reject_unknown_params(context: Context) -> None:
    known = set(context["dag"].params)
    unknown = sorted(set(context["dag_run"].conf or {}) - known)
    if unknown:
        raise ConfigurationError(
            f"The run's configuration holds {', '.join(unknown)}, which {context['dag'].dag_id} does not know.",
            remedy=f"use only {', '.join(sorted(known)) or 'an empty configuration'}",
        )


def _sources() -> EnvironmentSources:
    """Read all connections here, in the task's own thread; the answers are then asked for side by side."""
    from staging_validation.airflow.hooks.services import ServiceHook
    from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
    from staging_validation.airflow.hooks.stripe import stripe_settings
    from staging_validation.clients.connections import STAGING_API
    from staging_validation.clients.environment import EnvironmentSources, stripe_service

    declared = {f"Airflow variable {AIRFLOW_VARIABLE}": Variable.get(AIRFLOW_VARIABLE, default=None)}
    declared |= {name: os.environ.get(name) for name in DECLARING_VARIABLES}
    database = StagingPostgresHook()
    database.connection  # noqa: B018 - read now: worker threads must not ask Airflow
    stripe = stripe_settings()
    billing_api = ServiceHook("Billing API", STAGING_API).service()
    return EnvironmentSources(
        declared=declared,
        connect=database.session,
        stripe_key=stripe.secret,
        stripe=lambda: stripe_service(stripe),
        billing_api=lambda: billing_api,
    )
