"""Drives a billing workflow end to end: API, Stripe test mode, webhooks, database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from staging_validation.airflow.operators.base import Step, ValidationOperator
from staging_validation.airflow.operators.files import ListFilesOperator
from staging_validation.project import include_dir
from staging_validation.results import Kind

if TYPE_CHECKING:
    from airflow.sdk import Context

    from staging_validation.airflow.run import ValidationRun


class ListWorkflowsOperator(ListFilesOperator):
    """Lists the workflows of ``include/workflows/``."""

    kind: ClassVar[Kind] = Kind.WORKFLOW
    folder: ClassVar[str] = "workflows"
    suffix: ClassVar[str] = ".py"


class RunWorkflowOperator(ValidationOperator):
    """Runs one workflow of ``include/workflows/``, isolated from the others.

    Args:
        workflow: The file's name, without ``.py``.
        kwargs: See :class:`airflow.sdk.BaseOperator`.
    """

    kind: ClassVar[Kind] = Kind.WORKFLOW
    destructive: ClassVar[bool] = True
    template_fields = ("workflow",)

    def __init__(self, *, workflow: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.workflow = workflow

    @property
    def subject(self) -> str:
        """The workflow's file."""
        return f"include/workflows/{self.workflow}.py"

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Open a session on staging, run the workflow, clean up by id."""
        from staging_validation.airflow.hooks.services import billing_api
        from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
        from staging_validation.airflow.hooks.stripe import stripe_api
        from staging_validation.clients.staging_session import StagingSession
        from staging_validation.clients.workflow_files import load_workflow
        from staging_validation.workflows import run_workflow

        workflow = load_workflow(include_dir("workflows", f"{self.workflow}.py"))
        with (
            StagingPostgresHook().session() as connection,
            # The money is reconciled after all workflows, and a clock takes its customers' invoices with it; the
            # task that cleans the run up removes the clocks.
            StagingSession(
                workflow.id,
                run.name,
                api=billing_api(),
                connection=connection,
                stripe=stripe_api(),
                keep_clocks=True,
            ) as staging,
        ):
            return Step(run_workflow(workflow, staging))
