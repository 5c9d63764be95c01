"""A database, a stand-in for Stripe, and a driver of the service that speaks HTTP and signs webhooks."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import hmac
import itertools
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import sql
from psycopg.rows import dict_row
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from local_staging.service.app import build_app
from local_staging.service.database import Database, migrate
from local_staging.service.metrics import Telemetry, load_catalogue
from local_staging.service.settings import ServiceSettings
from local_staging.service.stripe_gateway import StripeGateway
from local_staging.service.webhooks.worker import WebhookWorker
from local_staging.service.work import Platform
from local_staging.stack.cache import default_cache_dir
from local_staging.stack.postgres import PostgresServer
from staging_validation.telemetry import Catalogue

SECRET = "whsec_one"
OLD_SECRET = "whsec_old"
PRICE = "price_pro"
KEY = "sk_test_service"
DATABASE = "service"


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    folder = tmp_path_factory.mktemp("postgres") / "data"
    with PostgresServer(folder, cache_dir=default_cache_dir(os.environ), databases=(DATABASE,)) as server:
        migrate(server.dsn(DATABASE))
        yield server


@pytest.fixture
def database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The database, empty: every test leaves it as it was."""
    url = postgres_server.dsn(DATABASE)
    yield url
    with psycopg.connect(url, autocommit=True) as connection:
        for table in ("webhook_queue", "fix_attempts", "customers", "billing_events"):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


@dataclass
class FakeStripe:
    """Answers the calls that the service makes, remembers them, and fails where it is told to."""

    url: str
    calls: list[tuple[str, str, dict[str, str], str | None]] = field(default_factory=list)
    failures: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def fail(self, path: str, status: int, **error: Any) -> None:
        """Fail the calls whose method and path contain ``path``."""
        self.failures[path] = (status, {"error": error})

    def called(self, path: str) -> list[dict[str, str]]:
        return [params for method, called, params, _ in self.calls if path in f"{method} {called}"]

    def answer(self, request: Request) -> Response:
        params = dict(parse_qsl(request.get_data(as_text=True)))
        key = request.headers.get("Idempotency-Key")
        self.calls.append((request.method, request.path, params, key))
        asked = f"{request.method} {request.path}"
        for path, (status, error) in self.failures.items():
            if path in asked:
                return Response(json.dumps(error), status, content_type="application/json")
        if key is None or key not in self._answers:
            made = self._object(request, params)
            for path, changes in self.overrides.items():
                if path in asked:
                    made |= changes
            self._answers[key or ""] = made
        return Response(json.dumps(self._answers[key or ""]), content_type="application/json")

    def _object(self, request: Request, params: dict[str, str]) -> dict[str, Any]:
        path = request.path
        given = path.split("/")[3] if path.count("/") >= 3 else ""
        number = f"{next(self._ids)}_{id(self)}"
        if path.endswith("/attach"):
            return {"id": f"pm_{number}", "object": "payment_method", "customer": params["customer"]}
        if "/customers" in path:
            return {"id": given or f"cus_{number}", "object": "customer"}
        if path == "/v1/payment_intents" and request.method == "GET":
            return {"object": "list", "data": []}
        if "/payment_intents" in path:
            return {"id": f"pi_{number}", "object": "payment_intent", "status": "succeeded"}
        later = params.get("cancel_at_period_end") == "true"
        status = "canceled" if request.method == "DELETE" else "active"
        return subscription(given or f"sub_{number}", "cus_any", status=status, cancel_at_period_end=later)


def subscription(subscription_id: str, customer: str, **changes: Any) -> dict[str, Any]:
    period = {"current_period_start": 1_790_000_000, "current_period_end": 1_792_592_000}
    return {
        "id": subscription_id,
        "object": "subscription",
        "customer": customer,
        "status": "active",
        "cancel_at_period_end": False,
        "items": {"object": "list", "data": [{"id": "si_1", **period}]},
        **changes,
    }


@pytest.fixture
def stripe(httpserver: HTTPServer) -> FakeStripe:
    fake = FakeStripe(httpserver.url_for("").rstrip("/"))
    httpserver.expect_request(re.compile("/v1/.*")).respond_with_handler(fake.answer)
    return fake


@pytest.fixture
def settings(database_url: str, stripe: FakeStripe) -> ServiceSettings:
    return ServiceSettings(
        database_url=database_url,
        stripe_api_key=KEY,
        stripe_api_base=stripe.url,
        webhook_secrets=(SECRET, OLD_SECRET),
        pro_price_id=PRICE,
        onboard_per_minute=1000,
        api_per_minute=1000,
    )


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def platform(settings: ServiceSettings, catalogue: Catalogue) -> Iterator[Platform]:
    parts = Platform(
        settings=settings,
        database=Database(settings.database_url, wait_seconds=5),
        stripe=StripeGateway(KEY, settings.stripe_api_base, pro_price_id=PRICE, network_retries=0),
        telemetry=Telemetry(catalogue),
    )
    yield parts
    parts.database.close()


