"""Event by event: what must stand in the exposition, written by hand from the platform contract, and scraped.

Every case is scraped twice: from the client library's own HTTP endpoint, and from a Pushgateway it was pushed to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from staging_validation.telemetry import Instruments

PREFIX = "rsolv_billing_"
ADDED_BY_THE_GATEWAY = {"instance", "job", "validation_run"}

AMOUNT = ("100", "500", "1500", "4900", "10000", "50000", "+Inf")
CREATION = ("50", "100", "250", "500", "1000", "2000", "5000", "+Inf")
PAYMENT = ("100", "250", "500", "1000", "2000", "5000", "10000", "+Inf")
QUANTITY = ("1", "5", "10", "20", "50", "100", "+Inf")
GRANT = ("5", "10", "60", "120", "+Inf")
WEBHOOK = ("10", "50", "100", "250", "500", "1000", "5000", "+Inf")

Event = tuple[str, dict[str, Any], dict[str, Any]]


def histogram(
    name: str, labels: str, bounds: tuple[str, ...], counts: str, *, total: str, count: int = 1
) -> str:
    """Spell a histogram's lines; the counts are those of the bounds, in their order."""
    lines = [
        f'{name}_bucket{{{labels},le="{bound}"}} {number}'
        for bound, number in zip(bounds, counts.split(), strict=True)
    ]
    return "\n".join([*lines, f"{name}_sum{{{labels}}} {total}", f"{name}_count{{{labels}}} {count}"])


def event(name: str, measurements: dict[str, Any] | None = None, **labels: Any) -> Event:
    return name, measurements or {}, labels


@dataclass(frozen=True)
class Case:
    name: str
    events: tuple[Event, ...]
    lines: tuple[str, ...]


def case(name: str, *parts: Event | str) -> Any:
    events = tuple(part for part in parts if not isinstance(part, str))
    lines = tuple(line for part in parts if isinstance(part, str) for line in part.splitlines())
    return pytest.param(Case(name, events, lines), id=name)


CARD = 'customer_id="7",payment_method="card"'
PAID = f'payment_processed_total{{{CARD},status="success"}} 1'
PAID_AMOUNT = "payment_processed_amount_cents", f'{CARD},status="success"', AMOUNT
PAID_DURATION = "payment_processed_duration_milliseconds", CARD, PAYMENT
PRO = 'customer_id="7",plan="pro"'

PAYMENT_TOOK = {"amount_cents": 2900, "duration": 700}
CREATION_TOOK = {"amount": 59900, "duration": 180}
USED = "usage_tracked_quantity", f'{PRO},resource_type="fix"', QUANTITY
GRANTED = "credits_added_quantity", 'customer_id="7",reason="pro_subscription_payment"', GRANT
PURCHASED = "credits_added_quantity", 'customer_id="7",reason="purchased"', GRANT
ADJUSTED = "credits_added_quantity", 'customer_id="7",reason="adjustment"', GRANT
WEBHOOK_DURATION = (
    "stripe_webhook_received_duration_milliseconds",
    'event_type="invoice.payment_succeeded",status="success"',
    WEBHOOK,
)

