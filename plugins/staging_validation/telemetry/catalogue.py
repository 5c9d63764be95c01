"""The metric catalogue: every event and metric, known before any query runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError

from staging_validation.documents import Document, Place, Problem, read_document
from staging_validation.errors import CatalogueError
from staging_validation.source_files import SourceFile
from staging_validation.telemetry.consistency import definition_faults, synthetic_faults
from staging_validation.telemetry.model import (
    UNKNOWN,
    CatalogueFile,
    EventDefinition,
    MetricDefinition,
    MetricType,
    SyntheticEvent,
    SyntheticGauge,
    ValueSet,
)

_Defined = TypeVar("_Defined")


@dataclass(frozen=True)
class Catalogue:
    """All files of the catalogue as one. Build it with :func:`parse_catalogue`.

    Attributes:
        events: The events by their short names (``subscription_created``).
        event_names: The events' full names (``rsolv.billing.subscription_created``) by their short ones.
        metrics: The metrics by their full names.
        values: The value sets by name.
        synthetic_events: The rows of a run's synthetic traffic.
        synthetic_gauges: The gauges' synthetic values.
    """

    events: Mapping[str, EventDefinition]
    event_names: Mapping[str, str]
    metrics: Mapping[str, MetricDefinition]
    values: Mapping[str, ValueSet]
    synthetic_events: tuple[SyntheticEvent, ...] = ()
    synthetic_gauges: tuple[SyntheticGauge, ...] = ()
    _by_event: Mapping[str, tuple[MetricDefinition, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_event = {
            event: tuple(metric for metric in self.metrics.values() if metric.event == event)
            for event in self.events
        }
        object.__setattr__(self, "_by_event", MappingProxyType(by_event))

    def event(self, name: str) -> EventDefinition:
        """Return an event by its short name.

        Raises:
            CatalogueError: There is no such event.
        """
        if name not in self.events:
            raise CatalogueError(
                f"The metric catalogue has no event {name!r}; it has {', '.join(sorted(self.events))}.",
                remedy="correct the name, or add the event to include/telemetry/",
            )
        return self.events[name]

    def fed_by(self, event: str) -> tuple[MetricDefinition, ...]:
        """Return the metrics that an event feeds, in the catalogue's order."""
        self.event(event)
        return self._by_event[event]

    def gauge(self, name: str) -> MetricDefinition:
        """Return a gauge by its full name.

        Raises:
            CatalogueError: There is no such gauge.
        """
        metric = self.metrics.get(name)
        if metric is None or metric.type is not MetricType.GAUGE:
            raise CatalogueError(f"The metric catalogue has no gauge {name!r}.")
        return metric

    def label_values(self, metric: MetricDefinition, label: str) -> ValueSet:
        """Return everything a metric's label may hold: its value set, the fallback and ``unknown``."""
        if metric.event is None:
            known, fallback = self.values[metric.values[label]], UNKNOWN
        else:
            definition = self.events[metric.event].labels[label]
            known, fallback = self.values[definition.values], definition.fallback
        extra = dict.fromkeys((*known.values, fallback, UNKNOWN))
        return ValueSet(values=tuple(extra), open=known.open)


def parse_catalogue(files: Sequence[SourceFile]) -> Catalogue:
    """Read the catalogue's files as one catalogue.

    Args:
        files: The YAML files of ``include/telemetry/``. Value sets, events and metrics of one file may be
            used in another; each may be defined only once.

    Returns:
        The catalogue.

    Raises:
        CatalogueError: A file is no YAML, has an unknown or wrong field, or the files contradict themselves.
            The message names every problem with its file and line.
    """
    documents = [read_document(file) for file in files]
    problems = [problem for document in documents for problem in document.problems]
    parsed = [] if problems else [(document, _content(document, problems)) for document in documents]
    readable = [(document, content) for document, content in parsed if content is not None]
    _refuse(problems)
    catalogue = _merge(readable, problems)
    if not catalogue.metrics:
        raise CatalogueError("The metric catalogue has no metric.", remedy="restore include/telemetry/")
    for find in (definition_faults, synthetic_faults):
        for document, content in readable:
            problems.extend(_problem(document, place, message) for place, message in find(content, catalogue))
        _refuse(problems)
    return catalogue


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise CatalogueError(
            f"The metric catalogue has {count}:\n" + "\n".join(map(str, problems)), remedy="correct the files"
        )


def _content(document: Document, problems: list[Problem]) -> CatalogueFile | None:
    try:
        return CatalogueFile.model_validate(document.content)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False):
            message = found["msg"].removeprefix("Value error, ")
            problems.append(_problem(document, found["loc"], message[:1].lower() + message[1:]))
        return None


def _problem(document: Document, place: Place, message: str) -> Problem:
    name = ".".join(map(str, place)) or "the file"
    return document.problem(place, f"{name}: {message}")


def _merge(parsed: Sequence[tuple[Document, CatalogueFile]], problems: list[Problem]) -> Catalogue:
    values: dict[str, ValueSet] = {}
    events: dict[str, EventDefinition] = {}
    names: dict[str, str] = {}
    metrics: dict[str, MetricDefinition] = {}
    for document, content in parsed:
        _add(document, "values", values, content.values, problems)
        _add(document, "events", events, content.events, problems)
        names.update({event: f"{content.event_prefix}{event}" for event in content.events})
        for position, metric in enumerate(content.metrics):
            if metric.name in metrics:
                message = f"{metric.name} is defined already"
                problems.append(_problem(document, ("metrics", position, "name"), message))
            metrics[metric.name] = metric
    return Catalogue(
        events=MappingProxyType(events),
        event_names=MappingProxyType(names),
        metrics=MappingProxyType(metrics),
        values=MappingProxyType(values),
        synthetic_events=tuple(row for _, content in parsed for row in content.synthetic.events),
        synthetic_gauges=tuple(row for _, content in parsed for row in content.synthetic.gauges),
    )


def _add(
    document: Document,
    section: str,
    known: dict[str, _Defined],
    new: Mapping[str, _Defined],
    problems: list[Problem],
) -> None:
    for name, definition in new.items():
        if name in known:
            problems.append(_problem(document, (section, name), "is defined in another file already"))
        known[name] = definition