def signed(body: str | bytes, secret: str = SECRET, at: float | None = None) -> str:
    raw = body.encode() if isinstance(body, str) else body
    timestamp = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + raw, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class Driver:
    """Drives a service over HTTP; webhooks are processed when :meth:`drain` is called."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.worker = WebhookWorker(platform)
        self.http = TestClient(build_app(platform))
        self._numbers = itertools.count(1)

    def onboard(self, **fields: Any) -> dict[str, Any]:
        email = f"customer-{next(self._numbers)}@test.example.com"
        answer = self.http.post("/api/v1/customers/onboard", json={"name": "Ann", "email": email, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def customer_id(self) -> int:
        return self.onboard()["customer"]["id"]

    def with_card(self) -> int:
        customer_id = self.customer_id()
        assert self.post(customer_id, "payment-method", payment_method="pm_card_visa", consent=True)[0] == 200
        return customer_id

    def pro(self) -> int:
        customer_id = self.with_card()
        assert self.post(customer_id, "subscribe")[0] == 200
        return customer_id

    def post(self, customer_id: int, operation: str, **body: Any) -> tuple[int, dict[str, Any]]:
        answer = self.http.post(f"/internal/customers/{customer_id}/{operation}", json=body)
        return answer.status_code, answer.json()

    def spend_all(self, customer_id: int) -> None:
        self.sql("UPDATE credit_transactions SET amount = 0 WHERE customer_id = %s", customer_id)
        self.sql("UPDATE customers SET credit_balance = 0 WHERE id = %s", customer_id)

    def sql(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with psycopg.connect(
            self.platform.settings.database_url, autocommit=True, row_factory=dict_row
        ) as connection:
            cursor = connection.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    def row(self, customer_id: int) -> dict[str, Any]:
        return self.sql("SELECT * FROM customers WHERE id = %s", customer_id)[0]

    def ledger(self, customer_id: int) -> list[tuple[int, str, int]]:
        rows = self.sql("SELECT * FROM credit_transactions WHERE customer_id = %s ORDER BY id", customer_id)
        return [(row["amount"], row["source"], row["balance_after"]) for row in rows]

    def event(self, event_id: str) -> dict[str, Any]:
        return self.sql("SELECT * FROM billing_events WHERE stripe_event_id = %s", event_id)[0]

    def send(self, event_type: str, about: dict[str, Any], **fields: Any) -> str:
        """Deliver an event, and return its id."""
        event_id = fields.pop("id", f"evt_{next(self._numbers)}")
        body = json.dumps(
            {
                "id": event_id,
                "type": event_type,
                "created": 1_790_000_100,
                "data": {"object": about},
                **fields,
            }
        )
        answer = self.deliver(body, signed(body))
        assert (answer.status_code, answer.json()) == (200, {"status": "success"})
        return event_id

    def apply(self, event_type: str, about: dict[str, Any], **fields: Any) -> str:
        event_id = self.send(event_type, about, **fields)
        self.drain()
        return event_id

    def deliver(self, body: str | bytes, signature: str | None) -> Any:
        headers = {} if signature is None else {"Stripe-Signature": signature}
        return self.http.post("/api/webhooks/stripe", content=body, headers=headers)

    def drain(self) -> None:
        while self.worker.work_once():
            pass

    def invoice(self, customer_id: int, price: str = PRICE, **changes: Any) -> dict[str, Any]:
        line = {"id": "il_1", "pricing": {"price_details": {"price": price}}}
        return {
            "id": f"in_{next(self._numbers)}",
            "object": "invoice",
            "customer": self.row(customer_id)["stripe_customer_id"],
            "amount_due": 59_900,
            "amount_paid": 59_900,
            "lines": {"data": [line]},
            **changes,
        }

    def subscription(self, customer_id: int, **changes: Any) -> dict[str, Any]:
        row = self.row(customer_id)
        name = row["stripe_subscription_id"] or f"sub_of_{customer_id}"
        return {**subscription(name, row["stripe_customer_id"]), **changes}

    def metric(self, name: str, **labels: Any) -> float | None:
        """Return a sample's value: counters and histogram series without the common prefix."""
        text = self.http.get("/metrics").text
        wanted = {key: str(value) for key, value in labels.items()}
        for line in text.splitlines():
            match = re.fullmatch(r"rsolv_billing_(\w+?)(?:\{(.*)\})? (\S+)", line)
            if match and match[1] == name and dict(re.findall(r'(\w+)="([^"]*)"', match[2] or "")) == wanted:
                return float(match[3])
        return None


@pytest.fixture
def driver(platform: Platform) -> Driver:
    return Driver(platform)


@pytest.fixture
def sign() -> Any:
    return signed


@pytest.fixture
def broken_database(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def away(_: object) -> Iterator[None]:
        raise psycopg.OperationalError("the server is away")
        yield

    monkeypatch.setattr(Database, "transaction", away)


@pytest.fixture
def strict_driver(platform: Platform) -> Driver:
    """The contract's limit of sign-ups, and three keyed calls a minute."""
    strict = dataclasses.replace(platform.settings, onboard_per_minute=10, api_per_minute=3)
    return Driver(dataclasses.replace(platform, settings=strict))
