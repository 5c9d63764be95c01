"""Makes known metrics out of the catalogue, out of an exposition, or out of what a Prometheus holds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from staging_validation.errors import ConfigurationError
from staging_validation.promql.known import (
    TARGET_LABELS,
    KnownMetric,
    KnownMetrics,
    LabelValues,
    MetricKind,
)

if TYPE_CHECKING:
    from staging_validation.telemetry.catalogue import Catalogue

RUN_LABEL = "validation_run"
"""The label that a validation run's series carry besides their own."""

_LABEL = r'\s*("?)([^\s"={},]+)\1\s*=\s*"((?:[^"\\]|\\.)*)"\s*'
_LABEL_PAIR = re.compile(_LABEL)
_SAMPLE = re.compile(
    r'(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(?:\{(?P<labels>(?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?'
    r"\s+(?P<value>[^\s#]+)(?:\s+-?[0-9.]+)?\s*(?:#.*)?$"
)
_QUOTED_NAME = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPE = re.compile(r"\\(.)")
_UNIT_SUFFIXES = {"seconds", "milliseconds", "microseconds", "bytes", "ratio", "cents", "percent", "celsius"}
_TIMESTAMPS = ("_timestamp_seconds", "_start_time_seconds", "_boot_time_seconds", "push_time_seconds")
_PARTS = re.compile(r"_(bucket|sum|count)$")
_FAMILIES_WITH_PARTS = frozenset({MetricKind.HISTOGRAM, MetricKind.SUMMARY})
_KINDS = {kind.value: kind for kind in MetricKind}


def from_catalogue(
    catalogue: Catalogue, *, target_labels: Iterable[str] = TARGET_LABELS | {RUN_LABEL}
) -> KnownMetrics:
    """Make known metrics of the metric catalogue.

    Args:
        catalogue: The catalogue; its label values are complete except where a value set is open.
        target_labels: Labels that the way to Prometheus may add.

    Returns:
        The known metrics. All of them count as pushed: a validation run brings them through a Pushgateway.
    """
    extra = frozenset(target_labels)
    metrics = []
    for name, metric in catalogue.metrics.items():
        values = {label: catalogue.label_values(metric, label) for label in metric.labels}
        labels = {label: LabelValues(frozenset(known.values), known.open) for label, known in values.items()}
        known_metric = KnownMetric(
            name,
            _KINDS[metric.type.value],
            metric.unit.value,
            labels,
            metric.buckets,
            metric.help,
            pushed=True,
            extra_labels=extra,
            described=True,
            event=metric.event or "",
        )
        metrics.append(known_metric)
    return KnownMetrics(metrics)


@dataclass
class _Learned:
    """What the series of one metric have shown so far."""

    kind: MetricKind = MetricKind.UNKNOWN
    help: str = ""
    unit: str | None = None
    labels: dict[str, set[str]] = field(default_factory=dict)
    always: set[str] | None = None
    buckets: set[float] = field(default_factory=set)

    def see(self, labels: Mapping[str, str]) -> None:
        """Take in one series' labels."""
        own = {name: value for name, value in labels.items() if value and name not in ("le", "quantile")}
        for name, value in own.items():
            self.labels.setdefault(name, set()).add(value)
        self.always = set(own) if self.always is None else self.always & set(own)
        bound = _bound(labels.get("le", ""))
        if self.kind is MetricKind.HISTOGRAM and bound is not None:
            self.buckets.add(bound)

    def metric(self, name: str, extra: frozenset[str]) -> KnownMetric:
        """Return what was learned; values that were not seen stay possible."""
        always = self.always or set()
        return KnownMetric(
            name,
            self.kind,
            self.unit or unit_of_name(name, self.kind),
            {label: LabelValues(frozenset(values), open=True) for label, values in self.labels.items()},
            tuple(sorted(self.buckets)),
            self.help,
            extra_labels=extra,
            optional_labels=frozenset(self.labels) - always,
            open_labels=self.always is None,
        )


def from_exposition(
    text: str, *, path: str = "the exposition", target_labels: Iterable[str] = TARGET_LABELS
) -> KnownMetrics:
    """Learn metrics from an exposition: what a ``/metrics`` address answers.

    Label names, values, buckets and types are learned. Values that were not seen stay possible; a metric
    without a series may have any labels.

    Args:
        text: The exposition, in the text format or as OpenMetrics.
        path: How messages name it.
        target_labels: Labels that the way to Prometheus may add.

    Returns:
        The known metrics.

    Raises:
        ConfigurationError: A line is neither a comment nor a sample; the message names it.
    """
    families: dict[str, _Learned] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.strip()
        if content.startswith("#"):
            _comment(content, families)
        elif content:
            series = _series(content)
            if series is None:
                raise ConfigurationError(
                    f"{path}:{number}: no sample of the Prometheus text format: {content[:80]!r}.",
                    remedy="give a file as a /metrics address answers it",
                )
            _learn(families, *series)
    return _known(families, frozenset(target_labels))


