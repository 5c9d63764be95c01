"""By hand: emit known telemetry, evaluate every panel of every dashboard, delete the telemetry."""

from staging_validation.airflow.dag_factory import staging_dag
from staging_validation.airflow.params import dashboard_params, telemetry_params
from staging_validation.airflow.task_groups import dashboards, telemetry

DOC = """Evaluates every panel of every dashboard in `include/dashboards` while known telemetry is there to be shown.

A panel must answer, with data, and without NaN or infinity.
"""

with staging_dag(
    "staging_dashboards",
    title="Staging validation: dashboards",
    doc_md=DOC,
    tags=("dashboards",),
    params={**telemetry_params(), **dashboard_params()},
) as dag:
    telemetry(shown_by=[dashboards()])
