"""Keeps a DAG from loading when something in it changes staging and the guard does not come first.

Airflow calls :func:`dag_policy` for every DAG it parses, whoever wrote it: through
``plugins/airflow_local_settings.py``, or through the entry point ``airflow.policy`` where the package is installed.
It is the early layer, with the clearest message. What it cannot see (a task that makes its own hook) the hooks refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.exceptions import AirflowClusterPolicyViolation

from staging_validation.airflow.hooks.record import GUARD_TASK

if TYPE_CHECKING:
    from airflow.sdk import DAG

_AFTER_SUCCESS = frozenset(
    {"all_success", "none_failed", "none_failed_min_one_success", "all_done_setup_success"}
)
"""Trigger rules under which a task does not run when the guard failed (Airflow documentation, trigger rules)."""


def dag_policy(dag: DAG) -> None:
    """Refuse a DAG whose destructive tasks could run without the guard.

    Args:
        dag: The DAG that has been parsed.

    Raises:
        AirflowClusterPolicyViolation: The DAG holds a destructive operator, and the guard is not its only root, is
            retried, or a destructive task's trigger rule lets it run after the guard has failed.
    """
    destructive = [task for task in dag.tasks if getattr(_operator(task), "destructive", False)]
    if not destructive:
        return
    names = ", ".join(sorted(task.task_id for task in destructive))
    problem = _guard_problem(dag) or _rule_problem(destructive)
    if problem:
        raise AirflowClusterPolicyViolation(
            f"DAG {dag.dag_id} changes staging ({names}), but {problem}. Remedy: make it with "
            "staging_validation.airflow.dag_factory.staging_dag(), which puts the guard first."
        )


def _guard_problem(dag: DAG) -> str | None:
    from staging_validation.airflow.operators.guard import EnvironmentGuardOperator

    roots = [task.task_id for task in dag.roots]
    if roots != [GUARD_TASK]:
        return f"its roots are {', '.join(sorted(roots)) or 'none'}, and only {GUARD_TASK} may be one"
    guard = dag.roots[0]
    if not issubclass(_operator(guard), EnvironmentGuardOperator):
        return f"its {GUARD_TASK} is a {_operator(guard).__name__} and no EnvironmentGuardOperator"
    if guard.retries:
        return f"its {GUARD_TASK} is retried {guard.retries} times"
    return None


def _rule_problem(tasks: list[Any]) -> str | None:
    for task in tasks:
        rule = getattr(task.trigger_rule, "value", task.trigger_rule)
        if str(rule) not in _AFTER_SUCCESS:
            return f"the trigger rule {rule} of {task.task_id} lets it run after the guard has failed"
    return None


def _operator(task: Any) -> type:
    operator_class = getattr(task, "operator_class", None)
    return operator_class if isinstance(operator_class, type) else type(task)
