"""The plan of a run: which synthetic events it emits. Made from the run id alone, so it can be made again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from prometheus_client import CollectorRegistry

from staging_validation.telemetry.catalogue import Catalogue
from staging_validation.telemetry.instruments import Instruments
from staging_validation.telemetry.model import Range
from staging_validation.telemetry.samples import Sample
from staging_validation.telemetry.traffic import complete_traffic


@dataclass(frozen=True)
class PlannedEvent:
    """One event that a run emits.

    Attributes:
        event: Its short name.
        measurements: Its measurements, in the catalogue's units.
        labels: Its labels.
    """

    event: str
    measurements: Mapping[str, float]
    labels: Mapping[str, str]


@dataclass(frozen=True)
class PlannedGauge:
    """One gauge value that a run emits.

    Attributes:
        metric: The gauge's full name.
        labels: Its labels.
        value: Its value.
    """

    metric: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class RunPlan:
    """Everything a run emits.

    Attributes:
        run_id: The run's id, which every emitted series carries as ``validation_run``.
        events: The events, in the order of the catalogue's synthetic traffic.
        gauges: The gauges' values.
    """

    run_id: str
    events: tuple[PlannedEvent, ...]
    gauges: tuple[PlannedGauge, ...]


def plan_run(run_id: str, catalogue: Catalogue) -> RunPlan:
    """Draw a run's synthetic events from its id.

    The same id gives the same plan; another id gives other numbers, so that a value that was left over from
    another night cannot be taken for this one's.

    Args:
        run_id: The run's id.
        catalogue: The catalogue, whose synthetic traffic says what may be drawn.

    Returns:
        The plan. It reaches every metric of the catalogue, so that none goes unchecked.
    """
    traffic = complete_traffic(catalogue)
    events: list[PlannedEvent] = []
    for position, row in enumerate(traffic.events):
        for number in range(_draw(row.count, run_id, position, "count")):
            measurements = {
                name: float(_draw(allowed, run_id, position, number, name))
                for name, allowed in row.measurements.items()
            }
            events.append(PlannedEvent(row.event, measurements, row.labels))
    gauges = tuple(
        PlannedGauge(row.metric, row.labels, float(_draw(row.value, run_id, "gauge", position)))
        for position, row in enumerate(traffic.gauges)
    )
    return RunPlan(run_id, tuple(events), gauges)


def baseline_registry(plan: RunPlan, catalogue: Catalogue) -> CollectorRegistry:
    """Return the plan's series, all at zero: what Prometheus must have seen before the values come."""
    registry = CollectorRegistry()
    instruments = Instruments(catalogue, registry)
    declare_plan(plan, instruments)
    for gauge in plan.gauges:
        instruments.set_gauge(gauge.metric, gauge.labels, 0.0)
    return registry


def values_registry(plan: RunPlan, catalogue: Catalogue) -> CollectorRegistry:
    """Return the plan's series with their values."""
    registry = CollectorRegistry()
    record_plan(plan, Instruments(catalogue, registry))
    return registry


def declare_plan(plan: RunPlan, instruments: Instruments) -> None:
    """Make the series of a plan's events, without counting any."""
    for event, labels, occurrences in _alike(plan.events):
        for measurements in {tuple(measured): measured for measured in occurrences}.values():
            instruments.declare(event, measurements, labels)


def record_plan(plan: RunPlan, instruments: Instruments) -> None:
    """Count and observe a plan's events, and set its gauges."""
    for event, labels, occurrences in _alike(plan.events):
        instruments.record_all(event, occurrences, labels)
    for gauge in plan.gauges:
        instruments.set_gauge(gauge.metric, gauge.labels, gauge.value)


def _alike(
    events: Sequence[PlannedEvent],
) -> Iterator[tuple[str, Mapping[str, str], list[Mapping[str, float]]]]:
    """Yield the events of each row of the traffic together, which have the same labels: the measurements of each."""
    for (name, _), row in groupby(events, key=lambda event: (event.event, id(event.labels))):
        first, *others = row
        yield name, first.labels, [first.measurements, *(event.measurements for event in others)]


def registry_samples(registry: CollectorRegistry) -> tuple[Sample, ...]:
    """Return everything a registry holds: every series and every bucket."""
    return tuple(
        Sample(sample.name, dict(sample.labels), float(sample.value))
        for metric in registry.collect()
        for sample in metric.samples
    )


def expected_samples(plan: RunPlan, catalogue: Catalogue) -> tuple[Sample, ...]:
    """Return the truth of a run: every series and bucket that its events make, with its value.

    Args:
        plan: The run's plan.
        catalogue: The catalogue it was made from.

    Returns:
        The samples, without the labels that the transport adds (job, ``validation_run``).
    """
    return registry_samples(values_registry(plan, catalogue))


def _draw(allowed: Range, *key: object) -> int:
    """Draw one of the allowed numbers: a hash of the key spreads evenly and is the same everywhere."""
    lowest, highest = allowed
    digest = hashlib.sha256("/".join(map(str, key)).encode()).digest()
    return lowest + int.from_bytes(digest[:8], "big") % (highest - lowest + 1)
