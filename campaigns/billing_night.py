"""What a night does to staging, without Airflow: reset, telemetry and beside it the workflows, and the sweeping."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from campaigns.telemetry_monitoring import Monitoring
from campaigns.telemetry_run import carry_out as emit_and_verify
from campaigns.telemetry_run import shipped_catalogue
from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.connections import (
    PROMETHEUS,
    PUSHGATEWAY,
    STAGING_API,
    STAGING_POSTGRES,
    STRIPE,
    ConnectionSettings,
)
from staging_validation.clients.emission import sweep_groups
from staging_validation.clients.environment import confirm_target
from staging_validation.clients.fixture_objects import seed_objects, sweep_objects
from staging_validation.clients.fixture_settling import settle_objects
from staging_validation.clients.http import HttpService
from staging_validation.clients.money_sources import MoneySources, reconcile_run
from staging_validation.clients.postgres import connect
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.clients.reset import reset_staging
from staging_validation.clients.reset_files import read_customer_states
from staging_validation.clients.run_leftovers import sweep_run_leftovers
from staging_validation.clients.staging_session import open_session
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.clients.workflow_files import load_workflow, workflow_paths
from staging_validation.errors import StagingValidationError
from staging_validation.project import include_dir
from staging_validation.results import CheckResult, Outcome
from staging_validation.workflows import run_workflow

AT_ONCE = 4
"""Workflows under way at a time, as in Airflow."""

Connections = Mapping[str, ConnectionSettings]


@dataclass(frozen=True)
class Night:
    """What came of one run.

    Attributes:
        results: How many results there were.
        faults: Everything that did not pass, one sentence each.
        workflows: How long each workflow took, in seconds.
        workflows_seconds: How long all workflows took together.
        seconds: How long the whole run took.
    """

    results: int
    faults: tuple[str, ...]
    workflows: dict[str, float]
    workflows_seconds: float
    seconds: float


def carry_out(
    run_id: str, connections: Connections, *, telemetry: bool = False, names: Sequence[str] = ()
) -> Night:
    """Reset, run the workflows four at once, reconcile their money, and sweep; nothing is spared for its age.

    Args:
        run_id: The run's id.
        connections: The parts of staging, by connection id.
        telemetry: Emit and verify telemetry beside the workflows.
        names: Workflows to run; all by default.

    Raises:
        StagingValidationError: Something could not be done at all.
    """
    began = time.monotonic()
    results: list[CheckResult] = []
    faults: list[str] = []
    with closing(StripeApi.from_settings(connections[STRIPE])) as stripe:
        results += _reset(run_id, connections, stripe)
        results += sweep_run_leftovers(stripe, run_id=run_id, spare_seconds=0, stage="before").results
        paths = [path for path in _workflow_paths() if not names or path.stem in names]
        started = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE + 1) as pool:
            emitted = pool.submit(_emit, run_id, connections) if telemetry else None
            with ThreadPoolExecutor(AT_ONCE) as workers:
                ran = list(workers.map(lambda path: _workflow(path, run_id, connections), paths))
            workflows_seconds = time.monotonic() - started
            faults += emitted.result() if emitted else []
        results += [result for found, _ in ran for result in found]
        results += _money(run_id, connections, stripe)
        results += sweep_run_leftovers(stripe, run_id=run_id, spare_seconds=0, stage="after").results
    return Night(
        len(results),
        (*faults, *map(_sentence, filter(_is_wrong, results))),
        {path.stem: seconds for path, (_, seconds) in zip(paths, ran, strict=True)},
        workflows_seconds,
        time.monotonic() - began,
    )


def _reset(run_id: str, connections: Connections, stripe: StripeApi) -> Iterator[CheckResult]:
    states = read_customer_states()
    objects = seed_objects(stripe, states, run_id=run_id)
    with closing(connect(connections[STAGING_POSTGRES])) as connection:
        yield from settle_objects(stripe, connection, objects)
        connection.rollback()
        reset = reset_staging(
            connection, states, confirm=confirm_target, now=datetime.now(timezone.utc), stripe=objects
        )
    yield from reset.results
    yield from sweep_objects(stripe, keep_run=run_id, spare_seconds=0).results


def _workflow_paths() -> list[Path]:
    return workflow_paths(include_dir("workflows"))


def _workflow(path: Path, run_id: str, connections: Connections) -> tuple[list[CheckResult], float]:
    began = time.monotonic()
    with open_session(
        path.stem,
        run_id,
        api=connections[STAGING_API],
        database=connections[STAGING_POSTGRES],
        stripe=connections[STRIPE],
        keep_clocks=True,
    ) as session:
        found = run_workflow(load_workflow(path), session)
    return found, time.monotonic() - began


def _emit(run_id: str, connections: Connections) -> list[str]:
    place = Monitoring.at(connections[PUSHGATEWAY].base_url, connections[PROMETHEUS].base_url)
    sweep_groups(place.gateway, older_than=datetime.now(timezone.utc), keep=run_id)
    return list(emit_and_verify(run_id, shipped_catalogue(), place).faults)


def _money(run_id: str, connections: Connections, stripe: StripeApi) -> list[CheckResult]:
    prometheus = PrometheusClient(HttpService.from_settings("Prometheus", connections[PROMETHEUS]))
    api = BillingApi.from_settings(connections[STAGING_API])
    with closing(connect(connections[STAGING_POSTGRES])) as connection:
        return reconcile_run(MoneySources(connection, stripe, api, prometheus), run_id)


def _is_wrong(result: CheckResult) -> bool:
    """Say whether a result is anything but passed: here nothing may be skipped either, nor be a mere warning."""
    return result.outcome is not Outcome.PASSED


def _sentence(result: CheckResult) -> str:
    found = result.evidence.get("reason") if result.outcome is Outcome.SKIPPED else result.actual
    return (
        f"{result.id} {result.outcome.value} ({result.subject}): expected {result.expected}, found {found}"[
            :1000
        ]
    )


def tried(run: Callable[[], Night]) -> Night:
    """Carry a run out; an error that ended it is its only fault."""
    began = time.monotonic()
    try:
        return run()
    except StagingValidationError as error:
        seconds = time.monotonic() - began
        return Night(0, (f"{type(error).__name__}: {error.message}",), {}, 0.0, seconds)