def from_prometheus_metadata(
    metadata: Mapping[str, Iterable[Mapping[str, str]]],
    series: Iterable[Mapping[str, str]],
    *,
    target_labels: Iterable[str] = TARGET_LABELS,
) -> KnownMetrics:
    """Learn metrics from what a Prometheus knows.

    Args:
        metadata: The field ``data`` of ``/api/v1/metadata``: for each metric entries with ``type``, ``help``
            and ``unit``. Entries that contradict each other leave the type unknown.
        series: The field ``data`` of ``/api/v1/series``: label sets with ``__name__``.
        target_labels: Labels that series may carry besides those seen.

    Returns:
        The known metrics.
    """
    families: dict[str, _Learned] = {}
    for name, entries in metadata.items():
        listed = list(entries)
        kinds = {_KINDS.get(entry.get("type", ""), MetricKind.UNKNOWN) for entry in listed}
        kind = kinds.pop() if len(kinds) == 1 else MetricKind.UNKNOWN
        texts = [entry.get("help", "") for entry in listed] or [""]
        units = [entry["unit"] for entry in listed if entry.get("unit")]
        families[name] = _Learned(kind, texts[0], units[0] if units else None)
    for labels in series:
        rest = {label: value for label, value in labels.items() if label != "__name__"}
        if labels.get("__name__"):
            _learn(families, labels["__name__"], rest)
    return _known(families, frozenset(target_labels))


def unit_of_name(name: str, kind: MetricKind) -> str | None:
    """Return the unit that a metric's name ends in by Prometheus' naming convention, None without one."""
    base = name.removesuffix("_total")
    if base.endswith(_TIMESTAMPS):
        return "timestamp"
    if base.endswith("_time_seconds") and kind in (MetricKind.GAUGE, MetricKind.UNKNOWN):
        return None  # a point in time or a length of time: the name does not say
    suffix = base.rpartition("_")[2]
    return suffix if suffix in _UNIT_SUFFIXES and suffix != base else None


def _comment(line: str, families: dict[str, _Learned]) -> None:
    words = line[1:].split(maxsplit=2)
    if len(words) < 2 or words[0] not in ("HELP", "TYPE", "UNIT"):
        return
    name = words[1].strip('"')
    family = families.setdefault(name, _Learned())
    value = words[2] if len(words) == 3 else ""
    if words[0] == "TYPE":
        family.kind = _KINDS.get(value.strip(), MetricKind.UNKNOWN)
    elif words[0] == "HELP":
        family.help = value
    else:
        family.unit = value or None


def _series(line: str) -> tuple[str, dict[str, str]] | None:
    found = _SAMPLE.match(line)
    if found is None or not _is_number(found["value"]):
        return None
    name, inside = found["name"], found["labels"] or ""
    quoted = _QUOTED_NAME.match(inside) if not name else None
    if quoted:
        name, inside = _unescape(quoted[1]), inside[quoted.end() :]
    labels = {pair[2]: _unescape(pair[3]) for pair in _LABEL_PAIR.finditer(inside)}
    rest = _LABEL_PAIR.sub("", inside).replace(",", "").strip()
    return None if not name or rest else (name, labels)


def _learn(families: dict[str, _Learned], name: str, labels: Mapping[str, str]) -> None:
    base = _PARTS.sub("", name)
    family = families.get(name)
    if base != name and base in families and families[base].kind in _FAMILIES_WITH_PARTS:
        family = families[base]
    elif name.endswith("_total") and family is None and name[: -len("_total")] in families:
        # OpenMetrics describes a counter under its name without _total; the series, and we, have it with.
        family = families[name] = families.pop(name[: -len("_total")])
    if family is None:
        family = families[name] = _Learned()
    family.see(labels)


def _known(families: Mapping[str, _Learned], extra: frozenset[str]) -> KnownMetrics:
    return KnownMetrics(family.metric(name, extra) for name, family in families.items())


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text) if "\\" in text else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _bound(text: str) -> float | None:
    if not _is_number(text):
        return None
    bound = float(text)
    return bound if math.isfinite(bound) else None
