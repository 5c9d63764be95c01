"""What one of an expression's value is, and whether a panel's unit says the same."""

from __future__ import annotations

import pytest

from staging_validation.promql.known import STAND_IN_NUMBER, KnownMetric, KnownMetrics, MetricKind
from staging_validation.promql.parser import parse
from staging_validation.promql.units import (
    FitVerdict,
    UnitOf,
    grafana_unit_fits,
    infer_unit,
    suggest,
    unit_of_word,
    units_everywhere,
)

COUNTER, GAUGE, HISTOGRAM = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM
KNOWN = KnownMetrics(
    [
        KnownMetric("paid_total", COUNTER, "events"),
        KnownMetric("tried_total", COUNTER, "events"),
        KnownMetric("credits_total", COUNTER, "credits"),
        KnownMetric("revenue_cents_total", COUNTER, "cents"),
        KnownMetric("cpu_seconds_total", COUNTER, "seconds"),
        KnownMetric("sent_bytes_total", COUNTER, "bytes"),
        KnownMetric("amount_cents", HISTOGRAM, "cents", buckets=(1.0,)),
        KnownMetric("wait_ms", HISTOGRAM, "milliseconds", buckets=(1.0,)),
        KnownMetric("odd", HISTOGRAM, None, buckets=(1.0,)),
        KnownMetric("memory_bytes", GAUGE, "bytes"),
        KnownMetric("started", GAUGE, "timestamp"),
        KnownMetric("full", GAUGE, "ratio"),
        KnownMetric("nobody_knows", GAUGE, None),
    ]
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("revenue_cents_total", "cents"),
        ("revenue_cents_total / 100", "dollars"),
        ("0.01 * revenue_cents_total", "dollars"),
        ("increase(amount_cents_sum[1d]) / 100", "dollars"),
        ("rate(revenue_cents_total[5m])", "cents per second"),
        ("rate(revenue_cents_total[5m]) / 100 * 3600", "dollars per hour"),
        ("rate(paid_total[5m])", "events per second"),
        ("rate(paid_total[5m]) * 60", "events per minute"),
        ("sum(increase(paid_total[1h]))", "events"),
        ("increase(credits_total[1h])", "credits"),
        ("rate(wait_ms_count[5m])", "events per second"),
        ("histogram_quantile(0.95, sum by (le) (rate(wait_ms_bucket[5m])))", "milliseconds"),
        ("histogram_quantile(0.95, sum by (le) (rate(wait_ms_bucket[5m]))) / 1000", "seconds"),
        ("histogram_quantile(0.5, amount_cents_bucket) / 100", "dollars"),
        ("rate(wait_ms_sum[5m]) / rate(wait_ms_count[5m])", "milliseconds"),
        ("sum(amount_cents_sum) / sum(amount_cents_count)", "cents"),
        ("rate(paid_total[5m]) / rate(tried_total[5m])", "ratio"),
        ("100 * rate(paid_total[5m]) / rate(tried_total[5m])", "percent"),
        (
            "100 * (sum(increase(paid_total[1h])) or vector(0)) / (sum(increase(tried_total[1h])) > 0)",
            "percent",
        ),
        ("(1 - full) * 100", "percent"),
        ("rate(cpu_seconds_total[5m])", "ratio"),
        ("memory_bytes / 1024 / 1024", "mebibytes"),
        ("rate(sent_bytes_total[5m]) * 8", "bits per second"),
        ("time() - started", "seconds"),
        ("started * 1000", "timestamp in milliseconds"),
        ("timestamp(paid_total)", "timestamp in seconds"),
        ("count(paid_total)", "series"),
        ("count(paid_total > 3) / count(paid_total)", "ratio"),
        ("avg_over_time(memory_bytes[1h])", "bytes"),
        ("max by (x) (memory_bytes) > 5", "bytes"),
        ("5 < memory_bytes", "bytes"),
        ("memory_bytes or vector(0)", "bytes"),
        ("memory_bytes and on () up", "bytes"),
        ("topk(3, memory_bytes)", "bytes"),
        ("-memory_bytes", "bytes"),
        ("memory_bytes - memory_bytes offset 1d", "bytes"),
        ("changes(memory_bytes[1h])", "changes"),
        ("rate(nobody_has_this_total{a='b'}[5m]) / rate(nobody_has_this_total[5m])", "ratio"),
        ("nobody_knows / nobody_knows offset 1d * 100", "percent"),
        ("max_over_time(rate(paid_total[5m])[1h:])", "events per second"),
    ],
)
def test_units_are_calculated(text, name):
    unit = infer_unit(parse(text), KNOWN)
    assert unit is not None
    assert unit.name == name


