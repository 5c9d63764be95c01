"""The guard: is this environment positively not production?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from staging_validation.airflow.operators.base import Step, ValidationOperator
from staging_validation.errors import ConfigurationError
from staging_validation.results import Kind

if TYPE_CHECKING:
    from airflow.sdk import Context

    from staging_validation.airflow.run import ValidationRun


class EnvironmentGuardOperator(ValidationOperator):
    """Refuses to run anywhere near production; the first task of every DAG.

    It asks every source for evidence and weighs it. A refusal, and evidence that cannot be had, fail at once and
    are never retried. It also refuses a run whose params hold a name that the DAG does not know, since Airflow
    accepts those silently. Its XCom is what it saw (:class:`~staging_validation.environment.Sighting`); the steps
    after it compare what they are about to touch with that.
    """

    kind: ClassVar[Kind] = Kind.GUARD
    retry_errored: ClassVar[bool] = False

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Gather the evidence and decide."""
        from staging_validation.airflow.hooks.environment import environment_sources
        from staging_validation.clients.guarding import weigh

        _reject_unknown_params(context)
        report = weigh(environment_sources())
        return Step(report.results, report.sighting.model_dump(mode="json") if report.sighting else None)


def _reject_unknown_params(context: Context) -> None:
    known = set(context["dag"].params)
    unknown = sorted(set(context["dag_run"].conf or {}) - known)
    if unknown:
        raise ConfigurationError(
            f"The run's configuration holds {', '.join(unknown)}, which {context['dag'].dag_id} does not know.",
            remedy=f"use only {', '.join(sorted(known)) or 'an empty configuration'}",
        )
