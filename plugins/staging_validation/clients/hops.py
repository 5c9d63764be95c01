"""Gathers evidence along the way of a run's series, from the Pushgateway to a query; reads only."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.clients.pushgateway import JOB, RUN_LABEL, STARTED, PushgatewayClient
from staging_validation.errors import CheckFailedError, ServiceAnswerError, ServiceError
from staging_validation.telemetry import Catalogue, Sample, own_samples
from staging_validation.telemetry.comparison import GATEWAY_METRICS
from staging_validation.telemetry.hops import HopEvidence, NamedHop, name_hop
from staging_validation.telemetry.promise import GatewayTarget, find_gateway

_WRONG_LOGIN = 401

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Scrape:
    """What Prometheus says about its scrape of the Pushgateway.

    Attributes:
        gateway: The target that is the Pushgateway, where one is.
        targets: How many targets there are; None when they could not be read.
        unread: Why they could not.
    """

    gateway: GatewayTarget | None = None
    targets: int | None = None
    unread: str | None = None


def run_samples(run_id: str, catalogue: Catalogue, prometheus: PrometheusClient) -> list[Sample]:
    """Return what Prometheus holds of a run, to be compared with the truth.

    Args:
        run_id: The run's id.
        catalogue: The catalogue.
        prometheus: Where the series are.

    Returns:
        The samples, reduced to the catalogue's own labels. One whose ``job`` is not the pushed one keeps all of
        them, and so equals nothing that was pushed: under another job it is not what a dashboard asks for.

    Raises:
        ServiceError: Prometheus cannot be asked.
    """
    found = prometheus.query(f'{{{RUN_LABEL}="{run_id}"}}')
    pushed = [sample for sample in found if sample.labels.get("job") == JOB]
    foreign = [
        sample for sample in found if sample.labels.get("job") != JOB and sample.name not in GATEWAY_METRICS
    ]
    return own_samples(pushed, catalogue) + foreign


def read_scrape(gateway: PushgatewayClient, prometheus: PrometheusClient) -> Scrape:
    """Find out how Prometheus scrapes the Pushgateway.

    Args:
        gateway: The Pushgateway, whose address and job name tell it from the other targets.
        prometheus: Prometheus.

    Returns:
        What it says; a Prometheus that does not say it is no error.

    Raises:
        ServiceUnreachableError: Prometheus or the Pushgateway cannot be reached.
        ServiceAnswerError: Prometheus does not accept our login.
    """
    try:
        targets = prometheus.targets()
    except ServiceAnswerError as error:
        if error.status == _WRONG_LOGIN:
            raise
        return Scrape(unread=error.message)
    if targets is None:
        return Scrape(unread="Prometheus does not tell its targets")
    found = find_gateway(
        targets,
        address=gateway.address,
        origins=lambda: _origins(gateway, prometheus),
        job=gateway.scrape_job,
    )
    return Scrape(found, len(targets))


def explain(
    run_id: str,
    expected: Sequence[Sample],
    catalogue: Catalogue,
    *,
    prometheus: PrometheusClient,
    gateway: PushgatewayClient | None = None,
    pushed_at: float | None = None,
) -> NamedHop:
    """Name the hop at which a run's series were lost or changed.

    Args:
        run_id: The run's id.
        expected: What was pushed.
        catalogue: The catalogue.
        prometheus: Prometheus.
        gateway: The Pushgateway; without it, what lies before the scrape is not looked at.
        pushed_at: When it was pushed, in Unix seconds of our clock.

    Returns:
        The hop. What cannot be asked is named in its sentence, and is no error.
    """
    ask = (questions := _Questions()).ask
    offsets = ask(prometheus.clock_offsets) or {}
    found = ask(lambda: run_samples(run_id, catalogue, prometheus)) or []
    scrape, shown, others, origins = Scrape(unread="the Pushgateway was not at hand"), None, None, None
    if gateway is not None:
        reader = gateway
        scrape = ask(lambda: read_scrape(reader, prometheus)) or scrape
        shown = ask(lambda: own_samples(reader.shown(run_id), catalogue))
        others = ask(lambda: _other_groups(run_id, reader))
        origins = ask(lambda: _origins(reader, prometheus))
        offsets = offsets | (ask(lambda: _gateway_offsets(reader, run_id, pushed_at)) or {})
    elsewhere = ask(lambda: _elsewhere(run_id, expected, prometheus)) or []
    evidence = HopEvidence(
        expected=expected,
        on_gateway=shown,
        other_groups=others or (),
        gateway=scrape.gateway,
        targets=scrape.targets,
        in_prometheus=found,
        renamed=[sample for sample in elsewhere if run_id in sample.labels.values()],
        unlabelled=[sample for sample in elsewhere if run_id not in sample.labels.values()],
        clock_offsets=offsets,
        newest_age_seconds=ask(lambda: _newest_age(scrape.gateway, origins or (), prometheus)),
        scraped_since_push=_scraped_since(scrape.gateway, pushed_at),
    )
    unread = [scrape.unread] if scrape.unread else []
    return name_hop(replace(evidence, unasked=(*questions.unasked, *unread)))


@dataclass
class _Questions:
    """Asks one thing after the other, and keeps what could not be asked."""

    unasked: list[str] = field(default_factory=list)

    def ask(self, question: Callable[[], _Value]) -> _Value | None:
        try:
            return question()
        except (CheckFailedError, ServiceError) as error:
            if error.message not in self.unasked:
                self.unasked.append(error.message)
            return None


def _other_groups(run_id: str, gateway: PushgatewayClient) -> list[str]:
    own = {"job": JOB, RUN_LABEL: run_id}
    return [
        ", ".join(f'{name}="{value}"' for name, value in sorted(group.labels.items()))
        for group in gateway.all_groups()
        if group.labels.get(RUN_LABEL) == run_id and group.labels != own
    ]


def _gateway_offsets(gateway: PushgatewayClient, run_id: str, pushed_at: float | None) -> dict[str, float]:
    date = gateway.clock_offset()
    offsets = {} if date is None else {"the Pushgateway (Date)": date}
    if pushed_at is None:
        return offsets
    now = time.time()
    for group in gateway.groups():
        if group.validation_run == run_id:
            # Anybody may have pushed between our push and now: only outside of these times a clock is wrong.
            told = group.pushed_at.timestamp()
            offsets["the Pushgateway (push_time_seconds)"] = min(0.0, told - pushed_at) + max(0.0, told - now)
    return offsets


def _elsewhere(run_id: str, expected: Sequence[Sample], prometheus: PrometheusClient) -> list[Sample]:
    """Return series that we pushed and that carry this run's id in another label, or no run's at all."""
    names = {sample.name for sample in expected}
    found = [
        sample
        for label in ("job", "exported_job")
        for sample in prometheus.query(f'{{{label}="{JOB}",{RUN_LABEL}!="{run_id}"}}')
    ]
    return [
        sample
        for sample in found
        if run_id in sample.labels.values() or (sample.name in names and RUN_LABEL not in sample.labels)
    ]


def _origins(gateway: PushgatewayClient, prometheus: PrometheusClient) -> list[Sample]:
    """Return the series in Prometheus whose process started when the Pushgateway's did: they are its own."""
    try:
        started = gateway.started_at()
        return [] if started is None else prometheus.query(f"{STARTED} == {started!r}")
    except (CheckFailedError, ServiceAnswerError):
        return []


def _newest_age(
    gateway: GatewayTarget | None, origins: Sequence[Sample], prometheus: PrometheusClient
) -> float | None:
    """Return the age of the newest sample of the Pushgateway's target; of a known one that has none it is infinite."""
    if gateway is not None:
        job, instance = gateway.target.job, gateway.target.instance
    elif origins:
        job, instance = (origins[0].labels.get(label, "") for label in ("job", "instance"))
    else:
        return None
    # Prometheus writes it at every scrape, whatever relabelling does to what was scraped.
    up = f"up{{job={json.dumps(job)},instance={json.dumps(instance)}}}"
    newest = prometheus.query(f"max(timestamp({up}))")
    return time.time() - newest[0].value if newest else math.inf


def _scraped_since(gateway: GatewayTarget | None, pushed_at: float | None) -> bool | None:
    if gateway is None or pushed_at is None:
        return None
    last = gateway.target.last_scrape
    return last is not None and last.timestamp() > pushed_at
