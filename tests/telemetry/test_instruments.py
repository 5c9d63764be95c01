"""Events to metrics, by the contract's rules; the oracle is written a second time, without the client library."""

from __future__ import annotations

import math
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from staging_validation.errors import CatalogueError
from staging_validation.telemetry import Instruments
from staging_validation.telemetry.plan import registry_samples

PAID = {"amount_cents": 2900, "duration": 120}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def instruments(catalogue, registry) -> Instruments:
    return Instruments(catalogue, registry)


def series(registry: CollectorRegistry) -> dict[str, float]:
    return {
        sample.series.removeprefix("rsolv_billing_"): sample.value for sample in registry_samples(registry)
    }


def test_an_event_counts_and_observes(instruments, registry):
    labels = {"customer_id": 7, "status": "success", "payment_method": "bank_transfer"}
    instruments.record("payment_processed", PAID, labels)
    found = series(registry)
    where = 'customer_id="7",payment_method="bank_transfer",status="success"'
    assert found[f"payment_processed_total{{{where}}}"] == 1
    assert found[f"payment_processed_amount_cents_sum{{{where}}}"] == 2900
    bucket = f"payment_processed_amount_cents_bucket{{{where.replace(',', ',le=%s,', 1)}}}"
    assert [found[bucket % f'"{le}"'] for le in ("1500.0", "4900.0", "+Inf")] == [0, 1, 1]
    duration = 'payment_processed_duration_milliseconds_sum{customer_id="7",payment_method="bank_transfer"}'
    assert found[duration] == 120


def test_a_missing_label_takes_the_fallback(instruments, registry):
    instruments.record("payment_processed", {}, {"customer_id": "a", "status": "success"})
    instruments.record("usage_tracked", {}, {"customer_id": "a"})
    instruments.record("subscription_created", {}, {"customer_id": "a", "plan": "pro"})
    assert set(series(registry)) == {
        'payment_processed_total{customer_id="a",payment_method="card",status="success"}',
        'usage_tracked_total{customer_id="a",plan="trial",resource_type="fix"}',
        'subscription_created_total{customer_id="a",plan="pro",status="unknown"}',
    }


@pytest.mark.parametrize("value", [None, "", [], ["pro"], {"a": 1}, (), object(), "half \ud83d"])
def test_a_null_empty_or_non_scalar_label_becomes_unknown(instruments, registry, value):
    instruments.record("usage_tracked", {}, {"customer_id": "a", "plan": value})
    assert set(series(registry)) == {
        'usage_tracked_total{customer_id="a",plan="unknown",resource_type="fix"}'
    }


@pytest.mark.parametrize(("value", "text"), [(7, "7"), (1.5, "1.5"), (True, "true"), (0, "0"), (" ", " ")])
def test_a_scalar_label_becomes_text(instruments, registry, value, text):
    instruments.record("credits_consumed", {}, {"customer_id": value, "plan": "pro"})
    assert set(series(registry)) == {f'credits_consumed_total{{customer_id="{text}",plan="pro"}}'}


def test_a_condition_keeps_failed_payments_out_of_the_amounts(instruments, registry):
    instruments.record("payment_processed", PAID, {"customer_id": "a", "status": "failed"})
    names = {name.split("{")[0] for name in series(registry)}
    assert "payment_processed_total" in names
    assert "payment_processed_duration_milliseconds_count" in names
    assert not any(name.startswith("payment_processed_amount_cents") for name in names)


def test_only_failed_webhooks_have_a_reason(instruments, registry):
    event = {"event_type": "invoice.paid"}
    instruments.record("stripe_webhook_received", {"duration": 5}, {**event, "status": "success"})
    instruments.record(
        "stripe_webhook_received", {}, {**event, "status": "failed", "failure_reason": "invalid_signature"}
    )
    failed = [name for name in series(registry) if name.startswith("stripe_webhook_failed_total")]
    assert failed == [
        'stripe_webhook_failed_total{event_type="invoice.paid",failure_reason="invalid_signature"}'
    ]


@pytest.mark.parametrize("value", [None, "12", True, math.nan, math.inf, 10**400])
def test_a_measurement_that_is_none_skips_only_its_histogram(instruments, registry, value):
    measurements = {"amount_cents": value, "duration": 5}
    instruments.record("payment_processed", measurements, {"customer_id": "a", "status": "success"})
    names = {name.split("{")[0] for name in series(registry)}
    assert not any(name.startswith("payment_processed_amount_cents") for name in names)
    assert "payment_processed_duration_milliseconds_sum" in names


def test_declaring_makes_the_same_series_at_zero(catalogue, instruments, registry):
    labels = {"customer_id": "a", "status": "success"}
    instruments.declare("payment_processed", PAID, labels)
    other = CollectorRegistry()
    Instruments(catalogue, other).record("payment_processed", PAID, labels)
    assert set(series(registry)) == set(series(other))
    assert set(series(registry).values()) == {0.0}
    instruments.declare("payment_processed", {}, {"customer_id": "b", "status": "success"})
    assert [name for name in series(registry) if 'customer_id="b"' in name] == [
        'payment_processed_total{customer_id="b",payment_method="card",status="success"}'
    ]


def test_a_gauge_is_set(instruments, registry):
    instruments.set_gauge("rsolv_billing_active_subscriptions", {"plan": "pro"}, 4)
    instruments.set_gauge("rsolv_billing_active_subscriptions", {}, 2)
    assert series(registry) == {
        'active_subscriptions{plan="pro"}': 4,
        'active_subscriptions{plan="unknown"}': 2,
    }


def test_unknown_names_are_refused(instruments):
    with pytest.raises(CatalogueError, match="has no event"):
        instruments.record("nope", {}, {})
    with pytest.raises(CatalogueError, match="has no gauge"):
        instruments.set_gauge("rsolv_billing_nope", {}, 1)


def test_no_created_series_are_exposed(instruments, registry):
    instruments.record("payment_processed", PAID, {"customer_id": "a", "status": "success"})
    exposition = generate_latest(registry).decode()
    assert "_created" not in exposition.replace("subscription_created", "")
    assert "# TYPE rsolv_billing_payment_processed_total counter" in exposition


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from(["success", "failed"]),
        st.one_of(st.none(), st.integers(0, 70_000)),
    ),
    max_size=30,
)


@given(events=EVENTS)
def test_counts_sums_and_buckets_agree_with_plain_arithmetic(catalogue, events):
    registry = CollectorRegistry()
    instruments = Instruments(catalogue, registry)
    expected: dict[str, float] = defaultdict(float)
    bounds = (100, 500, 1500, 4900, 10000, 50000, math.inf)
    for customer, status, amount in events:
        measurements = {} if amount is None else {"amount_cents": amount}
        instruments.record("payment_processed", measurements, {"customer_id": customer, "status": status})
        inside = f'payment_method="card",status="{status}"}}'
        expected[f'payment_processed_total{{customer_id="{customer}",{inside}'] += 1
        if amount is None or status != "success":
            continue
        name = "payment_processed_amount_cents"
        expected[f'{name}_sum{{customer_id="{customer}",{inside}'] += amount
        expected[f'{name}_count{{customer_id="{customer}",{inside}'] += 1
        for bound in bounds:
            le = "+Inf" if bound == math.inf else f"{bound:.1f}"
            expected[f'{name}_bucket{{customer_id="{customer}",le="{le}",{inside}'] += amount <= bound
    assert series(registry) == dict(expected)
