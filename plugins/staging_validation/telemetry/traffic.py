"""The synthetic traffic of a run, completed: what no row of the catalogue reaches gets a row of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from staging_validation.telemetry.catalogue import Catalogue
from staging_validation.telemetry.instruments import complete_labels
from staging_validation.telemetry.model import (
    MetricDefinition,
    MetricType,
    SyntheticEvent,
    SyntheticGauge,
    SyntheticTraffic,
)

_OWN_COUNT = (2, 5)
_OWN_VALUE = (1, 10)
"""Small, so that a metric that somebody adds brings no alert over its threshold."""


def complete_traffic(catalogue: Catalogue) -> SyntheticTraffic:
    """Return the catalogue's synthetic traffic, with a row for every metric that it does not reach.

    So a new metric is one entry, and no metric goes unchecked.

    Args:
        catalogue: The catalogue.

    Returns:
        The catalogue's rows in their order, then the added ones: a row for a metric of an event, with the first
        of each label's values and what the metric's condition asks for; one for each combination of a gauge's
        label values.
    """
    events = list(catalogue.synthetic_events)
    gauges = list(catalogue.synthetic_gauges)
    for metric in catalogue.metrics.values():
        if metric.type is MetricType.GAUGE:
            if all(row.metric != metric.name for row in gauges):
                gauges.extend(_gauges(metric, catalogue))
        elif not any(_reaches(row, metric, catalogue) for row in events):
            events.append(_event(metric, catalogue))
    return SyntheticTraffic(events=tuple(events), gauges=tuple(gauges))


def _reaches(row: SyntheticEvent, metric: MetricDefinition, catalogue: Catalogue) -> bool:
    if row.event != metric.event or row.count[0] == 0:
        return False
    labels = complete_labels(catalogue.event(row.event), row.labels)
    meets = all(labels[label] == value for label, value in metric.when.items())
    return meets and (metric.observes is None or metric.observes in row.measurements)


def _event(metric: MetricDefinition, catalogue: Catalogue) -> SyntheticEvent:
    event = str(metric.event)
    labels = {
        label: metric.when.get(label) or catalogue.values[definition.values].values[0]
        for label, definition in catalogue.event(event).labels.items()
    }
    measurements = {metric.observes: _OWN_VALUE} if metric.observes else {}
    return SyntheticEvent(event=event, count=_OWN_COUNT, labels=labels, measurements=measurements)


def _gauges(metric: MetricDefinition, catalogue: Catalogue) -> Iterator[SyntheticGauge]:
    allowed = (catalogue.values[metric.values[label]].values for label in metric.labels)
    for values in product(*allowed):
        labels = dict(zip(metric.labels, values, strict=True))
        yield SyntheticGauge(metric=metric.name, labels=labels, value=_OWN_VALUE)
