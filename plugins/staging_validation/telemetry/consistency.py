"""What the parts of a catalogue say about each other, and where that does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from staging_validation.documents import Place
from staging_validation.telemetry.model import (
    CatalogueFile,
    EventDefinition,
    MetricDefinition,
    MetricType,
    SyntheticEvent,
    SyntheticGauge,
)

if TYPE_CHECKING:
    from staging_validation.telemetry.catalogue import Catalogue

Fault = tuple[Place, str]
"""A place inside the file, and what is wrong there."""


def definition_faults(content: CatalogueFile, catalogue: Catalogue) -> Iterator[Fault]:
    """Find where one file's events and metrics use things that do not exist or do not fit.

    Args:
        content: The file.
        catalogue: All files as one.

    Yields:
        The faults, in the order of the file.
    """
    for name, event in content.events.items():
        for label, definition in event.labels.items():
            if definition.values not in catalogue.values:
                yield (
                    ("events", name, "labels", label, "values"),
                    f"there is no value set {definition.values!r}",
                )
    for position, metric in enumerate(content.metrics):
        check = _gauge_faults if metric.type is MetricType.GAUGE else _event_metric_faults
        for path, message in check(metric, catalogue):
            yield ("metrics", position, *path), message


def synthetic_faults(content: CatalogueFile, catalogue: Catalogue) -> Iterator[Fault]:
    """Find where one file's synthetic traffic does not fit the catalogue.

    Args:
        content: The file.
        catalogue: All files as one, without :func:`definition_faults`.

    Yields:
        The faults, in the order of the file.
    """
    for position, row in enumerate(content.synthetic.events):
        for path, message in _synthetic_event_faults(row, catalogue):
            yield ("synthetic", "events", position, *path), message
    for position, gauge in enumerate(content.synthetic.gauges):
        for path, message in _synthetic_gauge_faults(gauge, catalogue):
            yield ("synthetic", "gauges", position, *path), message


def _gauge_faults(metric: MetricDefinition, catalogue: Catalogue) -> Iterator[Fault]:
    if set(metric.values) != set(metric.labels):
        yield ("values",), f"must name the value sets of {metric.name}'s labels, and of no others"
    for label, values in metric.values.items():
        if values not in catalogue.values:
            yield ("values", label), f"there is no value set {values!r}"


def _event_metric_faults(metric: MetricDefinition, catalogue: Catalogue) -> Iterator[Fault]:
    if list(metric.buckets) != sorted(set(metric.buckets)):
        yield ("buckets",), f"{metric.name} has buckets that do not ascend"
    event = catalogue.events.get(str(metric.event))
    if event is None:
        yield ("event",), f"there is no event {metric.event!r}"
        return
    for position, label in enumerate(metric.labels):
        if label not in event.labels:
            yield ("labels", position), f"the event {metric.event} has no label {label!r}"
    for label, value in metric.when.items():
        yield from _value_faults(("when", label), event, label, value, catalogue)
    if metric.observes is None:
        return
    unit = event.measurements.get(metric.observes)
    if unit is None:
        yield ("observes",), f"the event {metric.event} has no measurement {metric.observes!r}"
    elif unit is not metric.unit:
        yield ("unit",), f"is {metric.unit.value}, but {metric.observes} is measured in {unit.value}"


def _synthetic_event_faults(row: SyntheticEvent, catalogue: Catalogue) -> Iterator[Fault]:
    event = catalogue.events.get(row.event)
    if event is None:
        yield ("event",), f"there is no event {row.event!r}"
        return
    for label, value in row.labels.items():
        yield from _value_faults(("labels", label), event, label, value, catalogue)
    for measurement in row.measurements:
        if measurement not in event.measurements:
            yield ("measurements", measurement), f"the event {row.event} has no such measurement"
    for path, drawn in [(("count",), row.count)] + [
        (("measurements", m), r) for m, r in row.measurements.items()
    ]:
        yield from _range_faults(path, drawn)


def _synthetic_gauge_faults(gauge: SyntheticGauge, catalogue: Catalogue) -> Iterator[Fault]:
    metric = catalogue.metrics.get(gauge.metric)
    if metric is None or metric.type is not MetricType.GAUGE:
        yield ("metric",), f"there is no gauge {gauge.metric!r}"
        return
    if set(gauge.labels) != set(metric.labels):
        yield ("labels",), f"must be exactly {', '.join(metric.labels)}"
        return
    for label, value in gauge.labels.items():
        if value not in catalogue.label_values(metric, label).values:
            yield ("labels", label), f"{value!r} is not among the label's values"
    yield from _range_faults(("value",), gauge.value)


def _value_faults(
    path: Place, event: EventDefinition, label: str, value: str, catalogue: Catalogue
) -> Iterator[Fault]:
    definition = event.labels.get(label)
    if definition is None:
        yield path, "the event has no such label"
        return
    known = catalogue.values.get(definition.values)
    if known and value not in (*known.values, definition.fallback):
        yield path, f"{value!r} is not among the label's values: {', '.join(known.values)}"


def _range_faults(path: Place, drawn: tuple[int, int]) -> Iterator[Fault]:
    lowest, highest = drawn
    if lowest > highest:
        yield path, f"[{lowest}, {highest}] is no range: its first number is above its second"
