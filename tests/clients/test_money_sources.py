"""The places that speak of the money: what is read, what a platform cannot tell, and what is down."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
import tenacity
from psycopg.types.json import Jsonb
from werkzeug import Request, Response

from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.http import HttpService
from staging_validation.clients.money_sources import MoneySources, reconcile_run
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import ServiceAnswerError
from staging_validation.money import Books, Charge, Invoice, Missing, SeriesSum, ServiceSums
from staging_validation.money.books import INVOICE_METRIC, PAYMENT_METRIC
from staging_validation.results import CheckResult, Kind, Outcome

RUN = "nightly-3fa9c1d2e4b5"
PRICE = "price_pro"
METRICS = f"""
# TYPE {INVOICE_METRIC} histogram
{INVOICE_METRIC}_bucket{{customer_id="1",plan="pro",le="+Inf"}} 1
{INVOICE_METRIC}_sum{{customer_id="1",plan="pro"}} 59900
{INVOICE_METRIC}_count{{customer_id="1",plan="pro"}} 1
{INVOICE_METRIC}_sum{{customer_id="77",plan="pro"}} 1
# TYPE {PAYMENT_METRIC} histogram
{PAYMENT_METRIC}_sum{{customer_id="1",status="success",payment_method="card"}} 62800
{PAYMENT_METRIC}_sum{{customer_id="1",status="failed",payment_method="card"}} 5
"""


class Places:
    """The answers of Stripe, the metrics endpoint and Prometheus."""

    def __init__(self, httpserver: Any) -> None:
        self.server = httpserver
        self.url = httpserver.url_for("").rstrip("/")

    def stripe(
        self, invoices: list[dict[str, Any]], charges: list[dict[str, Any]], status: int = 200
    ) -> None:
        for path, entries in (("invoices", invoices), ("charges", charges)):
            answer = {"object": "list", "data": entries, "has_more": False, "url": f"/v1/{path}"}
            failed = {"error": {"type": "invalid_request_error", "message": "No such customer"}}
            self.server.expect_request(f"/v1/{path}").respond_with_json(
                answer if status == 200 else failed, status=status
            )

    def metrics(self, text: str, status: int = 200) -> None:
        self.server.expect_request("/metrics").respond_with_data(
            text, status=status, content_type="text/plain"
        )

    def prometheus(self, *answers: list[dict[str, Any]]) -> None:
        left = iter(answers)

        def answer(_: Request) -> Response:
            body = {"status": "success", "data": {"resultType": "vector", "result": next(left)}}
            return Response(json.dumps(body), content_type="application/json")

        self.server.expect_request("/api/v1/query").respond_with_handler(answer)


SERIES = {
    "metric": {"__name__": f"{INVOICE_METRIC}_sum", "customer_id": "1", "job": "billing_service"},
    "value": [0, "59900"],
}
COUNT = {"metric": {}, "value": [0, "3"]}


@pytest.fixture
def places(httpserver) -> Places:
    return Places(httpserver)


@pytest.fixture
def sources(connection, places) -> Iterator[MoneySources]:
    http = HttpService("billing API", places.url, attempts=1)
    stripe = StripeApi("sk_test_1", places.url, PRICE, "whsec_1", wait=tenacity.wait_none())
    with closing(stripe):
        yield MoneySources(
            connection,
            stripe,
            BillingApi(http),
            PrometheusClient(HttpService("Prometheus", places.url, attempts=1)),
        )


@pytest.fixture
def customer(connection) -> int:
    return _customer(connection, f"w06-{RUN}-1@test.example.com", "cus_1", balance=65)


def _customer(
    connection: psycopg.Connection[Any], email: str, stripe_id: str | None, balance: int = 0
) -> int:
    row = connection.execute(
        "INSERT INTO customers (name, email, stripe_customer_id, credit_balance, inserted_at, updated_at)"
        " VALUES ('x', %s, %s, %s, now(), now()) RETURNING id",
        [email, stripe_id, balance],
    ).fetchone()
    assert row is not None
    return int(row[0])


def _ledger(connection: psycopg.Connection[Any], customer: int, metadata: dict[str, Any]) -> None:
    connection.execute(
        "INSERT INTO credit_transactions (id, customer_id, amount, balance_after, source, metadata, inserted_at,"
        " updated_at) VALUES (gen_random_uuid(), %s, 60, 65, 'pro_subscription_payment', %s, now(), now())",
        [customer, Jsonb(metadata)],
    )


def _event(
    connection: psycopg.Connection[Any], customer: int | None, name: str, metadata: dict[str, Any]
) -> None:
    connection.execute(
        "INSERT INTO billing_events (id, customer_id, stripe_event_id, event_type, amount_cents, metadata,"
        " inserted_at, updated_at)"
        " VALUES (gen_random_uuid(), %s, %s, 'invoice.payment_succeeded', 59900, %s, now(), now())",
        [customer, name, Jsonb(metadata)],
    )


def _invoice(price: str = PRICE) -> dict[str, Any]:
    payment = {"object": "invoice_payment", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}}
    line = {"object": "line_item", "pricing": {"price_details": {"price": price}}}
    return {
        "id": "in_1",
        "object": "invoice",
        "livemode": False,
        "amount_paid": 59_900,
        "status": "paid",
        "lines": {"object": "list", "data": [line]},
        "payments": {"object": "list", "data": [payment]},
    }


def _charge(name: str, intent: str | None, status: str = "succeeded") -> dict[str, Any]:
    return {
        "id": name,
        "object": "charge",
        "livemode": False,
        "amount_captured": 2_900,
        "amount_refunded": 100,
        "payment_intent": intent,
        "status": status,
    }


def test_everything_is_read(sources, places, connection, customer):
    _ledger(connection, customer, {"amount_cents": 59_900, "stripe_invoice_id": "in_1"})
    _event(connection, customer, "evt_1", {"stripe_invoice_id": "in_1", "credited": True})
    places.stripe([_invoice()], [_charge("ch_1", "pi_2"), _charge("ch_2", "pi_3", status="failed")])
    places.metrics(METRICS)
    places.prometheus([SERIES])
    books = sources.read(RUN)
    assert [(one.id, one.email, one.balance, one.told_by_stripe) for one in books.accounts] == [
        (customer, f"w06-{RUN}-1@test.example.com", 65, True)
    ]
    assert books.invoices == (Invoice("in_1", customer, 59_900, ("pi_1",), earns_credits=True),)
    assert books.charges == (Charge("ch_1", customer, 2_900, 100, "pi_2"),)
    assert [(row.credits, row.balance_after, row.cents, row.about) for row in books.ledger] == [
        (60, 65, 59_900, "in_1")
    ]
    assert [(event.id, event.cents, event.about, event.credited) for event in books.events] == [
        ("evt_1", 59_900, "in_1", True)
    ]
    labels = 'customer_id="1",payment_method="card",status="success"'
    assert books.metrics == ServiceSums(
        (SeriesSum(f'{INVOICE_METRIC}_sum{{customer_id="1",plan="pro"}}', customer, 59_900.0),),
        (SeriesSum(f"{PAYMENT_METRIC}_sum{{{labels}}}", customer, 62_800.0),),
    )
    assert [one.value for one in books.panel] == [59_900.0]


def test_customers_of_other_runs_and_of_the_reset_are_left_out(sources, places, connection, customer):
    for number, email in enumerate(
        (
            "pro@test.example.com",
            "w06-nightly-other-1@test.example.com",
            f"w06-x-{RUN}-1@test.example.com",
            f"w06-{RUN}-1-1@test.example.com",
        )
    ):
        _event(connection, _customer(connection, email, f"cus_other_{number}"), f"evt_{number}", {})
    _event(connection, None, "evt_nobody", {})
    places.stripe([], [])
    places.metrics(METRICS)
    places.prometheus([SERIES])
    books = sources.read(RUN)
    assert [account.id for account in books.accounts] == [customer]
    assert books.events == ()


@pytest.mark.parametrize("amount", ["59900", 59_900.5, None, True])
def test_an_amount_that_is_no_whole_number_is_none(sources, places, connection, customer, amount):
    _ledger(connection, customer, {"amount_cents": amount})
    places.stripe([], [])
    places.metrics(METRICS)
    places.prometheus([SERIES])
    assert [row.cents for row in sources.read(RUN).ledger] == [None]


def test_an_invoice_for_something_else_earns_no_credits(sources, places, customer):
    places.stripe([_invoice("price_other")], [])
    places.metrics(METRICS)
    places.prometheus([SERIES])
    (invoice,) = sources.read(RUN).invoices
    assert not invoice.earns_credits


@pytest.mark.parametrize("status", [400, 404])
def test_a_customer_that_stripe_does_not_know_any_more_is_said_so(sources, places, customer, status):
    places.stripe([], [], status=status)
    places.metrics(METRICS)
    places.prometheus([SERIES])
    (account,) = sources.read(RUN).accounts
    assert not account.told_by_stripe


def test_a_stripe_that_fails_is_an_error(sources, places, customer):
    places.stripe([], [], status=403)
    with pytest.raises(ServiceAnswerError, match="Stripe"):
        sources.read(RUN)


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("", 404, "it answers 404"),
        ("up 1\n", 200, f"emits no {INVOICE_METRIC} and no {PAYMENT_METRIC}"),
    ],
    ids=["no endpoint", "no emitter"],
)
def test_a_platform_without_these_metrics_is_no_fault(sources, places, customer, text, status, reason):
    places.stripe([], [])
    places.metrics(text, status)
    places.prometheus([], [], [COUNT])
    books = sources.read(RUN)
    assert isinstance(books.metrics, Missing)
    assert reason in books.metrics.reason
    assert books.metrics.error is None
    assert books.panel == books.metrics, "and what is not emitted cannot be shown"


def test_a_platform_whose_connection_names_no_metrics(sources, places, customer):
    sources.api.paths["metrics"] = None
    places.stripe([], [])
    places.prometheus([SERIES])
    books = sources.read(RUN)
    assert isinstance(books.metrics, Missing)
    assert "offers no metrics" in books.metrics.reason
    assert [one.value for one in books.panel] == [59_900.0], "Prometheus still tells it"


def test_metrics_and_prometheus_that_are_down_are_errors_of_theirs_alone(sources, places, customer):
    places.stripe([], [])
    places.metrics("", 503)
    places.server.expect_request("/api/v1/query").respond_with_data("gone", status=502)
    books = sources.read(RUN)
    for missing, name in ((books.metrics, "billing API"), (books.panel, "Prometheus")):
        assert isinstance(missing, Missing)
        assert missing.error is not None
        assert name in missing.error.message


def test_a_prometheus_that_does_not_scrape_the_service_is_said_so(sources, places, customer):
    places.stripe([], [])
    places.metrics(METRICS)
    places.prometheus([], [], [])
    panel = sources.read(RUN).panel
    assert isinstance(panel, Missing)
    assert "does not scrape the service" in panel.reason


def test_a_service_that_is_scraped_without_this_customer_shows_nothing(sources, places, customer):
    places.stripe([], [])
    places.metrics(METRICS)
    places.prometheus([], [COUNT])
    assert sources.read(RUN).panel == ()


def _result(outcome: Outcome) -> CheckResult:
    return CheckResult(id="money.total", kind=Kind.MONEY, subject="x", outcome=outcome)


def test_what_is_on_its_way_is_given_time(sources):
    outcomes = iter([Outcome.FAILED, Outcome.FAILED, Outcome.PASSED])
    results = reconcile_run(sources, RUN, settle_seconds=10, check=lambda _: [_result(next(outcomes))])
    assert [result.outcome for result in results] == [Outcome.PASSED]


def test_the_first_scrape_of_the_service_is_waited_for(sources, places, customer):
    places.stripe([], [])
    places.metrics(METRICS)
    places.prometheus([], [], [], [SERIES])
    panels = []

    def check(books: Books) -> list[CheckResult]:
        panels.append(books.panel)
        return [_result(Outcome.PASSED)]

    reconcile_run(sources, RUN, settle_seconds=10, check=check)
    first, second = panels
    assert isinstance(first, Missing)
    assert [one.value for one in second] == [59_900.0]


def test_a_service_that_nobody_scrapes_is_not_waited_for_longer(sources, places, customer):
    places.stripe([], [])
    places.metrics(METRICS)
    places.prometheus([], [], [])
    results = reconcile_run(sources, RUN, settle_seconds=0, check=lambda _: [_result(Outcome.PASSED)])
    assert len(results) == 1, "what was seen last is the finding"


def test_a_difference_that_stays_is_the_finding(sources):
    calls = itertools.count(1)

    def check(_: object) -> list[CheckResult]:
        next(calls)
        return [_result(Outcome.FAILED)]

    results = reconcile_run(sources, RUN, settle_seconds=0, check=check)
    assert [result.outcome for result in results] == [Outcome.FAILED]
    assert next(calls) == 2, "asked once"


def test_an_error_is_not_waited_for(sources):
    calls = itertools.count(1)

    def check(_: object) -> list[CheckResult]:
        next(calls)
        return [_result(Outcome.ERRORED)]

    reconcile_run(sources, RUN, settle_seconds=10, check=check)
    assert next(calls) == 2, "asked once"
