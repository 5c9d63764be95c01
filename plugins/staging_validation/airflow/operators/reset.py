"""Puts the staging data back to the known customers, and reads them again after the commit."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from staging_validation.airflow.operators.base import Step, ValidationOperator
from staging_validation.project import include_dir, project_root
from staging_validation.results import Kind

if TYPE_CHECKING:
    from airflow.sdk import Context

    from staging_validation.airflow.run import ValidationRun
    from staging_validation.fixtures import CustomerState


class ResetStagingOperator(ValidationOperator):
    """Deletes the test customers and seeds the known ones: one transaction, all or nothing.

    The guard checks again inside that transaction, on that connection. The param ``max_customers`` is the number of
    customers above which a reset refuses to delete anything.
    """

    kind: ClassVar[Kind] = Kind.RESET
    destructive: ClassVar[bool] = True

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Reset; the XCom is ``{deleted, created, fixture_types, content_hash}``."""
        from staging_validation.airflow.hooks.record import guard_record
        from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
        from staging_validation.clients.environment import confirm_target
        from staging_validation.clients.reset import reset_staging

        states = _states()
        with StagingPostgresHook().session() as connection:
            summary = reset_staging(
                connection,
                states,
                confirm=partial(confirm_target, seen=guard_record()),
                now=datetime.now(timezone.utc),
                max_customers=context["params"]["max_customers"],
            )
        value = {
            "deleted": dict(summary.deleted),
            "created": summary.created,
            "fixture_types": list(summary.fixture_types),
            "content_hash": summary.content_hash,
        }
        return Step(summary.results, value)


class VerifyResetOperator(ValidationOperator):
    """Reads the known customers again after the commit and compares them field by field."""

    kind: ClassVar[Kind] = Kind.RESET

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Compare the database with the customer states."""
        from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
        from staging_validation.clients.reset import verify_states

        states = _states()
        with StagingPostgresHook().session() as connection:
            return Step(verify_states(connection, states, stage="after_commit"))


def _states() -> tuple[CustomerState, ...]:
    from staging_validation.clients.source_files import read_source_files
    from staging_validation.fixtures import parse_states

    folder = include_dir("fixtures", "customers")
    return parse_states(read_source_files(folder, ".yaml", relative_to=project_root()))
