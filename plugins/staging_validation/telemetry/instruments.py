"""Turns events into metrics in memory, exactly as the catalogue says."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric

from staging_validation.telemetry.catalogue import Catalogue
from staging_validation.telemetry.model import UNKNOWN, EventDefinition, MetricDefinition, MetricType


class _WithoutCreated(MetricWrapperBase):
    """Leaves out the ``_created`` series, which the catalogue does not have.

    The client library's own switch is global to the process and would change the metrics of whoever else
    uses it there (a service, Airflow), so the samples are filtered where they are collected.
    """

    def collect(self) -> Iterable[Metric]:
        for metric in super().collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


class _Counter(_WithoutCreated, Counter):
    pass


class _Histogram(_WithoutCreated, Histogram):
    pass


@dataclass
class _Fed:
    """One series that an event feeds.

    Attributes:
        instrument: The metric.
        values: The series' label values.
        observes: The measurement that it observes; None for a counter.
    """

    instrument: Counter | Histogram
    values: tuple[str, ...]
    observes: str | None

    @cached_property
    def feed(self) -> Callable[[float], None]:
        """Adds one event's amount; with its first use, the series is there."""
        series = self.instrument.labels(*self.values)
        return series.inc if isinstance(series, Counter) else series.observe


class Instruments:
    """The catalogue's metrics, fed by events.

    Args:
        catalogue: What there is to record.
        registry: Holds the metrics. Give each use a fresh one; nothing is registered globally.
    """

    def __init__(self, catalogue: Catalogue, registry: CollectorRegistry) -> None:
        self._catalogue = catalogue
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        self._gauges: dict[str, Gauge] = {}
        for metric in catalogue.metrics.values():
            self._register(metric, registry)

    def record(self, event: str, measurements: Mapping[str, float], labels: Mapping[str, object]) -> None:
        """Count and observe one event.

        A label that is missing takes the event's fallback; a null, empty or non-scalar value (or one that is
        no Unicode text) becomes ``unknown``. A measurement that is missing (or no finite number) skips only the
        histogram that observes it. The rules are the platform contract's.

        Args:
            event: The event's short name, for example ``payment_processed``.
            measurements: Its measurements, in the catalogue's units.
            labels: Its labels; those that the catalogue does not know are left out.

        Raises:
            CatalogueError: There is no such event.
        """
        self.record_all(event, (measurements,), labels)

    def record_all(
        self, event: str, occurrences: Iterable[Mapping[str, float]], labels: Mapping[str, object]
    ) -> None:
        """Count and observe events that have the same labels: their series are looked up once.

        Args:
            event: See :meth:`record`.
            occurrences: The measurements of each of the events.
            labels: The labels of all of them.

        Raises:
            CatalogueError: There is no such event.
        """
        series = self._fed(event, labels)
        for measurements in occurrences:
            for fed, amount in _amounts(series, measurements):
                fed.feed(amount)

    def declare(self, event: str, measurements: Mapping[str, float], labels: Mapping[str, object]) -> None:
        """Make the series that :meth:`record` would touch, without counting: they stand at zero.

        A counter's first sample must be zero, or Prometheus cannot see its first increase.

        Args:
            event: See :meth:`record`.
            measurements: See :meth:`record`; which are there decides, their values do not.
            labels: See :meth:`record`.

        Raises:
            CatalogueError: There is no such event.
        """
        for fed, _ in _amounts(self._fed(event, labels), measurements):
            _ = fed.feed

    def set_gauge(self, metric: str, labels: Mapping[str, object], value: float) -> None:
        """Set a gauge that is sampled, not fed by events.

        Args:
            metric: Its full name.
            labels: Its labels; a missing one becomes ``unknown``.
            value: Its value, in the catalogue's unit.

        Raises:
            CatalogueError: There is no such gauge.
        """
        definition = self._catalogue.gauge(metric)
        values = [_scalar(labels[name]) if name in labels else UNKNOWN for name in definition.labels]
        self._gauges[metric].labels(*values).set(value)

    def _register(self, metric: MetricDefinition, registry: CollectorRegistry) -> None:
        if metric.type is MetricType.COUNTER:
            self._counters[metric.name] = _Counter(metric.name, metric.help, metric.labels, registry=registry)
        elif metric.type is MetricType.GAUGE:
            self._gauges[metric.name] = Gauge(metric.name, metric.help, metric.labels, registry=registry)
        else:
            self._histograms[metric.name] = _Histogram(
                metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets
            )

    def _fed(self, event: str, labels: Mapping[str, object]) -> tuple[_Fed, ...]:
        """Return the series that an event with these labels feeds."""
        return tuple(self._look_up(event, complete_labels(self._catalogue.event(event), labels)))

    def _look_up(self, event: str, complete: Mapping[str, str]) -> Iterator[_Fed]:
        for metric in self._catalogue.fed_by(event):
            if all(complete[label] == value for label, value in metric.when.items()):
                values = tuple(complete[label] for label in metric.labels)
                instrument = self._counters.get(metric.name) or self._histograms[metric.name]
                yield _Fed(instrument, values, metric.observes)


def _amounts(series: Iterable[_Fed], measurements: Mapping[str, float]) -> Iterator[tuple[_Fed, float]]:
    """Yield the series that one event feeds, with what each takes: its measurement, or one event."""
    for fed in series:
        amount = 1.0 if fed.observes is None else _finite(measurements.get(fed.observes))
        if amount is not None:
            yield fed, amount


def complete_labels(event: EventDefinition, labels: Mapping[str, object]) -> dict[str, str]:
    """Return all labels of an event: the given ones as text, the missing ones by their fallback.

    Args:
        event: The event.
        labels: The labels it carries.

    Returns:
        One value for each label that the catalogue knows, none for any other.
    """
    return {
        name: _scalar(labels[name]) if name in labels else definition.fallback
        for name, definition in event.labels.items()
    }


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, (str, int, float)) or value == "":
        return UNKNOWN
    text = str(value)
    # JSON can carry half a surrogate pair, which UTF-8 cannot: one such value would make /metrics unreadable.
    return text if text.isascii() or text.encode(errors="ignore").decode() == text else UNKNOWN


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:  # a whole number that is larger than any sample's value can be
        return None
    return number if math.isfinite(number) else None
