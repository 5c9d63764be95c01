"""Emits a run's synthetic telemetry and proves that Prometheus holds exactly what was emitted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry

from staging_validation.clients.polling import wait_for
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.clients.pushgateway import RUN_LABEL, PushgatewayClient
from staging_validation.errors import DeadlineError
from staging_validation.results import CheckResult, Kind, Outcome
from staging_validation.telemetry import (
    Catalogue,
    RunPlan,
    Sample,
    compare_samples,
    expected_samples,
    own_samples,
)
from staging_validation.telemetry.plan import baseline_registry, registry_samples, values_registry

_POLL_SECONDS = 0.1
_REMEDY = (
    "check that Prometheus scrapes the Pushgateway (page /targets), with honor_labels: true and an interval "
    "below the time allowed"
)


def emit_run(
    plan: RunPlan,
    catalogue: Catalogue,
    *,
    gateway: PushgatewayClient,
    prometheus: PrometheusClient,
    timeout_seconds: float = 30.0,
) -> list[CheckResult]:
    """Push a zero baseline, see it in a query, push the values, see them in a query.

    Prometheus must have scraped every series at zero first: a counter that is first seen with its value never
    increases (Prometheus documentation, ``increase``).

    Args:
        plan: What the run emits.
        catalogue: The catalogue it was made from.
        gateway: Where it is pushed.
        prometheus: Where it must appear.
        timeout_seconds: How long each of the two pushes may take to appear.

    Returns:
        One result for the baseline and one for the values; the latter's evidence has the latency. When the
        baseline did not appear, the values were not pushed and their result is skipped.

    Raises:
        ServiceError: The Pushgateway or Prometheus cannot be asked, or refuses.
    """
    emission = _Emission(plan.run_id, catalogue, gateway, prometheus, timeout_seconds)
    baseline = emission.push("baseline", baseline_registry(plan, catalogue))
    if baseline.outcome is Outcome.PASSED:
        return [baseline, emission.push("values", values_registry(plan, catalogue))]
    skipped = CheckResult(
        id="telemetry.emission.values",
        kind=Kind.TELEMETRY,
        subject=f"Values of run {plan.run_id}",
        outcome=Outcome.SKIPPED,
        evidence={"reason": "the baseline did not appear in Prometheus, so the values were not pushed"},
    )
    return [baseline, skipped]


def verify_run(plan: RunPlan, catalogue: Catalogue, *, prometheus: PrometheusClient) -> list[CheckResult]:
    """Compare every series and bucket of a run in Prometheus with the truth, exactly.

    Args:
        plan: What the run emitted.
        catalogue: The catalogue it was made from.
        prometheus: Where the series are.

    Returns:
        One result for each metric.

    Raises:
        ServiceError: Prometheus cannot be asked.
    """
    found = _run_samples(plan.run_id, catalogue, prometheus)
    return compare_samples(expected_samples(plan, catalogue), found)


def sweep_groups(gateway: PushgatewayClient, *, older_than: datetime, keep: str) -> list[str]:
    """Delete the groups that former runs left on the Pushgateway, which keeps them for ever.

    Args:
        gateway: The Pushgateway.
        older_than: Only groups last pushed before this time, with time zone: a younger one may be in use.
        keep: The id of the present run, whose group stays.

    Returns:
        The ids of the runs whose groups were deleted.

    Raises:
        ServiceError: The Pushgateway cannot be asked.
    """
    stale = [
        group.validation_run
        for group in gateway.groups()
        if group.validation_run != keep and group.pushed_at < older_than
    ]
    for validation_run in stale:
        gateway.delete(validation_run)
    return stale


class _Emission:
    """One run on its way from the Pushgateway to Prometheus."""

    def __init__(
        self,
        run_id: str,
        catalogue: Catalogue,
        gateway: PushgatewayClient,
        prometheus: PrometheusClient,
        timeout_seconds: float,
    ) -> None:
        self._run_id = run_id
        self._catalogue = catalogue
        self._gateway = gateway
        self._prometheus = prometheus
        self._timeout_seconds = timeout_seconds
        self._last_seen = "nothing"

    def push(self, stage: str, registry: CollectorRegistry) -> CheckResult:
        """Push the registry and wait until a query shows all of it."""
        expected = registry_samples(registry)
        started = time.monotonic()
        self._gateway.push(self._run_id, registry)
        pushed = time.monotonic()
        fields = {
            "id": f"telemetry.emission.{stage}",
            "kind": Kind.TELEMETRY,
            "subject": f"{stage.capitalize()} of run {self._run_id}",
            "expected": f"visible in Prometheus within {self._timeout_seconds:g} s",
        }
        try:
            wait_for(
                f"the {stage} of run {self._run_id} in Prometheus",
                lambda: self._visible(expected),
                timeout_seconds=self._timeout_seconds,
                interval_seconds=_POLL_SECONDS,
                seen=lambda: self._last_seen,
                remedy=_REMEDY,
            )
        except DeadlineError as error:
            return CheckResult.from_error(error, duration_seconds=time.monotonic() - started, **fields)
        latency = time.monotonic() - pushed
        return CheckResult(
            outcome=Outcome.PASSED,
            actual=f"visible after {latency:.2f} s",
            evidence={
                "series": len(expected),
                "push_seconds": round(pushed - started, 3),
                "push_to_visible_seconds": round(latency, 3),
            },
            duration_seconds=time.monotonic() - started,
            **fields,
        )

    def _visible(self, expected: Sequence[Sample]) -> bool | None:
        results = compare_samples(expected, _run_samples(self._run_id, self._catalogue, self._prometheus))
        wrong = [result for result in results if result.outcome is not Outcome.PASSED]
        if not wrong:
            return True
        first = wrong[0]
        self._last_seen = (
            f"{len(wrong)} of {len(results)} metrics not as pushed, first {first.subject}: {first.actual}"
        )
        return None


def _run_samples(run_id: str, catalogue: Catalogue, prometheus: PrometheusClient) -> list[Sample]:
    return own_samples(prometheus.query(f'{{{RUN_LABEL}="{run_id}"}}'), catalogue)
