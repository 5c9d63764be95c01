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
    """Pushes a zero baseline and then the run's values in steps, and sees each in a query before the next.

    The param ``visible_within_seconds`` bounds each wait, ``steps`` says in how many steps the values are pushed.
    Nothing is pushed when Prometheus scrapes the Pushgateway too seldom for that time. The result of the values has
    what the dashboard must show of them as ``panel_values`` in its evidence.
    """

    kind: ClassVar[Kind] = Kind.TELEMETRY
    destructive: ClassVar[bool] = True

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Emit the run's plan."""
        from staging_validation.airflow.hooks.services import prometheus, pushgateway
        from staging_validation.clients.emission import emit_run
        from staging_validation.telemetry.panel_values import panel_values_evidence
        from staging_validation.telemetry.steps import DEFAULT_STEPS

        plan, catalogue = _plan(run)
        params = context["params"]
        *others, values = emit_run(
            plan,
            catalogue,
            gateway=pushgateway(),
            prometheus=prometheus(),
            timeout_seconds=params["visible_within_seconds"],
            steps=params.get("steps", DEFAULT_STEPS),
        )
        evidence = {**values.evidence, "panel_values": panel_values_evidence(plan, catalogue)}
        return Step([*others, values.model_copy(update={"evidence": evidence})])


class VerifyTelemetryOperator(ValidationOperator):
    """Compares every series and bucket that Prometheus holds of this run with the truth, and names a hop that fails."""

    kind: ClassVar[Kind] = Kind.TELEMETRY

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """Verify the run's plan."""
        from staging_validation.airflow.hooks.services import prometheus, pushgateway_to_look_at
        from staging_validation.clients.emission import verify_run

        plan, catalogue = _plan(run)
        gateway = pushgateway_to_look_at()
        return Step(verify_run(plan, catalogue, prometheus=prometheus(), gateway=gateway))


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