CASES = [
    # Subscriptions
    case(
        "subscription created",
        event("subscription_created", CREATION_TOOK, customer_id=7, plan="pro", status="success"),
        f'subscription_created_total{{{PRO},status="success"}} 1',
        histogram(
            "subscription_created_duration_milliseconds", PRO, CREATION, "0 0 1 1 1 1 1 1", total="180"
        ),
    ),
    case(
        "creation of a subscription failed: counted, its duration is not observed",
        event("subscription_created", CREATION_TOOK, customer_id=7, plan="pro", status="failed"),
        f'subscription_created_total{{{PRO},status="failed"}} 1',
    ),
    case(
        "subscription renewed: no histogram takes its amount or duration",
        event(
            "subscription_renewed",
            {"amount": 59900, "duration": 90},
            customer_id=7,
            plan="pro",
            status="success",
        ),
        f'subscription_renewed_total{{{PRO},status="success"}} 1',
    ),
    case(
        "renewal failed",
        event("subscription_renewed", {"amount": 59900}, customer_id=7, plan="pro", status="failed"),
        f'subscription_renewed_total{{{PRO},status="failed"}} 1',
    ),
    case(
        "subscription cancelled",
        event(
            "subscription_cancelled", {"duration": 60}, customer_id=7, plan="pro", reason="payment_failure"
        ),
        f'subscription_cancelled_total{{{PRO},reason="payment_failure"}} 1',
    ),
    # Payments and invoices
    case(
        "payment succeeded",
        event("payment_processed", PAYMENT_TOOK, customer_id=7, status="success", payment_method="card"),
        PAID,
        histogram(*PAID_AMOUNT, "0 0 0 1 1 1 1", total="2900"),
        histogram(*PAID_DURATION, "0 0 0 1 1 1 1 1", total="700"),
    ),
    case(
        "payment failed: counted and timed, its amount is not observed",
        event("payment_processed", PAYMENT_TOOK, customer_id=7, status="failed", payment_method="card"),
        f'payment_processed_total{{{CARD},status="failed"}} 1',
        histogram(*PAID_DURATION, "0 0 0 1 1 1 1 1", total="700"),
    ),
    case(
        "two payment methods are two series",
        event("payment_processed", customer_id=7, status="success", payment_method="card"),
        event("payment_processed", customer_id=7, status="success", payment_method="bank_transfer"),
        PAID,
        'payment_processed_total{customer_id="7",payment_method="bank_transfer",status="success"} 1',
    ),
    case(
        "invoice paid",
        event("invoice_paid", {"amount_cents": 59900, "duration": 90}, customer_id=7, plan="pro"),
        f"invoice_paid_total{{{PRO}}} 1",
        histogram("invoice_paid_amount_cents", PRO, AMOUNT, "0 0 0 0 0 0 1", total="59900"),
    ),
    case(
        "invoice failed",
        event("invoice_failed", {"duration": 90}, customer_id=7, failure_code="card_declined"),
        'invoice_failed_total{customer_id="7",failure_code="card_declined"} 1',
    ),
    # Usage and credits
    case(
        "usage tracked: one event, however much was used",
        event("usage_tracked", {"quantity": 15}, customer_id=7, plan="pro", resource_type="fix"),
        f'usage_tracked_total{{{PRO},resource_type="fix"}} 1',
        histogram(*USED, "0 0 0 1 1 1 1", total="15"),
    ),
    case(
        "credits added",
        event("credits_added", {"quantity": 60}, customer_id=7, reason="pro_subscription_payment"),
        'credits_added_total{customer_id="7",reason="pro_subscription_payment"} 1',
        histogram(*GRANTED, "0 0 1 1 1", total="60"),
    ),
    case(
        "credits consumed",
        event("credits_consumed", {"quantity": 1}, customer_id=7, plan="pro"),
        f"credits_consumed_total{{{PRO}}} 1",
        histogram("credits_consumed_quantity", PRO, QUANTITY, "1 1 1 1 1 1 1", total="1"),
    ),
    # Webhooks
    case(
        "webhook accepted: no failure is counted",
        event(
            "stripe_webhook_received",
            {"duration": 42},
            event_type="invoice.payment_succeeded",
            status="success",
        ),
        'stripe_webhook_received_total{event_type="invoice.payment_succeeded",status="success"} 1',
        histogram(*WEBHOOK_DURATION, "0 1 1 1 1 1 1 1", total="42"),
    ),
    case(
        "webhook turned away",
        event("stripe_webhook_received", status="failed", failure_reason="invalid_signature"),
        'stripe_webhook_received_total{event_type="unknown",status="failed"} 1',
        'stripe_webhook_failed_total{event_type="unknown",failure_reason="invalid_signature"} 1',
    ),
    # Labels
    case(
        "missing labels take their fallbacks",
        event("subscription_created"),
        event("subscription_cancelled"),
        event("payment_processed"),
        event("usage_tracked"),
        event("credits_added"),
        event("invoice_failed"),
        'subscription_created_total{customer_id="unknown",plan="unknown",status="unknown"} 1',
        'subscription_cancelled_total{customer_id="unknown",plan="unknown",reason="customer_request"} 1',
        'payment_processed_total{customer_id="unknown",payment_method="card",status="unknown"} 1',
        'usage_tracked_total{customer_id="unknown",plan="trial",resource_type="fix"} 1',
        'credits_added_total{customer_id="unknown",reason="other"} 1',
        'invoice_failed_total{customer_id="unknown",failure_code="unknown"} 1',
    ),
    case(
        "null, empty and non-scalar labels become unknown, whatever the fallback is",
        event("usage_tracked", customer_id=None, plan="", resource_type=["fix"]),
        event("usage_tracked", customer_id={"id": 7}, plan=(), resource_type=None),
        'usage_tracked_total{customer_id="unknown",plan="unknown",resource_type="unknown"} 2',
    ),
    case(
        "booleans and numbers become text",
        event("credits_consumed", customer_id=7, plan=True),
        event("credits_consumed", customer_id=0, plan=False),
        event("credits_consumed", customer_id=1.5, plan=-1),
        'credits_consumed_total{customer_id="7",plan="true"} 1',
        'credits_consumed_total{customer_id="0",plan="false"} 1',
        'credits_consumed_total{customer_id="1.5",plan="-1"} 1',
    ),
    case(
        "quotes, backslashes, line ends and other scripts arrive as they were",
        event("credits_consumed", customer_id='a "b" \\ c\nd', plan="größer ☕"),
        'credits_consumed_total{customer_id="a \\"b\\" \\\\ c\\nd",plan="größer ☕"} 1',
    ),
    case(
        "half a surrogate pair is no text: unknown, and everything else stays readable",
        event("credits_consumed", customer_id="\ud83d", plan="pro"),
        'credits_consumed_total{customer_id="unknown",plan="pro"} 1',
    ),
    case(
        "a label that the catalogue does not know is ignored",
        event("credits_consumed", customer_id=7, plan="pro", colour="red", le="1"),
        f"credits_consumed_total{{{PRO}}} 1",
    ),
    # Measurements
    case(
        "a missing measurement skips only its histogram",
        event("payment_processed", {"duration": 700}, customer_id=7, status="success"),
        PAID,
        histogram(*PAID_DURATION, "0 0 0 1 1 1 1 1", total="700"),
    ),
    case(
        "NaN, infinity, booleans and text are no measurements",
        event(
            "payment_processed", {"amount_cents": math.nan, "duration": True}, customer_id=7, status="success"
        ),
        event(
            "payment_processed", {"amount_cents": math.inf, "duration": "5"}, customer_id=7, status="success"
        ),
        event(
            "payment_processed",
            {"amount_cents": -math.inf, "duration": None},
            customer_id=7,
            status="success",
        ),
        f'payment_processed_total{{{CARD},status="success"}} 3',
    ),
    case(
        "zero is a measurement",
        event("payment_processed", {"amount_cents": 0, "duration": 0.0}, customer_id=7, status="success"),
        PAID,
        histogram(*PAID_AMOUNT, "1 1 1 1 1 1 1", total="0"),
        histogram(*PAID_DURATION, "1 1 1 1 1 1 1 1", total="0"),
    ),
    case(
        "very large: 10^15 is kept exactly, 10^400 is no number that a sample can hold",
        event(
            "payment_processed",
            {"amount_cents": 10**15, "duration": 10**400},
            customer_id=7,
            status="success",
        ),
        PAID,
        histogram(*PAID_AMOUNT, "0 0 0 0 0 0 1", total="1000000000000000"),
    ),
    # Edges
    case(
        "exactly on a bound is inside it, a little more is not",
        event("credits_added", {"quantity": 60}, customer_id=7, reason="purchased"),
        event("credits_added", {"quantity": 60.5}, customer_id=7, reason="purchased"),
        'credits_added_total{customer_id="7",reason="purchased"} 2',
        histogram(*PURCHASED, "0 0 1 2 2", total="120.5", count=2),
    ),
    case(
        "above the largest bound",
        event("credits_added", {"quantity": 121}, customer_id=7, reason="adjustment"),
        'credits_added_total{customer_id="7",reason="adjustment"} 1',
        histogram(*ADJUSTED, "0 0 0 0 1", total="121"),
    ),
    case(
        "the same event again",
        *[event("usage_tracked", {"quantity": 3}, customer_id=7, plan="pro")] * 3,
        f'usage_tracked_total{{{PRO},resource_type="fix"}} 3',
        histogram(*USED, "0 3 3 3 3 3 3", total="9", count=3),
    ),
]