@pytest.mark.parametrize(
    "text",
    [
        "nobody_has_this",
        "nobody_knows",
        "rate(nobody_has_this_total[5m]) / rate(other_total[5m])",
        "revenue_cents_total + wait_ms_sum",
        "revenue_cents_total + revenue_cents_total / 100",
        "paid_total * tried_total",
        "credits_total / revenue_cents_total",
        "1 / memory_bytes",
        "memory_bytes ^ 2",
        "memory_bytes > bool 5",
        "histogram_quantile(0.9, odd_bucket)",
        "stdvar(memory_bytes)",
        "sqrt(memory_bytes)",
        "absent(memory_bytes)",
        "memory_bytes or paid_total",
        "increase(cpu_seconds_total[1h]) / 3600",
        f"revenue_cents_total / {STAND_IN_NUMBER}",
        '{job="a"}',
        "42",
        "memory_bytes / 0",
    ],
)
def test_what_cannot_be_told_is_not_guessed(text):
    assert infer_unit(parse(text), KNOWN) is None


@pytest.mark.parametrize("text", ["increase(paid_total[5m]) / 5", "revenue_cents_total * 0.92"])
def test_an_odd_scale_has_no_name_and_fits_whatever(text):
    unit = infer_unit(parse(text), KNOWN)
    assert unit is not None
    assert unit.name is None
    assert grafana_unit_fits(unit, "ms").verdict is FitVerdict.UNKNOWN


def test_without_knowledge_nothing_has_a_unit():
    assert infer_unit(parse("revenue_cents_total"), None) is None


def test_every_piece_can_be_asked():
    tree = parse("revenue_cents_total / 100")
    unit = units_everywhere(tree, KNOWN).of(tree.left).shown()
    assert unit == UnitOf("money", 0.01)


CENTS, DOLLARS = UnitOf("money", 0.01), UnitOf("money")
EVENTS, RATE = UnitOf("events"), UnitOf("events", per_second=True)
OK, CONTRADICTS = FitVerdict.OK, FitVerdict.CONTRADICTS
VAGUE, UNKNOWN = FitVerdict.VAGUE, FitVerdict.UNKNOWN


