"""The real thing: service and Stripe sandbox as processes of their own, webhooks flowing back."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
import requests
import stripe as stripe_sdk
from psycopg.rows import dict_row

from local_staging.service.__main__ import main
from local_staging.stack.monitoring import http_answers
from local_staging.stack.ports import free_port
from local_staging.stack.processes import Program
from local_staging.stack.supervisor import Supervisor
from staging_validation.clients.polling import wait_for

PRICE = "price_local_pro"
KEY = "sk_test_integration"


class Staging:
    """A service and a sandbox that run."""

    def __init__(self, database_url: str, log_dir, supervisor: Supervisor) -> None:
        self.database_url = database_url
        self._log_dir = log_dir
        self._supervisor = supervisor
        self._signups = 0
        service, sandbox = free_port(), free_port()
        self.url = f"http://127.0.0.1:{service}"
        self.stripe_url = f"http://127.0.0.1:{sandbox}"
        self.environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "STRIPE_API_KEY": KEY,
            "STRIPE_API_BASE": self.stripe_url,
            "STRIPE_WEBHOOK_SECRET": "whsec_integration",
            "STRIPE_SANDBOX_WEBHOOK_SECRET": "whsec_integration",
            "STRIPE_PRO_PRICE_ID": PRICE,
            "BILLING_ONBOARD_PER_MINUTE": "1000",
        }
        webhooks = f"{self.url}/api/webhooks/stripe"
        self.sandbox = self._start(
            "sandbox",
            f"{self.stripe_url}/healthz",
            *("local_staging.stripe_sandbox", "--port", str(sandbox)),
            *("--webhook-url", webhooks, "--pro-price-id", PRICE),
        )
        self._serve = ("local_staging.service", "serve", "--port", str(service))
        self.service = self.start_service()
        self.stripe = stripe_sdk.StripeClient(KEY, base_addresses={"api": self.stripe_url})

    def start_service(self):
        return self._start("service", f"{self.url}/api/health", *self._serve)

    def _start(self, name, ready_url, *module):
        program = Program(
            name=name,
            argv=(sys.executable, "-m", *module),
            log=self._log_dir / f"{name}.log",
            env=self.environment,
        )
        child = self._supervisor.start(program)
        child.wait_until(
            "be ready",
            http_answers(ready_url),
            timeout_seconds=60,
            interruption=self._supervisor.interruption,
        )
        return child

    def onboard(self) -> int:
        self._signups += 1
        answer = requests.post(
            f"{self.url}/api/v1/customers/onboard",
            json={"name": "Ann", "email": f"integration-{self._signups}@test.example.com"},
            timeout=10,
        )
        assert answer.status_code == 201, answer.text
        return answer.json()["customer"]["id"]

    def post(self, customer_id: int, operation: str, **body):
        answer = requests.post(
            f"{self.url}/internal/customers/{customer_id}/{operation}", json=body, timeout=10
        )
        return answer.status_code, answer.json()

    def add_card(self, customer_id: int, card: str = "pm_card_visa") -> None:
        assert self.post(customer_id, "payment-method", payment_method=card, consent=True)[0] == 200

    def becomes(self, customer_id: int, **wanted):
        seen = {}

        def probe():
            url = f"{self.url}/internal/customers/{customer_id}/summary"
            seen.update(requests.get(url, timeout=10).json())
            return seen if all(seen[name] == value for name, value in wanted.items()) else None

        return wait_for(f"{wanted}", probe, timeout_seconds=20, interval_seconds=0.05, seen=lambda: seen)

    def sql(self, query, *parameters):
        with psycopg.connect(self.database_url, autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def staging(database_url, tmp_path) -> Iterator[Staging]:
    supervisor = Supervisor()
    with ExitStack() as stack:
        stack.callback(supervisor.stop_all)
        yield Staging(database_url, tmp_path, supervisor)


def test_the_life_of_a_customer(staging):
    customer_id = staging.onboard()
    assert staging.post(customer_id, "subscribe")[0] == 422
    staging.add_card(customer_id)

    status, summary = staging.post(customer_id, "subscribe")

    assert (status, summary["subscription_type"], summary["subscription_state"]) == (200, "pro", "active")
    paid = staging.becomes(customer_id, credit_balance=70)
    assert paid["transactions"][0]["source"] == "pro_subscription_payment"
    stripe_id = paid["stripe_customer_id"]
    assert staging.stripe.v1.customers.retrieve(stripe_id).metadata["customer_id"] == str(customer_id)
    invoice = staging.sql(
        "SELECT customer_id, amount_cents, metadata FROM billing_events "
        "WHERE event_type = 'invoice.payment_succeeded'"
    )[0]
    assert (invoice["customer_id"], invoice["amount_cents"]) == (customer_id, 59_900)
    assert invoice["metadata"]["status"] == "processed"

    assert (
        staging.post(customer_id, "cancel", at_period_end=True)[1]["subscription_cancel_at_period_end"]
        is True
    )
    staging.becomes(customer_id, subscription_type="pro", subscription_cancel_at_period_end=True)

    staging.post(customer_id, "cancel", at_period_end=False)
    ended = staging.becomes(customer_id, subscription_state=None, stripe_subscription_id=None)
    assert (ended["subscription_type"], ended["credit_balance"]) == ("pay_as_you_go", 70)
    assert ended["subscription_cancel_at_period_end"] is False

    staging.sql("UPDATE customers SET credit_balance = 0 WHERE id = %s", customer_id)
    assert staging.post(customer_id, "fixes", fix_id="fix-1")[0] == 200
    intents = staging.stripe.v1.payment_intents.list({"customer": stripe_id}).data
    assert (intents[0].amount, intents[0].status) == (2_900, "succeeded")
    metrics = requests.get(f"{staging.url}/metrics", timeout=10).text
    assert f'rsolv_billing_invoice_paid_total{{customer_id="{customer_id}",plan="pro"}} 1.0' in metrics


def test_cards_that_decline(staging):
    customer_id = staging.onboard()
    refused = staging.post(
        customer_id, "payment-method", payment_method="pm_card_chargeDeclined", consent=True
    )
    assert (refused[0], refused[1]["error"]["code"]) == (402, "card_declined")
    staging.add_card(customer_id, "pm_card_chargeCustomerFail")

    for operation, body in (("subscribe", {}), ("fixes", {"fix_id": "fix-1"})):
        staging.sql("UPDATE customers SET credit_balance = 0 WHERE id = %s", customer_id)
        status, answer = staging.post(customer_id, operation, **body)
        assert (status, answer["error"]["code"]) == (402, "card_declined")

    assert staging.sql("SELECT subscription_type, subscription_state, credit_balance FROM customers") == [
        {"subscription_type": "pay_as_you_go", "subscription_state": None, "credit_balance": 0}
    ]


def test_service_ends_in_good_order_and_loses_no_webhook(staging):
    customer_id = staging.onboard()
    staging.add_card(customer_id)
    staging.post(customer_id, "subscribe")

    began = time.monotonic()
    staging.service._popen.send_signal(signal.SIGTERM)
    status = wait_for("the service to end", lambda: staging.service.exit_status, timeout_seconds=5)
    assert status == 0
    assert time.monotonic() - began < 3

    staging.start_service()
    staging.becomes(customer_id, credit_balance=70)


class TestCommandLine:
    def test_migrates(self, database_url, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", database_url)

        assert main(["migrate"]) == 0

    def test_missing_setting_is_2(self, monkeypatch, caplog):
        monkeypatch.delenv("DATABASE_URL", raising=False)

        assert main(["migrate"]) == 2
        assert "DATABASE_URL" in caplog.text

    def test_database_that_does_not_answer_is_1(self, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", f"postgresql://127.0.0.1:{free_port()}/nothing")

        assert main(["migrate"]) == 1
