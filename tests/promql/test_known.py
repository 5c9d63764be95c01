"""Known metrics are found by the names of their series; wrong names are told what they may have meant."""

from __future__ import annotations

import pytest

from staging_validation.promql.known import STAND_IN, KnownMetric, KnownMetrics, LabelValues, MetricKind
from staging_validation.promql.parser import parse
from staging_validation.promql.tree import VectorSelector

PLAN = LabelValues(frozenset({"trial", "pro"}), open=False)
KNOWN = KnownMetrics(
    [
        KnownMetric("payments_total", MetricKind.COUNTER, "events", {"plan": PLAN}),
        KnownMetric("wait_seconds", MetricKind.HISTOGRAM, "seconds", {"plan": PLAN}, (0.1, 1.0)),
        KnownMetric("pause_seconds", MetricKind.SUMMARY, "seconds", optional_labels=frozenset()),
    ]
)


@pytest.mark.parametrize(
    ("series", "name", "part"),
    [
        ("payments_total", "payments_total", ""),
        ("wait_seconds_bucket", "wait_seconds", "bucket"),
        ("wait_seconds_sum", "wait_seconds", "sum"),
        ("wait_seconds_count", "wait_seconds", "count"),
        ("wait_seconds", "wait_seconds", ""),
        ("pause_seconds", "pause_seconds", ""),
        ("pause_seconds_sum", "pause_seconds", "sum"),
        ("up", "up", ""),
    ],
)
def test_a_series_belongs_to_its_metric(series, name, part):
    found = KNOWN.of_series(series)
    assert found is not None
    assert (found[0].name, found[1]) == (name, part)


@pytest.mark.parametrize("series", ["payments", "pause_seconds_bucket", "payments_total_sum", ""])
def test_other_names_are_not_known(series):
    assert KNOWN.of_series(series) is None


def test_what_prometheus_adds_is_no_member():
    assert list(KNOWN) == ["payments_total", "wait_seconds", "pause_seconds"]
    assert len(KNOWN) == 3
    assert KNOWN["wait_seconds"].buckets == (0.1, 1.0)
    assert "up" not in KNOWN


@pytest.mark.parametrize(
    ("wrong", "first"),
    [
        ("payment_total", "payments_total"),
        ("payments", "payments_total"),
        ("wait_seconds", "wait_seconds_bucket"),
        ("wait_second_sum", "wait_seconds_sum"),
    ],
)
def test_a_wrong_name_is_told_what_it_may_have_meant(wrong, first):
    assert KNOWN.close_to(wrong)[0] == first


def test_nothing_is_close_to_something_else():
    assert KNOWN.close_to("node_cpu_temperature") == ()


def test_labels_of_the_parts():
    wait, pause = KNOWN["wait_seconds"], KNOWN["pause_seconds"]
    assert wait.guaranteed_labels("bucket") == {"plan", "le"}
    assert wait.possible_labels("sum") == {"plan", "job", "instance"}
    assert pause.guaranteed_labels("") == {"quantile"}
    up = KNOWN.of_series("up")
    assert up is not None
    assert up[0].possible_labels("") is None
    assert KNOWN.series_labels("payments_total") == (
        {"plan", "__name__"},
        {"plan", "job", "instance", "__name__"},
    )


def test_values_of_labels():
    metric = KNOWN["payments_total"]
    assert metric.label_values("plan").may_hold("pro")
    assert not metric.label_values("plan").may_hold("gold")
    assert metric.label_values("job").may_hold("anything")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("payments_total{plan='pro'}", True),
        ('{__name__="payments_total"}', True),
        ('{"payments_total"}', True),
        ('{__name__=~"payments.*"}', False),
        (f'{{__name__="{STAND_IN}"}}', False),
        ("nobody_total", False),
    ],
)
def test_the_metric_that_a_selector_reads(text, found):
    selector = parse(text)
    assert isinstance(selector, VectorSelector)
    assert (KNOWN.of_selector(selector) is not None) is found
