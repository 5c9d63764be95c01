"""Found by Airflow because ``plugins/`` is on its path: the policy that no DAG escapes."""

from staging_validation.airflow.policy import dag_policy

__all__ = ["dag_policy"]
