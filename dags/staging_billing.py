"""By hand: drive the billing workflows end to end."""

from staging_validation.airflow.dag_factory import staging_dag
from staging_validation.airflow.params import billing_params
from staging_validation.airflow.task_groups import billing

DOC = """Drives the billing workflows of `include/workflows` through API, Stripe test mode, webhooks and database.

Every workflow is a task of its own and makes its own customers; the next reset removes them.
"""

with staging_dag(
    "staging_billing",
    title="Staging validation: billing",
    doc_md=DOC,
    tags=("billing",),
    params=billing_params(),
) as dag:
    billing()
