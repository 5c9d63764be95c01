"""The environment as Airflow's connections and variables describe it, asked by the guard and by every step after it."""

from __future__ import annotations

import os

from airflow.sdk import Variable

from staging_validation.airflow.hooks.record import guard_record
from staging_validation.airflow.hooks.services import ServiceHook, prometheus
from staging_validation.airflow.hooks.settings import settings_of
from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
from staging_validation.airflow.hooks.stripe import stripe_settings
from staging_validation.clients.connections import PUSHGATEWAY, STAGING_API, STRIPE
from staging_validation.clients.environment import EnvironmentSources, confirm_observation, observe
from staging_validation.clients.guarding import changed_addresses, stripe_service
from staging_validation.environment import declared_names
from staging_validation.environment.sources import AIRFLOW_VARIABLE, FURTHER_NAMES_VARIABLE


def environment_sources() -> EnvironmentSources:
    """Read all connections and variables, in the task's own thread; the answers are asked for side by side later.

    Raises:
        ConfigurationError: A connection is missing or has no address.
    """
    variables = {
        name: Variable.get(name, default=None) for name in (AIRFLOW_VARIABLE, FURTHER_NAMES_VARIABLE)
    }
    database = StagingPostgresHook()
    database.connection  # noqa: B018 - read now: worker threads must not ask Airflow
    stripe = stripe_settings()
    changed = {STRIPE: stripe} | {conn_id: settings_of(conn_id) for conn_id in (STAGING_API, PUSHGATEWAY)}
    return EnvironmentSources(
        declared=declared_names(os.environ, variables),
        connect=database.look,
        stripe_key=stripe.secret,
        stripe=stripe_service(stripe),
        billing_api=ServiceHook("Billing API", STAGING_API).look(),
        prometheus=prometheus(),
        addresses=changed_addresses(changed),
    )


def recheck() -> None:
    """Ask everything again, and compare with what this run's guard saw.

    Raises:
        GuardRefusedError: No guard passed in this run, a source refuses now, or something is not what it saw.
        ServiceUnreachableError: A source cannot be asked now.
    """
    seen = guard_record()
    confirm_observation(observe(environment_sources()), seen)
