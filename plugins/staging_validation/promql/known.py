"""What is known of the metrics before any query runs: their types, units, labels and values."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from staging_validation.promql.intervals import Interval
from staging_validation.promql.tree import Matcher, MatchOperator, VectorSelector

STAND_IN = "__variable__"
"""What stands in a query for a variable whose value is not known: as a label's name and in a label's value."""

STAND_IN_NUMBER = 7202501.0078125
"""What stands in a query for a number that is not known; no query has this one by chance."""

TARGET_LABELS = frozenset({"job", "instance"})
"""Labels that Prometheus gives every series it scrapes."""

_PARTS = ("bucket", "sum", "count")


class MetricKind(str, Enum):
    """A metric's type."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LabelValues:
    """The values of a label.

    Attributes:
        values: The known ones.
        open: Whether others are possible.
    """

    values: frozenset[str]
    open: bool

    def may_hold(self, value: str) -> bool:
        """Return whether the label can have a value."""
        return self.open or value in self.values


_ANYTHING = LabelValues(frozenset(), open=True)


@dataclass(frozen=True, slots=True)
class KnownMetric:
    """A metric.

    Attributes:
        name: Its name; a histogram's or summary's without ``_bucket``, ``_sum`` and ``_count``.
        kind: Its type.
        unit: What one of it is (``cents``, ``milliseconds``, ``events``, …); None where nobody knows.
        labels: Its own labels with their values.
        buckets: A histogram's finite upper bounds, ascending; empty where they are not known.
        help: What it says.
        pushed: Whether it may come through a Pushgateway.
        extra_labels: Labels that the way to Prometheus may add.
        optional_labels: Those of its own labels that some series do not carry.
        open_labels: Whether it may have further labels that nobody knows.
        described: Whether people wrote down what it is, completely, instead of learning it from what was seen.
        event: The event that it counts or observes; empty where that is not known.
        interval: Between which numbers its values lie, where more is known than its type says.
    """

    name: str
    kind: MetricKind
    unit: str | None = None
    labels: Mapping[str, LabelValues] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()
    help: str = ""
    pushed: bool = False
    extra_labels: frozenset[str] = TARGET_LABELS
    optional_labels: frozenset[str] = frozenset()
    open_labels: bool = False
    described: bool = False
    event: str = ""
    interval: Interval | None = None

    def series_names(self) -> tuple[str, ...]:
        """Return the names of its series."""
        if self.kind is MetricKind.HISTOGRAM:
            return tuple(f"{self.name}_{part}" for part in _PARTS)
        if self.kind is MetricKind.SUMMARY:
            return (self.name, f"{self.name}_sum", f"{self.name}_count")
        return (self.name,)

    def part_label(self, part: str) -> str | None:
        """Return the label that only this part of a histogram or summary has: ``le`` or ``quantile``."""
        if self.kind is MetricKind.HISTOGRAM and part == "bucket":
            return "le"
        return "quantile" if self.kind is MetricKind.SUMMARY and not part else None

    def guaranteed_labels(self, part: str) -> frozenset[str]:
        """Return the labels that every series of a part has."""
        own = frozenset(self.labels) - self.optional_labels
        label = self.part_label(part)
        return own | {label} if label else own

    def possible_labels(self, part: str) -> frozenset[str] | None:
        """Return the labels that a series of a part may have; None where others than the known are possible."""
        if self.open_labels:
            return None
        return self.guaranteed_labels(part) | self.optional_labels | self.extra_labels

    def label_values(self, label: str) -> LabelValues:
        """Return the values of a label; of one that is not its own, any."""
        return self.labels.get(label, _ANYTHING)


