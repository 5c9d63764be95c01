"""Removes what workflows left in Stripe: those of this run, and those of runs that were killed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from typing_extensions import override

from staging_validation.airflow.operators.base import Step, ValidationOperator
from staging_validation.results import Kind

if TYPE_CHECKING:
    from airflow.sdk import Context

    from staging_validation.airflow.run import ValidationRun


class SweepRunLeftoversOperator(ValidationOperator):
    """Deletes the test clocks and Stripe customers that workflows left: those of killed runs, and of this run.

    It stands twice in the billing group. Before the workflows it removes what former runs left. After the
    reconciliation of the money, which needs the invoices on the clocks, it removes this run's objects too; and that it
    must also do when workflows failed or were killed. So the second is a teardown whose setup is the first: Airflow
    runs it when everything before it is done, and not at all when the guard refused.

    Args:
        stage: ``before`` the workflows, or ``after`` them.
        kwargs: See :class:`airflow.sdk.BaseOperator`.
    """

    kind: ClassVar[Kind] = Kind.WORKFLOW
    destructive: ClassVar[bool] = True

    def __init__(self, *, stage: Literal["before", "after"], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stage = stage

    @property
    def subject(self) -> str:
        """What is removed."""
        return "what workflows left in Stripe"

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Sweep; the XCom says how many objects were deleted."""
        from staging_validation.airflow.hooks.stripe import stripe_api
        from staging_validation.clients.run_leftovers import sweep_run_leftovers

        swept = sweep_run_leftovers(stripe_api(), run_id=run.name, stage=self.stage)
        return Step(swept.results, {"deleted": len(swept.deleted), "left": len(swept.left)})
