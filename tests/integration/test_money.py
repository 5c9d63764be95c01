"""The money on the real parts: equal to the cent, and every planted cent found where it is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
import requests
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import delete_from_gateway, push_to_gateway

from staging_validation.airflow.operators.billing import RunWorkflowOperator
from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.http import HttpService
from staging_validation.clients.money_sources import MoneySources, reconcile_run
from staging_validation.clients.polling import wait_for
from staging_validation.clients.postgres import connect
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.clients.staging_session import StagingSession
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import CheckFailedError
from staging_validation.money.books import INVOICE_METRIC
from staging_validation.results import CheckResult, Outcome

_runs = itertools.count(1)


@dataclass(frozen=True)
class Paid:
    """A run whose customers paid."""

    run_id: str
    pro: Any
    fixer: Any


@pytest.fixture(scope="module")
def sources(stack) -> Iterator[MoneySources]:
    settings = stack.connections()
    stripe = StripeApi.from_settings(settings["stripe_default"])
    with closing(connect(settings["staging_postgres"])) as connection, closing(stripe):
        yield MoneySources(
            connection,
            stripe,
            BillingApi.from_settings(settings["staging_api"]),
            PrometheusClient(HttpService.from_settings("Prometheus", settings["prometheus_default"])),
        )


@contextmanager
def _session(stack: Any, run_id: str) -> Iterator[StagingSession]:
    settings = stack.connections()
    with (
        closing(connect(settings["staging_postgres"])) as connection,
        StagingSession(
            "w90_money",
            run_id,
            api=BillingApi.from_settings(settings["staging_api"]),
            connection=connection,
            stripe=StripeApi.from_settings(settings["stripe_default"]),
        ) as session,
    ):
        yield session


def _charged_once(session: StagingSession) -> Any:
    """Sign a customer up who spends all ten credits and pays for the eleventh fix."""
    customer = session.sign_up()
    assert session.api.add_payment_method(customer.id, "pm_card_visa", consent=True).status == 200
    for number in range(11):
        assert session.api.deploy_fix(customer.id, f"fix_{session.run_id}_{number}").status == 200
    return customer


@pytest.fixture(scope="module")
def paid(stack, sources) -> Paid:
    """A Pro customer (one real invoice, one event made by the run), and one who was charged for a fix."""
    run_id = f"money-{next(_runs)}"
    with _session(stack, run_id) as session:
        fixer, pro = _charged_once(session), session.sign_up()
        assert session.api.add_payment_method(pro.id, "pm_card_visa", consent=True).status == 200
        assert session.api.subscribe(pro.id).status == 200
        made = session.pro_invoice_paid(pro)
        assert {answer.status for answer in session.send_at_once(made, 3)} == {200}
    reconcile_run(sources, run_id)  # the webhooks have arrived
    return Paid(run_id, pro, fixer)


@pytest.fixture
def failed(sources, paid) -> Callable[..., dict[str, str]]:
    """Reconcile at once, and return what failed."""

    def reconcile_now(given: MoneySources = sources, run_id: str = paid.run_id) -> dict[str, str]:
        return _failed(reconcile_run(given, run_id, settle_seconds=0))

    return reconcile_now


def _failed(results: list[CheckResult]) -> dict[str, str]:
    return {result.id: str(result.actual) for result in results if result.outcome is not Outcome.PASSED}


@contextmanager
def _planted(database: psycopg.Connection[Any], plant: str, customer: int) -> Iterator[None]:
    assert database.execute(plant, [customer]).rowcount == 1
    try:
        yield
    finally:
        database.execute(plant.replace("+ 1", "- 1"), [customer])


def test_clean_books_are_equal_to_the_cent(sources, paid):
    results = reconcile_run(sources, paid.run_id)
    assert _failed(results) == {}
    assert {result.outcome for result in results} == {Outcome.PASSED}
    (total,) = [result for result in results if result.id == "money.total"]
    assert set(total.actual.values()) == {2 * 59_900 + 2_900}, "a real invoice, a made one, and one charge"
    assert len(total.actual) == 5


LEDGER = """
UPDATE credit_transactions SET metadata = jsonb_set(metadata, '{amount_cents}',
    to_jsonb((metadata->>'amount_cents')::int + 1))
WHERE id = (SELECT id FROM credit_transactions WHERE customer_id = %s AND metadata ? 'amount_cents'
            ORDER BY id LIMIT 1)
