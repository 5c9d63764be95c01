"""The platform and Stripe as far as a session needs them, answered by a test's HTTP server."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import Any

import psycopg
import tenacity
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.http import HttpService
from staging_validation.clients.staging_session import Patience, StagingSession
from staging_validation.clients.stripe_api import StripeApi

KEY = "rsolv_" + "k" * 43
SECRET = "whsec_test"
QUICK = Patience(0.3, 0.1, 0.02, 0.2, 0.05, 0.3)


class Platform:
    """The few answers of the platform and of Stripe that a session needs, over the tests' own database."""

    def __init__(self, database: psycopg.Connection[Any]) -> None:
        self.database = database
        self.onboard_statuses: list[int] = []
        self.onboard_error = "X"
        self.delete_status = 200
        self.records = True
        self.with_stripe = True
        self.webhooks: list[tuple[str, str]] = []
        self.deleted: list[str] = []
        self.takes_clocks = True
        self.onboarded: dict[str, str | None] = {}
        self.clocks: dict[str, dict[str, Any]] = {}
        self.deleted_clocks: list[str] = []
        self.clock_status = 200
        self.looks_until_ready = 0
        self.lock = Lock()

    def onboard(self, request: Request) -> Response:
        status = self.onboard_statuses.pop(0) if self.onboard_statuses else 201
        if status == 201:
            sent = request.get_json()
            email = sent["email"]
            clock = sent.get("stripe_test_clock") if self.takes_clocks else None
            self.onboarded[f"cus_{email.partition('@')[0]}"] = clock
            row = self.database.execute(
                "INSERT INTO customers (name, email, stripe_customer_id, inserted_at, updated_at)"
                " VALUES ('x', %s, %s, now(), now()) RETURNING id",
                (email, f"cus_{email.partition('@')[0]}" if self.with_stripe else None),
            ).fetchone()
            body: Any = {"customer": {"id": row[0] if row else None}, "api_key": KEY}
        else:
            body = {"error": {"code": self.onboard_error, "sent": sorted(request.get_json())}}
        return Response(json.dumps(body), status, mimetype="application/json")

    def webhook(self, request: Request) -> Response:
        import stripe

        body = request.get_data(as_text=True)
        stripe.WebhookSignature.verify_header(body, request.headers["Stripe-Signature"], SECRET, 300)
        event = json.loads(body)
        with self.lock:
            self.webhooks.append((event["id"], event["type"]))
            if self.records:
                self.database.execute(
                    "INSERT INTO billing_events (id, stripe_event_id, event_type, inserted_at, updated_at)"
                    " VALUES (%s, %s, %s, now(), now()) ON CONFLICT DO NOTHING",
                    (uuid.uuid4(), event["id"], event["type"]),
                )
        return Response('{"status": "success"}', 200, mimetype="application/json")

    def stripe(self, request: Request) -> Response:
        customer_id = request.path.rpartition("/")[2]
        if request.method == "DELETE" and self.delete_status == 200:
            self.deleted.append(customer_id)
            body: Any = {"id": customer_id, "object": "customer", "deleted": True}
        elif request.method == "DELETE":
            body = {"error": {"type": "api_error", "message": "Try later."}}
            return Response(json.dumps(body), self.delete_status, mimetype="application/json")
        else:
            clock = self.onboarded.get(customer_id)
            body = {"id": customer_id, "object": "customer", "livemode": False, "test_clock": clock}
        return Response(json.dumps(body), 200, mimetype="application/json")

    def test_clocks(self, request: Request) -> Response:
        """Make, show, advance and delete clocks; an advance takes as many looks as ``looks_until_ready``."""
        if self.clock_status != 200:
            body: Any = {"error": {"type": "invalid_request_error", "message": "No permission."}}
            return Response(json.dumps(body), self.clock_status, mimetype="application/json")
        parts = request.path.split("/")[4:]
        clock = self.clocks.get(parts[0]) if parts else None
        if request.method == "DELETE":
            self.deleted_clocks.append(parts[0])
            self.clocks.pop(parts[0])
            body = {"id": parts[0], "object": "test_helpers.test_clock", "deleted": True}
        elif clock is None:
            body = {
                "id": f"clock_{len(self.clocks) + 1}",
                "object": "test_helpers.test_clock",
                "name": request.form["name"],
                "frozen_time": int(request.form["frozen_time"]),
                "status": "ready",
                "livemode": False,
            }
            self.clocks[body["id"]] = body
        elif request.method == "POST":
            clock.update(status="advancing", frozen_time=int(request.form["frozen_time"]), looks=0)
            body = clock
        else:
            clock["looks"] = clock.get("looks", 0) + 1
            if clock["looks"] > self.looks_until_ready:
                clock["status"] = "ready"
            body = clock
        return Response(json.dumps(body), 200, mimetype="application/json")


def serve(platform: Platform, server: HTTPServer) -> None:
    """Answer the requests of a session."""
    server.expect_request("/api/v1/customers/onboard").respond_with_handler(platform.onboard)
    server.expect_request("/api/webhooks/stripe").respond_with_handler(platform.webhook)
    server.expect_request(re.compile("/v1/customers/.*")).respond_with_handler(platform.stripe)
    clocks = re.compile("/v1/test_helpers/test_clocks.*")
    server.expect_request(clocks).respond_with_handler(platform.test_clocks)


@contextmanager
def sessions(address: str, dsn: str) -> Iterator[Callable[..., StagingSession]]:
    """Open sessions on the platform; all are closed at the end."""
    with ExitStack() as stack:

        def make(
            run_id: str = "run-1", workflow_id: str = "w01_signup", *, keep_clocks: bool = False
        ) -> StagingSession:
            session = StagingSession(
                workflow_id,
                run_id,
                api=BillingApi(HttpService("billing API", address)),
                stripe=StripeApi("sk_test_abc", address, "price_pro", SECRET, wait=tenacity.wait_none()),
                connection=stack.enter_context(psycopg.connect(dsn)),
                patience=QUICK,
                keep_clocks=keep_clocks,
            )
            return stack.enter_context(session)

        yield make
