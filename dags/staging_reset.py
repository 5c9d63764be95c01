"""By hand: put staging's database back to the known test customers."""

from staging_validation.airflow.dag_factory import staging_dag
from staging_validation.airflow.params import plan_params, reset_params
from staging_validation.airflow.task_groups import reset

DOC = """Puts staging's database back to the ten known test customers, all or nothing, and reads them again.

Only customers of the two test domains are ever deleted. The guard comes first, and checks again inside the
transaction. `plan_only` says what would be deleted, and changes nothing.
"""

with staging_dag(
    "staging_reset",
    title="Staging validation: reset",
    doc_md=DOC,
    tags=("reset",),
    params={**plan_params(), **reset_params()},
) as dag:
    reset()
