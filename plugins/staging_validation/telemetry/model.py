"""The metric catalogue's model: what an event carries, and what it is counted and observed in."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

UNKNOWN = "unknown"
"""What a label value that is null, empty or no scalar becomes, and the fallback where none is named."""

GENERATED_SUFFIXES = ("_bucket", "_sum", "_count", "_created")
"""Endings of the series that a client library derives; no metric may have such a name itself."""

_METRIC = r"^[a-z][a-z0-9_]*$"
_LABEL = r"^[a-z][a-z0-9_]*$"
_RESERVED_LABELS = frozenset({"le", "job", "instance", "validation_run"})

Range = Annotated[
    tuple[int, int],
    BeforeValidator(lambda value: (value, value) if isinstance(value, int) else value),
]
"""One whole number, or the lowest and the highest of those that may be drawn."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MetricType(str, Enum):
    """A Prometheus metric type."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


class Unit(str, Enum):
    """What one of a metric's value is."""

    EVENTS = "events"
    CENTS = "cents"
    MILLISECONDS = "milliseconds"
    FIXES = "fixes"
    CREDITS = "credits"
    SUBSCRIPTIONS = "subscriptions"


class Source(str, Enum):
    """Where a metric that no event feeds is sampled from."""

    DATABASE = "database"


class ValueSet(_Model):
    """The values that a label may take.

    Attributes:
        values: The known ones; synthetic traffic uses no others.
        open: Whether real traffic may carry others too.
    """

    values: tuple[str, ...] = Field(min_length=1)
    open: bool = False


class LabelDefinition(_Model):
    """A label of an event.

    Attributes:
        values: The name of its value set.
        fallback: What it is when the event does not carry it.
    """

    values: str
    fallback: str = Field(default=UNKNOWN, min_length=1)


class EventDefinition(_Model):
    """A billing event.

    Attributes:
        help: What happened.
        measurements: The measurements it may carry, with their units.
        labels: Its labels.
    """

    help: str = Field(min_length=1)
    measurements: dict[str, Unit] = Field(default_factory=dict)
    labels: dict[Annotated[str, Field(pattern=_LABEL)], LabelDefinition]


class MetricDefinition(_Model):
    """A metric.

    Attributes:
        name: Its full name in Prometheus; a counter's ends in ``_total``.
        type: Its type.
        help: What it says, for ``# HELP``.
        unit: What one of it is; a counter or histogram's sum has this unit too.
        labels: Its labels, out of the event's.
        event: The event that feeds it.
        source: Where it is sampled from, for a metric without an event.
        observes: The measurement that a histogram observes; a counter counts events.
        when: Label values that an event must have to be counted here.
        buckets: A histogram's upper bounds, without ``+Inf``.
        values: The value sets of the labels of a metric without an event.
        seed: Whether it is one of the sixteen metrics that billing began with.
    """

    name: str = Field(pattern=_METRIC)
    type: MetricType
    help: str = Field(min_length=1)
    unit: Unit
    labels: tuple[Annotated[str, Field(pattern=_LABEL)], ...]
    event: str | None = None
    source: Source | None = None
    observes: str | None = None
    when: dict[str, str] = Field(default_factory=dict)
    buckets: tuple[float, ...] = ()
    values: dict[str, str] = Field(default_factory=dict)
    seed: bool = False

    @model_validator(mode="after")
    def _hangs_together(self) -> MetricDefinition:
        fault = next((message for message, wrong in self._rules() if wrong), None)
        if fault:
            raise ValueError(f"{self.name} {fault}")
        return self

    def _rules(self) -> tuple[tuple[str, bool], ...]:
        histogram = self.type is MetricType.HISTOGRAM
        gauge = self.type is MetricType.GAUGE
        return (
            ("is a counter, so its name must end in _total", self._name_breaks_convention()),
            ("has a name that a client library derives", self.name.endswith(GENERATED_SUFFIXES)),
            ("must name the event that feeds it, or (a gauge) its source", (self.event is None) is not gauge),
            ("must name a source if and only if it is a gauge", (self.source is not None) is not gauge),
            (
                "must observe a measurement if and only if it is a histogram",
                bool(self.observes) is not histogram,
            ),
            ("must have buckets if and only if it is a histogram", bool(self.buckets) is not histogram),
            ("has buckets that do not ascend", list(self.buckets) != sorted(set(self.buckets))),
            ("names a label twice", len(set(self.labels)) != len(self.labels)),
            ("uses a label that Prometheus or the run needs", bool(_RESERVED_LABELS & set(self.labels))),
            ("must name the value sets of its own labels, and only a gauge may", self._values_misplaced()),
        )

    def _name_breaks_convention(self) -> bool:
        return (self.type is MetricType.COUNTER) is not self.name.endswith("_total")

    def _values_misplaced(self) -> bool:
        wanted = set(self.labels) if self.type is MetricType.GAUGE else set()
        return set(self.values) != wanted


class SyntheticEvent(_Model):
    """A row of a run's synthetic traffic.

    Attributes:
        event: The event.
        count: How often it is emitted.
        labels: Its labels; one that is left out takes the event's fallback.
        measurements: Its measurements; one that is left out is not sent.
    """

    event: str
    count: Range
    labels: dict[str, str]
    measurements: dict[str, Range] = Field(default_factory=dict)


class SyntheticGauge(_Model):
    """A gauge's synthetic value.

    Attributes:
        metric: The gauge's name.
        labels: Its labels.
        value: Its value.
    """

    metric: str
    labels: dict[str, str]
    value: Range


class SyntheticTraffic(_Model):
    """The synthetic traffic of one run."""

    events: tuple[SyntheticEvent, ...] = ()
    gauges: tuple[SyntheticGauge, ...] = ()


class CatalogueFile(_Model):
    """One file of the catalogue."""

    event_prefix: str = Field(min_length=1)
    values: dict[str, ValueSet]
    events: dict[Annotated[str, Field(pattern=_METRIC)], EventDefinition]
    metrics: tuple[MetricDefinition, ...]
    synthetic: SyntheticTraffic = SyntheticTraffic()