BUILT_IN = tuple(
    KnownMetric(name, kind, unit, help=text, open_labels=True)
    for name, kind, unit, text in (
        ("up", MetricKind.GAUGE, None, "Whether the last scrape succeeded."),
        ("scrape_duration_seconds", MetricKind.GAUGE, "seconds", "How long the last scrape took."),
        ("scrape_samples_scraped", MetricKind.GAUGE, None, "Samples of the last scrape."),
        ("scrape_samples_post_metric_relabeling", MetricKind.GAUGE, None, "Samples kept of the last scrape."),
        ("scrape_series_added", MetricKind.GAUGE, None, "Series that the last scrape added, about."),
        ("scrape_timeout_seconds", MetricKind.GAUGE, "seconds", "The target's scrape timeout."),
        ("scrape_sample_limit", MetricKind.GAUGE, None, "The target's limit of samples."),
        ("scrape_body_size_bytes", MetricKind.GAUGE, "bytes", "The size of the last scrape."),
        ("ALERTS", MetricKind.GAUGE, None, "1 for every pending and firing alert."),
        ("ALERTS_FOR_STATE", MetricKind.GAUGE, "timestamp", "Since when an alert is active."),
        ("push_time_seconds", MetricKind.GAUGE, "timestamp", "When a group was last pushed."),
        ("push_failure_time_seconds", MetricKind.GAUGE, "timestamp", "When a push was last refused."),
        ("staging_validation_run_outcome", MetricKind.GAUGE, None, "1 for the outcome of a DAG's last run."),
        ("staging_validation_results", MetricKind.GAUGE, None, "Results of a DAG's last run."),
        (
            "staging_validation_run_duration_seconds",
            MetricKind.GAUGE,
            "seconds",
            "How long the last run took.",
        ),
        (
            "staging_validation_run_finished_timestamp_seconds",
            MetricKind.GAUGE,
            "timestamp",
            "When the last run ended.",
        ),
    )
)
"""What Prometheus itself, the Pushgateway and the report of a validation run add, whatever else there is."""


class KnownMetrics(Mapping[str, KnownMetric]):
    """All known metrics by their names.

    Args:
        metrics: The metrics. What Prometheus adds itself (``up``, ``ALERTS``, …) is known anyway, but is
            no member: iterating gives the metrics of this argument alone.
        recorded: What recording rules make of them. It is known, but is no member either.
    """

    __slots__ = ("_labels", "_metrics", "_series")

    def __init__(self, metrics: Iterable[KnownMetric], *, recorded: Iterable[KnownMetric] = ()) -> None:
        self._metrics = {metric.name: metric for metric in metrics}
        self._labels: dict[str, tuple[frozenset[str], frozenset[str] | None]] = {}
        self._series: dict[str, tuple[KnownMetric, str]] = {metric.name: (metric, "") for metric in BUILT_IN}
        for metric in self._metrics.values():
            for name in metric.series_names():
                self._series[name] = (metric, name[len(metric.name) + 1 :])
        for metric in self._metrics.values():
            self._series.setdefault(metric.name, (metric, ""))
        for metric in recorded:
            self._series.setdefault(metric.name, (metric, ""))

    def __getitem__(self, name: str) -> KnownMetric:
        return self._metrics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._metrics)

    def __len__(self) -> int:
        return len(self._metrics)

    def of_series(self, name: str) -> tuple[KnownMetric, str] | None:
        """Find the metric that a series' name belongs to.

        Args:
            name: The series' name, for example ``request_seconds_bucket``.

        Returns:
            The metric and which part of it: ``bucket``, ``sum``, ``count``, or the empty text for the name
            itself (of a histogram too, which has no series of that name). None where it is not known.
        """
        return self._series.get(name)

    def of_selector(self, selector: VectorSelector) -> tuple[KnownMetric, str] | None:
        """Find the metric that a selector reads; None where it names none, several, or one that is not known."""
        name = metric_name(selector)
        return None if name is None else self._series.get(name)

    def series_labels(self, name: str) -> tuple[frozenset[str], frozenset[str] | None]:
        """Return the labels that a known series' series surely and possibly have, ``__name__`` included.

        Args:
            name: The series' name; :meth:`of_series` knows it.
        """
        if name not in self._labels:
            metric, part = self._series[name]
            possible = metric.possible_labels(part)
            named = None if possible is None else possible | {"__name__"}
            self._labels[name] = (metric.guaranteed_labels(part) | {"__name__"}, named)
        return self._labels[name]

    def close_to(self, name: str) -> tuple[str, ...]:
        """Return up to three names of series that a wrong name may have meant, the most alike first."""
        known = [series for metric in self._metrics.values() for series in metric.series_names()]
        beginning = tuple(series for series in known if series.startswith(f"{name}_"))[:3]
        alike = difflib.get_close_matches(name, known, n=3, cutoff=0.75)
        return tuple(dict.fromkeys((*beginning, *alike)))[:3]


def metric_name(selector: VectorSelector) -> str | None:
    """Return the one metric name that a selector reads, in front of the braces or inside; None otherwise."""
    name = selector.metric.text if selector.metric else None
    if name is None:
        equal = (
            matcher.value
            for matcher in selector.matchers
            if matcher.label.text == "__name__" and matcher.operator is MatchOperator.EQUAL
        )
        name = next(equal, None)
    return None if not name or STAND_IN in name else name


def is_unknown_value(matcher: Matcher) -> bool:
    """Return whether a matcher compares with a variable whose value is not known."""
    return STAND_IN in matcher.value
