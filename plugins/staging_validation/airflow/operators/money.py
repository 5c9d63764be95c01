"""Reconciles the money of a run's customers between the places that speak of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from staging_validation.airflow.operators.base import Step, ValidationOperator
from staging_validation.results import Kind

if TYPE_CHECKING:
    from airflow.sdk import Context

    from staging_validation.airflow.run import ValidationRun


class ReconcileMoneyOperator(ValidationOperator):
    """Compares, to the cent, what Stripe, ledger, events, metrics and the revenue panel say of the run's customers.

    It only reads.
    """

    kind: ClassVar[Kind] = Kind.MONEY

    @property
    def subject(self) -> str:
        """What is reconciled."""
        return "the money of this run's customers"

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Read the places, and reconcile them."""
        from staging_validation.airflow.hooks.services import billing_api, prometheus
        from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
        from staging_validation.airflow.hooks.stripe import stripe_api
        from staging_validation.clients.money_sources import MoneySources, reconcile_run

        with StagingPostgresHook().look() as connection:
            sources = MoneySources(connection, stripe_api(), billing_api(), prometheus())
            return Step(reconcile_run(sources, run.name))
