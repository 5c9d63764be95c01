"""Prometheus' text format, written with what is already known of every series.

The client library writes every name and label anew at each scrape. With a label for each customer that is most of the
work of a scrape, and while it lasts the webhooks wait.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

_SMALL = 1_000_000
"""Whole numbers below this are written as digits and ``.0`` (Go's format, which Prometheus reads)."""


class Exposition:
    """Renders the counters, gauges and histograms of one registry, byte for byte as the client library would.

    Args:
        registry: The registry. Its series carry no timestamps, no names that need escaping and no time of creation.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._series: dict[tuple[str, ...], str] = {}

    def render(self) -> bytes:
        """Return all metrics."""
        lines: list[str] = []
        for metric in self._registry.collect():
            lines.append(_head(metric))
            lines.extend(self._line(sample) for sample in metric.samples)
        return "".join(lines).encode()

    def _line(self, sample: Sample) -> str:
        key = (sample.name, *sample.labels.values())
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = _series(sample)
        return f"{series} {_number(sample.value)}\n"


def _head(metric: Metric) -> str:
    name = f"{metric.name}_total" if metric.type == "counter" else metric.name
    text = metric.documentation.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {name} {text}\n# TYPE {name} {metric.type}\n"


def _series(sample: Sample) -> str:
    """Return a series as it stands before its value: its name, and its labels in the order of their names."""
    labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(sample.labels.items()))
    return f"{sample.name}{{{labels}}}" if labels else sample.name


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    if 0 < value < _SMALL and value == (whole := int(value)):
        return f"{whole}.0"
    return str(floatToGoString(value))  # type: ignore[no-untyped-call]
