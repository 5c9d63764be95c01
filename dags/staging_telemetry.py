"""By hand: emit billing telemetry with known values, verify it, delete it."""

from staging_validation.airflow.dag_factory import staging_dag
from staging_validation.airflow.params import telemetry_params
from staging_validation.airflow.task_groups import telemetry

DOC = """Emits billing telemetry with known values through the Pushgateway, verifies every series, and deletes it.

The series carry the label `validation_run`, so they can always be told from real ones.
"""

with staging_dag(
    "staging_telemetry",
    title="Staging validation: telemetry",
    doc_md=DOC,
    tags=("telemetry",),
    params=telemetry_params(),
) as dag:
    telemetry()
