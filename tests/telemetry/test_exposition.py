"""The text that is pushed is the client library's own, byte for byte."""

from __future__ import annotations

import math

import pytest
from prometheus_client import CollectorRegistry, Gauge, Info
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest

from staging_validation.errors import CatalogueError
from staging_validation.telemetry import plan_run
from staging_validation.telemetry.exposition import exposition
from staging_validation.telemetry.plan import baseline_registry, values_registry


@pytest.mark.parametrize("registry_of", [baseline_registry, values_registry])
def test_a_run_is_written_as_the_library_writes_it(catalogue, registry_of):
    registry = registry_of(plan_run("text", catalogue), catalogue)
    assert exposition(registry) == generate_latest(registry)


@pytest.mark.parametrize(
    "value", [0.0, 1.5, -1.0, 1e21, 1e-9, 123456789.0, 1e6, math.inf, -math.inf, math.nan]
)
def test_every_number_is_written_as_the_library_writes_it(value):
    registry = CollectorRegistry()
    Gauge("number", "A number.", registry=registry).set(value)
    assert exposition(registry) == generate_latest(registry)


def test_text_that_has_to_be_escaped_is():
    registry = CollectorRegistry()
    gauge = Gauge("odd", 'A "help" with \\ and\na new line.', ["b", "a"], registry=registry)
    gauge.labels('say "x"', "back\\slash\nüñ,{}=").set(1)
    Gauge("unused", "Without a series.", ["x"], registry=registry)
    assert exposition(registry) == generate_latest(registry)
    assert rb'odd{a="back\\slash\n' in exposition(registry)


def test_a_timestamp_is_written_for_the_gateway_to_refuse():
    class Late:
        def collect(self):
            family = GaugeMetricFamily("late", "A sample with a timestamp.")
            family.add_metric([], 1.0, timestamp=1.5)
            yield family

    registry = CollectorRegistry()
    registry.register(Late())
    assert exposition(registry) == generate_latest(registry)
    assert exposition(registry).endswith(b"late 1.0 1500\n")


def test_another_type_is_refused():
    registry = CollectorRegistry()
    Info("build", "No metric of a run.", registry=registry)
    with pytest.raises(CatalogueError, match="build is of type info"):
        exposition(registry)