"""
EVENTS = """
UPDATE billing_events SET amount_cents = amount_cents + 1
WHERE id = (SELECT id FROM billing_events WHERE customer_id = %s AND amount_cents > 0 ORDER BY id LIMIT 1)
"""
BALANCE = "UPDATE customers SET credit_balance = credit_balance + 1 WHERE id = %s"
RUNNING_SUM = """
UPDATE credit_transactions SET balance_after = balance_after + 1 WHERE customer_id = %s AND source = 'trial_signup'
"""


@pytest.mark.parametrize("who", ["pro", "fixer"])
def test_a_cent_in_the_ledger_is_found(database, sources, paid, failed, who):
    customer = getattr(paid, who)
    with _planted(database, LEDGER, customer.id):
        messages = failed()
    named = [text for text in messages.values() if customer.email in text and "ledger row" in text]
    assert named
    assert all(" 1 more" in text or " 1 less" in text for text in named)
    assert "money.total" in messages
    assert failed() == {}


def test_a_cent_in_the_events_is_found(database, paid, failed):
    with _planted(database, EVENTS, paid.pro.id):
        messages = failed()
    assert f"{paid.pro.email} (customer {paid.pro.id})" in messages["money.ledger_events"]
    assert "59901, 1 more" in messages["money.ledger_events"]
    assert "billing_events (evt_" in messages["money.ledger_events"]
    assert failed() == {}


def test_a_cent_at_stripe_is_found(stack, sources, failed):
    run_id = f"money-{next(_runs)}"
    with _session(stack, run_id) as session:
        customer = _charged_once(session)
    assert _failed(reconcile_run(sources, run_id)) == {}
    (charge,) = sources.stripe.charges(customer.stripe_id)
    settings = stack.connections()["stripe_default"]
    answer = requests.post(
        f"{settings.base_url}/v1/refunds",
        data={"charge": charge["id"], "amount": 1},
        auth=(settings.secret, ""),
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    messages = failed(run_id=run_id)
    assert customer.email in messages["money.stripe_ledger"]
    assert "2899 cents" in messages["money.stripe_ledger"]
    assert charge["id"] in messages["money.stripe_ledger"]


def test_a_cent_in_the_metrics_is_found(sources, paid, failed, httpserver):
    text = sources.api.metrics()
    lines = []
    for line in text.splitlines():
        mine = line.startswith(f"{INVOICE_METRIC}_sum{{") and f'customer_id="{paid.pro.id}"' in line
        name, _, value = line.rpartition(" ")
        lines.append(f"{name} {float(value) + 1}" if mine else line)
    httpserver.expect_request("/metrics").respond_with_data(
        "\n".join(lines) + "\n", content_type="text/plain"
    )
    api = BillingApi(HttpService("billing API", httpserver.url_for("").rstrip("/")))
    messages = failed(replace(sources, api=api))
    assert set(messages) == {"money.metrics_invoices"}
    assert paid.pro.email in messages["money.metrics_invoices"]
    assert f"{INVOICE_METRIC}_sum{{" in messages["money.metrics_invoices"]
    assert "119801, 1 more" in messages["money.metrics_invoices"]


def test_a_cent_in_the_revenue_panel_is_found(stack, sources, paid, failed):
    settings = stack.connections()["pushgateway_default"]
    registry = CollectorRegistry()
    labels = ("customer_id", "plan")
    metric = Histogram(
        INVOICE_METRIC,
        "Amounts of paid invoices",
        labels,
        registry=registry,
        buckets=(100, 500, 1500, 4900, 10000, 50000),
    )
    metric.labels(str(paid.pro.id), "pro").observe(1)
    push_to_gateway(settings.base_url, job="planted", registry=registry)
    try:
        results = reconcile_until_failed(sources, paid.run_id)
    finally:
        delete_from_gateway(settings.base_url, job="planted")
    assert _failed(reconcile_run(sources, paid.run_id)) == {}, "the planted cent is gone again"
    messages = _failed(results)
    assert set(messages) == {"money.revenue_panel", "money.total"}
    assert paid.pro.email in messages["money.revenue_panel"]
    assert "119801, 1 more" in messages["money.revenue_panel"]


def reconcile_until_failed(sources: MoneySources, run_id: str) -> list[CheckResult]:
    def failing() -> list[CheckResult] | None:
        results = reconcile_run(sources, run_id, settle_seconds=0)
        return results if _failed(results) else None

    return wait_for("the pushed cent to be scraped", failing, timeout_seconds=15, interval_seconds=0.2)


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (
            BALANCE,
            "the balance is 131 credits, and the ledger's 4 rows sum up to 130",
        ),
        (
            RUNNING_SUM,
            "trial_signup",
        ),
    ],
    ids=["balance", "running sum"],
)
def test_a_credit_is_found(database, paid, failed, plant, said):
    with _planted(database, plant, paid.pro.id):
        messages = failed()
    assert set(messages) == {"money.credits"}
    assert paid.pro.email in messages["money.credits"]
    assert said in messages["money.credits"]


def test_a_run_without_customers_is_skipped_with_the_reason(sources):
    (result,) = reconcile_run(sources, "nobody-1")
    assert result.outcome is Outcome.SKIPPED
    assert "signed up no customer" in str(result.evidence["reason"])


def test_the_money_is_reconciled_although_a_workflow_failed(run_dag, monkeypatch):
    check = RunWorkflowOperator.check

    def check_and_fail(self, context, run):
        check(self, context, run)
        raise CheckFailedError("a planted failure of the workflow")

    monkeypatch.setattr(RunWorkflowOperator, "check", check_and_fail)
    night = run_dag("staging_billing", workflows=["w06_pro"])
    assert night.outcome == "failed"
    assert night.tasks["billing.run_workflow__0"] == "failed"
    assert night.tasks["billing.reconcile_money"] == "success"
    money = {result["id"]: result["outcome"] for result in night.results if result["kind"] == "money"}
    assert set(money.values()) == {"passed"}
    assert {"money.stripe_ledger", "money.revenue_panel", "money.total", "money.credits"} <= set(money)
