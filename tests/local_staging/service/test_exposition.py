"""The service's own writer says byte for byte what the client library says, only sooner."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    enable_created_metrics,
)
from prometheus_client.exposition import generate_latest

from local_staging.service.exposition import Exposition
from local_staging.service.metrics import Telemetry, load_catalogue


@pytest.fixture(autouse=True)
def without_times_of_creation():
    """As the service's own metrics are."""
    disable_created_metrics()
    yield
    enable_created_metrics()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(TEXTS, TEXTS, st.floats(0, allow_nan=False, allow_infinity=False)), max_size=8),
    st.floats(),
)
def test_it_writes_what_the_client_library_writes(fed, level):
    registry = CollectorRegistry()
    counter = Counter("fed", 'Counts\nwith "quotes" and \\', ("zone", "area"), registry=registry)
    spread = Histogram("spread", "Spread", ("zone",), buckets=(1, 2.5, 1e6), registry=registry)
    gauge = Gauge("level", "Level", registry=registry)
    exposition = Exposition(registry)
    for zone, area, amount in fed:
        counter.labels(zone, area).inc(amount)
        spread.labels(zone).observe(amount)
        assert exposition.render() == generate_latest(registry), "also with what it already knows"
    gauge.set(level)
    assert exposition.render() == generate_latest(registry)


def test_numbers_of_every_size_are_written_alike():
    registry = CollectorRegistry()
    gauge = Gauge("level", "Level", registry=registry)
    exposition = Exposition(registry)
    for value in (
        0,
        -0.0,
        1,
        7,
        999_999,
        1_000_000,
        1e6 + 0.5,
        2**53,
        1e300,
        0.1,
        -3,
        math.inf,
        -math.inf,
        math.nan,
    ):
        gauge.set(value)
        assert exposition.render() == generate_latest(registry), value


def test_the_services_metrics_are_the_libraries():
    telemetry = Telemetry(load_catalogue())
    for customer in range(3):
        measured = {"amount_cents": 59_900, "duration": 12.5}
        telemetry.record("invoice_paid", measured, {"customer_id": customer, "plan": "pro"})
        telemetry.record("payment_processed", measured, {"customer_id": customer, "status": "success"})
    assert telemetry.render({"pro": 2}) == generate_latest(telemetry._registry)