Scrape = Callable[[CollectorRegistry], str]


class Shown:
    """Shows one registry after the other at the same endpoint."""

    registry = CollectorRegistry()

    def collect(self) -> Iterable[Metric]:
        return self.registry.collect()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Scrape]:
    shown, served = Shown(), CollectorRegistry()
    served.register(shown)
    server, thread = start_http_server(0, addr="127.0.0.1", registry=served)

    def scrape(registry: CollectorRegistry) -> str:
        shown.registry = registry
        answer = requests.get(f"http://127.0.0.1:{server.server_port}/metrics", timeout=5)
        answer.raise_for_status()
        return answer.content.decode()

    yield scrape
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture(scope="module")
def pushgateway(monitoring) -> Scrape:
    def scrape(registry: CollectorRegistry) -> str:
        monitoring.gateway.push("case", registry)
        try:
            answer = monitoring.gateway._http.request("GET", "/metrics")
        finally:
            monitoring.gateway.delete("case")
        lines = answer.content.decode().split("\n")
        return "\n".join(line for line in lines if 'validation_run="case"' in line and PREFIX in line) + "\n"

    return scrape


def read(exposition: str) -> dict[str, float]:
    """Return the samples of an exposition by their series; bounds and order as one would write them."""
    samples: dict[str, float] = {}
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            labels = {
                name: value for name, value in sample.labels.items() if name not in ADDED_BY_THE_GATEWAY
            }
            if "le" in labels:
                labels["le"] = f"{float(labels['le']):g}"
            series = f"{sample.name.removeprefix(PREFIX)}{sorted(labels.items())}"
            assert series not in samples, f"{series} stands there twice"
            samples[series] = sample.value
    return samples


@pytest.mark.parametrize("source", ["endpoint", "pushgateway"])
@pytest.mark.parametrize("case", CASES)
def test_exactly_these_lines_are_scraped(case, source, catalogue, request):
    registry = CollectorRegistry()
    instruments = Instruments(catalogue, registry)
    for name, measurements, labels in case.events:
        instruments.record(name, measurements, labels)
    scraped = read(request.getfixturevalue(source)(registry))
    assert scraped == read("".join(f"{PREFIX}{line}\n" for line in case.lines))


def test_there_are_at_least_eighteen_cases_that_reach_every_event_and_metric(catalogue):
    cases = [param.values[0] for param in CASES]
    assert len({case.name for case in cases}) == len(CASES) >= 18
    assert {event for case in cases for event, _, _ in case.events} == set(catalogue.events)
    lines = "\n".join(line for case in cases for line in case.lines)
    fed = [metric.name for metric in catalogue.metrics.values() if metric.event]
    assert [name for name in fed if name.removeprefix(PREFIX) not in lines] == []
