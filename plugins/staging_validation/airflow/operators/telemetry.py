"""Synthetic billing telemetry with known values: prepare, emit, verify, delete."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from staging_validation.airflow.operators.base import Step, ValidationOperator
from staging_validation.project import include_dir, project_root
from staging_validation.results import CheckResult, Kind, Outcome

if TYPE_CHECKING:
    from airflow.sdk import Context

    from staging_validation.airflow.run import ValidationRun
    from staging_validation.telemetry import Catalogue, RunPlan

STALE_AFTER = timedelta(hours=6)
"""Age at which another run's group on the gateway is taken for a leftover: no run lasts that long."""


class PrepareTelemetryOperator(ValidationOperator):
    """Removes the groups that killed runs left on the gateway; the setup of the emission."""

    kind: ClassVar[Kind] = Kind.TELEMETRY
    destructive: ClassVar[bool] = True

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Sweep the gateway."""
        from staging_validation.airflow.hooks.services import pushgateway
        from staging_validation.clients.emission import sweep_groups

        older_than = datetime.now(timezone.utc) - STALE_AFTER
        swept = sweep_groups(pushgateway(), older_than=older_than, keep=run.name)
        return Step([_done("telemetry.sweep", "stale groups on the Pushgateway", {"deleted": list(swept)})])


class EmitTelemetryOperator(ValidationOperator):
    """Pushes a zero baseline, sees it in a query, pushes the run's values, and sees them.

    The param ``visible_within_seconds`` bounds each wait.
    """

    kind: ClassVar[Kind] = Kind.TELEMETRY
    destructive: ClassVar[bool] = True

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Emit the run's plan."""
        from staging_validation.airflow.hooks.services import prometheus, pushgateway
        from staging_validation.clients.emission import emit_run

        plan, catalogue = _plan(run)
        timeout = context["params"]["visible_within_seconds"]
        return Step(
            emit_run(plan, catalogue, gateway=pushgateway(), prometheus=prometheus(), timeout_seconds=timeout)
        )


class VerifyTelemetryOperator(ValidationOperator):
    """Compares every series and bucket that Prometheus holds of this run with the truth."""

    kind: ClassVar[Kind] = Kind.TELEMETRY

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Verify the run's plan."""
        from staging_validation.airflow.hooks.services import prometheus
        from staging_validation.clients.emission import verify_run

        plan, catalogue = _plan(run)
        return Step(verify_run(plan, catalogue, prometheus=prometheus()))


class DeleteTelemetryOperator(ValidationOperator):
    """Deletes the run's group from the gateway; the teardown that also runs after a failure."""

    kind: ClassVar[Kind] = Kind.TELEMETRY
    destructive: ClassVar[bool] = True

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Delete the group and look that it is gone."""
        from staging_validation.airflow.hooks.services import pushgateway

        gateway = pushgateway()
        gateway.delete(run.name)
        left = [group.validation_run for group in gateway.groups() if group.validation_run == run.name]
        result = CheckResult.compare(
            expected=[],
            actual=left,
            id="telemetry.deleted",
            kind=Kind.TELEMETRY,
            subject=f"group {run.name} on the Pushgateway",
            remedy="delete the group by hand: its series would stay on the dashboards for ever",
        )
        return Step([result])


def _done(check: str, subject: str, evidence: dict[str, list[str]]) -> CheckResult:
    return CheckResult(
        id=check, kind=Kind.TELEMETRY, subject=subject, outcome=Outcome.PASSED, evidence=dict(evidence)
    )


def _plan(run: ValidationRun) -> tuple[RunPlan, Catalogue]:
    from staging_validation.clients.source_files import read_source_files
    from staging_validation.telemetry import parse_catalogue, plan_run

    catalogue = parse_catalogue(
        read_source_files(include_dir("telemetry"), ".yaml", relative_to=project_root())
    )
    return plan_run(run.name, catalogue), catalogue
