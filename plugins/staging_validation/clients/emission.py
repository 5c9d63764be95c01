"""Emits a run's synthetic telemetry and proves that Prometheus holds exactly what was emitted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry

from staging_validation.clients.hops import Scrape, explain, read_scrape, run_samples
from staging_validation.clients.polling import wait_for
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.clients.pushgateway import REFUSED, PushgatewayClient
from staging_validation.errors import DeadlineError, ServiceAnswerError
from staging_validation.results import CheckResult, Kind, Outcome
from staging_validation.telemetry import (
    Catalogue,
    RunPlan,
    Sample,
    compare_samples,
    expected_samples,
)
from staging_validation.telemetry.hops import Hop, HopEvidence, NamedHop, name_hop, with_hop
from staging_validation.telemetry.plan import baseline_registry, registry_samples
from staging_validation.telemetry.promise import check_promise
from staging_validation.telemetry.steps import DEFAULT_STEPS, cumulative_plans, step_registry

_POLL_SECONDS = 0.1
_TARGETS_SECONDS = 10.0

_Stage = tuple[str, Callable[[], CollectorRegistry]]


def emit_run(
    plan: RunPlan,
    catalogue: Catalogue,
    *,
    gateway: PushgatewayClient,
    prometheus: PrometheusClient,
    timeout_seconds: float = 30.0,
    steps: int = DEFAULT_STEPS,
) -> list[CheckResult]:
    """Push a zero baseline and then the values in steps, and see each in a query before the next is pushed.

    Prometheus must have scraped every series at zero first: a counter that is first seen with its value never
    increases (Prometheus documentation, ``increase``). As each step is seen, it was scraped, so that no two of
    them fall into one scrape.

    Args:
        plan: What the run emits.
        catalogue: The catalogue it was made from.
        gateway: Where it is pushed.
        prometheus: Where it must appear.
        timeout_seconds: How long each push may take to appear.
        steps: In how many steps the values are pushed.

    Returns:
        One result each for the promise that the scrape interval allows this at all, the baseline, the steps, and
        the values (the last step: the whole plan). The evidence has their latencies; that of a failed one names
        the hop. After a failure nothing more is pushed, and what was not pushed is skipped.

    Raises:
        ServiceError: The Pushgateway or Prometheus cannot be asked, or refuses us.
    """
    emission = _Emission(plan.run_id, catalogue, gateway, prometheus, timeout_seconds)
    results = [emission.promise()]
    for stage, registry in _stages(plan, catalogue, steps):
        failed = next((result for result in results if result.counts_as is not Outcome.PASSED), None)
        results.append(emission.push(stage, registry()) if failed is None else emission.skip(stage, failed))
    return results


def verify_run(
    plan: RunPlan,
    catalogue: Catalogue,
    *,
    prometheus: PrometheusClient,
    gateway: PushgatewayClient | None = None,
) -> list[CheckResult]:
    """Compare every series and bucket of a run in Prometheus with the truth, exactly.

    Args:
        plan: What the run emitted.
        catalogue: The catalogue it was made from.
        prometheus: Where the series are.
        gateway: Where they were pushed, to be looked at when something is wrong; it is not changed.

    Returns:
        One result for each metric. The evidence of a failed one names the hop.

    Raises:
        ServiceError: Prometheus cannot be asked.
    """
    expected = expected_samples(plan, catalogue)
    results = compare_samples(expected, run_samples(plan.run_id, catalogue, prometheus))
    if all(result.outcome is Outcome.PASSED for result in results):
        return results
    named = explain(plan.run_id, expected, catalogue, prometheus=prometheus, gateway=gateway)
    return [with_hop(result, named) for result in results]


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


def _stages(plan: RunPlan, catalogue: Catalogue, steps: int) -> Iterator[_Stage]:
    """Yield what is pushed one after the other, with its name; the last is called ``values``."""
    yield "baseline", lambda: baseline_registry(plan, catalogue)
    *between, _ = parts = cumulative_plans(plan, steps)
    names = [*(f"step_{number}" for number, _ in enumerate(between, 1)), "values"]
    for name, part in zip(names, parts, strict=True):
        yield name, lambda part=part: step_registry(plan, part, catalogue)  # type: ignore[misc]


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

    def promise(self) -> CheckResult:
        """Check that two scrapes of the Pushgateway fit into the time allowed."""
        started = time.monotonic()
        scrape = self._scrape()
        result = check_promise(
            scrape.gateway, visible_within_seconds=self._timeout_seconds, unread=scrape.unread
        ).model_copy(update={"duration_seconds": time.monotonic() - started})
        if result.counts_as is Outcome.PASSED:
            return result
        return with_hop(result, NamedHop(Hop.BEHIND, str(result.evidence["because"]), str(result.remedy)))

    def _scrape(self) -> Scrape:
        """Ask how the Pushgateway is scraped; a Prometheus that has just started names its targets after seconds."""

        def asked() -> Scrape | None:
            scrape = read_scrape(self._gateway, self._prometheus)
            return None if scrape.targets == 0 else scrape

        try:
            patience = min(_TARGETS_SECONDS, self._timeout_seconds)
            return wait_for("the targets of Prometheus", asked, timeout_seconds=patience)
        except DeadlineError:
            return Scrape(targets=0)

    def push(self, stage: str, registry: CollectorRegistry) -> CheckResult:
        """Push the registry and wait until a query shows all of it."""
        expected = registry_samples(registry)
        started, pushed_at = time.monotonic(), time.time()
        try:
            self._gateway.push(self._run_id, registry)
            pushed = time.monotonic()
            self._wait(stage, expected)
        except ServiceAnswerError as error:
            if error.status not in REFUSED:
                raise
            named = name_hop(HopEvidence(refusal=error.message))
            return self._failed(stage, error.message, named, started)
        except DeadlineError as error:
            named = self._explain(expected, pushed_at)
            return self._failed(stage, f"{error.message} {_sentence(named)}", named, started)
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
            **self._fields(stage),
        )

    def skip(self, stage: str, failed: CheckResult) -> CheckResult:
        """Say that a stage was not pushed, and why."""
        reason = f"{failed.id} failed, so nothing more was pushed"
        return CheckResult(outcome=Outcome.SKIPPED, evidence={"reason": reason}, **self._fields(stage))

    def _failed(self, stage: str, actual: str, named: NamedHop, started: float) -> CheckResult:
        result = CheckResult(
            outcome=Outcome.FAILED,
            actual=actual,
            duration_seconds=time.monotonic() - started,
            **self._fields(stage),
        )
        return with_hop(result, named)

    def _fields(self, stage: str) -> dict[str, Any]:
        return {
            "id": f"telemetry.emission.{stage}",
            "kind": Kind.TELEMETRY,
            "subject": f"{stage.capitalize().replace('_', ' ')} of run {self._run_id}",
            "expected": f"visible in Prometheus within {self._timeout_seconds:g} s",
        }

    def _wait(self, stage: str, expected: Sequence[Sample]) -> None:
        wait_for(
            f"the {stage.replace('_', ' ')} of run {self._run_id} in Prometheus",
            lambda: self._visible(expected),
            timeout_seconds=self._timeout_seconds,
            interval_seconds=_POLL_SECONDS,
            seen=lambda: self._last_seen,
        )

    def _visible(self, expected: Sequence[Sample]) -> bool | None:
        results = compare_samples(expected, run_samples(self._run_id, self._catalogue, self._prometheus))
        wrong = [result for result in results if result.outcome is not Outcome.PASSED]
        if not wrong:
            return True
        first = wrong[0]
        self._last_seen = (
            f"{len(wrong)} of {len(results)} metrics not as pushed, first {first.subject}: {first.actual}"
        )
        return None

    def _explain(self, expected: Sequence[Sample], pushed_at: float) -> NamedHop:
        return explain(
            self._run_id,
            expected,
            self._catalogue,
            prometheus=self._prometheus,
            gateway=self._gateway,
            pushed_at=pushed_at,
        )


def _sentence(named: NamedHop) -> str:
    return f"{named.because[:1].upper()}{named.because[1:]}."
