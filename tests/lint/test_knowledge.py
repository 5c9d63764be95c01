"""Metrics become known from the catalogue, from an exposition and from what a Prometheus holds."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from staging_validation.clients.source_files import read_source_files
from staging_validation.errors import ConfigurationError
from staging_validation.lint.knowledge import (
    from_catalogue,
    from_exposition,
    from_prometheus_metadata,
    unit_of_name,
)
from staging_validation.project import include_dir
from staging_validation.promql.known import MetricKind
from staging_validation.telemetry import parse_catalogue


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    payments = Counter("payments", "Attempted\npayments.", ["plan", "note"], registry=registry)
    payments.labels("pro", 'said "yes", {twice}\\').inc()
    payments.labels("trial", "").inc()
    Histogram("wait_seconds", "Waiting.", registry=registry, buckets=(0.1, 2)).observe(1)
    Gauge("unused", "No series.", ["plan"], registry=registry)
    return registry


def test_the_catalogue_says_everything():
    files = read_source_files(include_dir("telemetry"), ".yaml", relative_to=include_dir().parent)
    known = from_catalogue(parse_catalogue(files))
    assert len(known) == 20
    amount = known["rsolv_billing_payment_processed_amount_cents"]
    assert (amount.kind, amount.unit, amount.pushed) == (MetricKind.HISTOGRAM, "cents", True)
    assert amount.buckets == (100, 500, 1500, 4900, 10000, 50000)
    assert amount.labels["status"].values == {"success", "failed", "unknown"}
    assert not amount.labels["status"].open
    assert amount.labels["customer_id"].open
    assert amount.possible_labels("bucket") == {
        *("customer_id", "status", "payment_method", "le", "job", "instance", "validation_run")
    }


@pytest.mark.parametrize("generate", [generate_latest, generate_openmetrics])
def test_an_exposition_shows_types_labels_values_and_buckets(registry, generate):
    known = from_exposition(generate(registry).decode())
    payments = known["payments_total"]
    assert payments.kind is MetricKind.COUNTER
    assert payments.labels["plan"].values == {"pro", "trial"}
    assert payments.labels["plan"].open
    assert payments.labels["note"].values == {'said "yes", {twice}\\'}
    assert payments.optional_labels == {"note"}
    assert known["wait_seconds"].buckets == (0.1, 2.0)
    assert known["wait_seconds"].unit == "seconds"
    assert known["wait_seconds"].possible_labels("bucket") == {"le", "job", "instance"}
    assert known["unused"].possible_labels("") is None


def test_names_and_labels_that_need_quotes():
    known = from_exposition('# TYPE "my.metric" gauge\n{"my.metric", "a.b"="c"} 1 1700000000\n')
    assert known["my.metric"].kind is MetricKind.GAUGE
    assert set(known["my.metric"].labels) == {"a.b"}


@pytest.mark.parametrize(
    "line", ["<html>", "metric", "metric{a=} 1", 'metric{a="b" 1', "metric one", '{a="b"} 1', "a b c d"]
)
def test_what_is_no_exposition_is_named_with_its_line(line):
    with pytest.raises(ConfigurationError, match=r"metrics\.txt:2: no sample"):
        from_exposition(f"up 1\n{line}\n", path="metrics.txt")


def test_what_a_prometheus_holds():
    known = from_prometheus_metadata(
        {
            "wait_seconds": [{"type": "histogram", "help": "Waiting.", "unit": ""}],
            "torn": [{"type": "gauge", "help": "", "unit": ""}, {"type": "counter", "help": "", "unit": ""}],
        },
        [
            {"__name__": "wait_seconds_bucket", "le": "+Inf", "job": "a", "plan": "pro"},
            {"__name__": "wait_seconds_bucket", "le": "0.5", "job": "a", "plan": "pro"},
            {"__name__": "wait_seconds_count", "job": "a", "plan": "pro"},
            {"__name__": "without_type_total", "job": "a"},
        ],
        target_labels=(),
    )
    assert known["wait_seconds"].kind is MetricKind.HISTOGRAM
    assert known["wait_seconds"].buckets == (0.5,)
    assert known["wait_seconds"].possible_labels("count") == {"job", "plan"}
    assert known["torn"].kind is MetricKind.UNKNOWN
    assert known["without_type_total"].kind is MetricKind.UNKNOWN


@pytest.mark.parametrize(
    ("name", "kind", "unit"),
    [
        ("http_request_duration_seconds", MetricKind.HISTOGRAM, "seconds"),
        ("received_bytes_total", MetricKind.COUNTER, "bytes"),
        ("process_start_time_seconds", MetricKind.GAUGE, "timestamp"),
        ("cache_time_seconds", MetricKind.GAUGE, None),
        ("io_time_seconds_total", MetricKind.COUNTER, "seconds"),
        ("payments_total", MetricKind.COUNTER, None),
        ("seconds", MetricKind.GAUGE, None),
    ],
)
def test_the_unit_that_a_name_ends_in(name, kind, unit):
    assert unit_of_name(name, kind) == unit
