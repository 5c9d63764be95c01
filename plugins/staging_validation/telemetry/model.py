"""The metric catalogue's model: what an event carries, and what it is counted and observed in.

The model holds what one entry must look like by itself, all of which a JSON Schema can say too (see
``json_schema.py``); what entries say about each other is in ``consistency.py``.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

UNKNOWN = "unknown"
"""What a label value that is null, empty or no scalar becomes, and the fallback where none is named."""

GENERATED_SUFFIXES = ("_bucket", "_sum", "_count", "_created")
"""Endings of the series that a client library derives; no metric may have such a name itself."""

RESERVED_LABELS = ("instance", "job", "le", "validation_run")
"""Labels that Prometheus or the run itself needs; no metric may have one of them."""

_METRIC = r"^[a-z][a-z0-9_]*$"
_LABEL = r"^[a-z][a-z0-9_]*$"


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _twice(value: object) -> object:
    return (value, value) if isinstance(value, (int, float)) else value


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("names a value twice")
    return values


_MOST = 10**15
"""The largest number that a file may name: a sample's value, a double, still holds every whole number there."""

Whole = Annotated[int, Field(strict=True, ge=0, le=_MOST), BeforeValidator(_whole)]
"""A whole number from 0 that a sample holds exactly."""

Range = Annotated[
    tuple[Whole, Whole], BeforeValidator(_twice, json_schema_input_type=Whole | tuple[Whole, Whole])
]
"""One whole number, or the lowest and the highest of those that may be drawn."""

_Flag = Annotated[bool, Field(strict=True)]
_Bound = Annotated[float, Field(strict=True, ge=0, le=_MOST, allow_inf_nan=False)]
_Text = Annotated[str, Field(min_length=1)]
_LabelName = Annotated[str, Field(pattern=_LABEL)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


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
    """The values that a label may take."""

    values: Annotated[
        tuple[_Text, ...],
        Field(min_length=1, json_schema_extra={"uniqueItems": True}),
        AfterValidator(_distinct),
    ]
    """The known ones; synthetic traffic uses no others."""
    open: _Flag = False
    """Whether real traffic may carry others too."""


class LabelDefinition(_Model):
    """A label of an event."""

    values: str
    """The name of its value set."""
    fallback: _Text = UNKNOWN
    """What it is when the event does not carry it."""


class EventDefinition(_Model):
    """A billing event."""

    help: _Text
    """What happened."""
    measurements: dict[str, Unit] = Field(default_factory=dict)
    """The measurements it may carry, with their units."""
    labels: dict[_LabelName, LabelDefinition]
    """Its labels."""


class MetricDefinition(_Model):
    """A metric."""

    name: str = Field(pattern=_METRIC)
    """Its full name in Prometheus; a counter's ends in ``_total``."""
    type: MetricType
    """Its type."""
    help: _Text
    """What it says, for ``# HELP``."""
    unit: Unit
    """What one of it is; a counter's or histogram's sum has this unit too."""
    labels: tuple[_LabelName, ...]
    """Its labels, out of the event's."""
    event: str | None = None
    """The event that feeds it."""
    source: Source | None = None
    """Where it is sampled from, for a metric without an event."""
    observes: _Text | None = None
    """The measurement that a histogram observes; a counter counts events."""
    when: dict[str, str] = Field(default_factory=dict)
    """Label values that an event must have to be counted here."""
    buckets: tuple[_Bound, ...] = ()
    """A histogram's upper bounds, ascending, without ``+Inf``."""
    values: dict[str, str] = Field(default_factory=dict)
    """The value sets of the labels of a metric without an event."""
    seed: _Flag = False
    """Whether it is one of the sixteen metrics that billing began with."""

    @model_validator(mode="after")
    def _hangs_together(self) -> MetricDefinition:
        fault = next((message for message, wrong in self._rules() if wrong), None)
        if fault:
            raise ValueError(f"{self.name} {fault}")
        return self

    def _rules(self) -> tuple[tuple[str, bool], ...]:
        """Return what must not be; ``json_schema.py`` says the same in its own words."""
        histogram = self.type is MetricType.HISTOGRAM
        gauge = self.type is MetricType.GAUGE
        return (
            ("is a counter, so its name must end in _total", self._name_breaks_convention()),
            ("has a name that a client library derives", self.name.endswith(GENERATED_SUFFIXES)),
            ("must name the event that feeds it, or (a gauge) its source", (self.event is None) is not gauge),
            ("must name a source if and only if it is a gauge", (self.source is not None) is not gauge),
            (
                "must observe a measurement if and only if it is a histogram",
                (self.observes is not None) is not histogram,
            ),
            ("must have buckets if and only if it is a histogram", bool(self.buckets) is not histogram),
            ("names a label twice", len(set(self.labels)) != len(self.labels)),
            (
                "uses a label that Prometheus or the run needs",
                not set(RESERVED_LABELS).isdisjoint(self.labels),
            ),
            ("names value sets, which only a gauge may", bool(self.values) and not gauge),
            ("has a condition, which a gauge cannot have", bool(self.when) and gauge),
        )

    def _name_breaks_convention(self) -> bool:
        return (self.type is MetricType.COUNTER) is not self.name.endswith("_total")


class SyntheticEvent(_Model):
    """A row of a run's synthetic traffic."""

    event: str
    """The event."""
    count: Range
    """How often it is emitted."""
    labels: dict[str, str]
    """Its labels; one that is left out takes the event's fallback."""
    measurements: dict[str, Range] = Field(default_factory=dict)
    """Its measurements; one that is left out is not sent."""


class SyntheticGauge(_Model):
    """A gauge's synthetic value."""

    metric: str
    """The gauge's name."""
    labels: dict[str, str]
    """Its labels."""
    value: Range
    """Its value."""


class SyntheticTraffic(_Model):
    """The synthetic traffic of one run."""

    events: tuple[SyntheticEvent, ...] = ()
    """The events; a metric that none of them reaches gets one of its own."""
    gauges: tuple[SyntheticGauge, ...] = ()
    """The gauges' values; a gauge that is not named here gets one for each label value."""


class CatalogueFile(_Model):
    """One file of the catalogue. It may use what another file defines, so every part may be left out."""

    event_prefix: str = ""
    """What the full names of this file's events begin with."""
    values: dict[str, ValueSet] = Field(default_factory=dict)
    """Named sets of label values."""
    events: dict[Annotated[str, Field(pattern=_METRIC)], EventDefinition] = Field(default_factory=dict)
    """The events, by their short names."""
    metrics: tuple[MetricDefinition, ...] = ()
    """The metrics."""
    synthetic: SyntheticTraffic = SyntheticTraffic()
    """The traffic of one run."""

    @model_validator(mode="after")
    def _events_have_a_prefix(self) -> CatalogueFile:
        if self.events and not self.event_prefix:
            raise ValueError("a file that defines events must name their event_prefix")
        return self
