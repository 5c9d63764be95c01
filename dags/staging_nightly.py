"""Every night: reset, telemetry with its dashboards, and beside them the billing workflows."""

from staging_validation.airflow.dag_factory import staging_dag
from staging_validation.airflow.params import (
    billing_params,
    dashboard_params,
    reset_params,
    telemetry_params,
)
from staging_validation.airflow.task_groups import billing, dashboards, reset, telemetry

DOC = """Can we trust staging's billing? The whole validation, every night.

1. **env_guard** refuses to run anywhere near production.
2. **reset** puts the database back to the ten known test customers, all or nothing, and reads them again.
3. **telemetry** emits billing telemetry with known values and verifies every series; it is deleted at the end.
4. **static_checks** reads dashboards and alert rules without a query; **dashboards** evaluates every panel while the
   telemetry is there.
5. **billing**, beside 3 and 4, drives the billing workflows through API, Stripe test mode, webhooks and database,
   and reconciles the money to the cent.
6. **report** writes the results and fails the run unless everything passed.
"""

with staging_dag(
    "staging_nightly",
    title="Staging validation: nightly",
    doc_md=DOC,
    tags=("nightly", "billing"),
    params={**reset_params(), **telemetry_params(), **dashboard_params(), **billing_params()},
    schedule="0 2 * * *",
) as dag:
    reset() >> [telemetry(shown_by=[dashboards()]), billing()]