@pytest.mark.parametrize(
    ("unit", "shown", "verdict"),
    [
        (DOLLARS, "currencyUSD", OK),
        (CENTS, "currencyUSD", CONTRADICTS),
        (CENTS, "currencyEUR", CONTRADICTS),
        (CENTS, "prefix:$", CONTRADICTS),
        (CENTS, "suffix: cents", OK),
        (CENTS, "ms", CONTRADICTS),
        (CENTS, "short", VAGUE),
        (UnitOf("time", 1e-3), "ms", OK),
        (UnitOf("time", 1e-3), "dtdurationms", OK),
        (UnitOf("time", 1e-3), "s", CONTRADICTS),
        (UnitOf("time"), "ms", CONTRADICTS),
        (UnitOf("time"), "dtdurations", OK),
        (UnitOf("time"), "none", VAGUE),
        (UnitOf("ratio"), "percentunit", OK),
        (UnitOf("ratio"), "percent", CONTRADICTS),
        (UnitOf("ratio", 0.01), "percent", OK),
        (UnitOf("ratio", 0.01), "percentunit", CONTRADICTS),
        (UnitOf("ratio", 0.01), "suffix:%", OK),
        (UnitOf("ratio"), "s", CONTRADICTS),
        (UnitOf("data"), "bytes", OK),
        (UnitOf("data"), "decbytes", OK),
        (UnitOf("data"), "bits", CONTRADICTS),
        (UnitOf("data", 0.125, per_second=True), "bps", OK),
        (UnitOf("data", per_second=True), "Bps", OK),
        (UnitOf("data", per_second=True), "bps", CONTRADICTS),
        (UnitOf("data", per_second=True), "bytes", CONTRADICTS),
        (UnitOf("data", 1024.0**2), "mbytes", OK),
        (EVENTS, "short", OK),
        (EVENTS, "none", OK),
        (EVENTS, "", OK),
        (EVENTS, "ops", CONTRADICTS),
        (EVENTS, "currencyUSD", CONTRADICTS),
        (EVENTS, "suffix: logins", OK),
        (EVENTS, "suffix:logins/s", CONTRADICTS),
        (RATE, "reqps", OK),
        (RATE, "cps", OK),
        (RATE, "suffix:logins/s", OK),
        (RATE, "suffix: logins per second", OK),
        (RATE, "suffix:logins/min", CONTRADICTS),
        (RATE, "opm", CONTRADICTS),
        (RATE, "suffix: logins", VAGUE),
        (RATE, "short", VAGUE),
        (UnitOf("events", 1 / 60, per_second=True), "rpm", OK),
        (UnitOf("timestamp", 1e-3), "dateTimeAsIso", OK),
        (UnitOf("timestamp"), "dateTimeAsIso", CONTRADICTS),
        (UnitOf("timestamp"), "s", CONTRADICTS),
        (UnitOf("celsius"), "short", OK),
        (UnitOf("celsius"), "ms", UNKNOWN),
        (EVENTS, "a unit that nobody knows", UNKNOWN),
        (None, "currencyUSD", UNKNOWN),
    ],
)
def test_a_panels_unit_is_compared(unit, shown, verdict):
    fit = grafana_unit_fits(unit, shown)
    assert fit.verdict is verdict
    assert bool(fit.sentence) is (verdict in (CONTRADICTS, VAGUE))


def test_the_sentence_says_what_the_reader_sees():
    assert grafana_unit_fits(CENTS, "currencyUSD").sentence == (
        "The query gives cents, but the unit currencyUSD says dollars: every number looks 100 times too large."
    )
    assert "1000 times too small" in grafana_unit_fits(UnitOf("time"), "ms").sentence


@pytest.mark.parametrize(
    ("unit", "grafana"),
    [
        (DOLLARS, "currencyUSD"),
        (CENTS, "currencyUSD, with the query divided by 100"),
        (UnitOf("time", 1e-3), "ms"),
        (UnitOf("ratio"), "percentunit"),
        (UnitOf("ratio", 0.01), "percent"),
        (UnitOf("data", per_second=True), "Bps"),
        (UnitOf("timestamp"), "dateTimeAsIso, with the query multiplied by 1000"),
        (EVENTS, "short"),
        (UnitOf("fixes", per_second=True), "suffix:fixes/s"),
        (UnitOf("money", per_second=True), "suffix:dollars/s"),
    ],
)
def test_a_unit_is_suggested_that_fits(unit, grafana):
    assert suggest(unit) == grafana
    if "," not in grafana:
        assert grafana_unit_fits(unit, grafana).verdict is OK


def test_the_words_of_the_catalogue_are_units():
    assert unit_of_word("cents") == CENTS
    assert unit_of_word("fixes") == UnitOf("fixes")
    assert unit_of_word("celsius") == UnitOf("celsius")
