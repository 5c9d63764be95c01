"""A platform in memory for the load: it does everything once, or has a fault that a test switches on."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from local_staging.stack.ports import free_port
from staging_validation.load.effects import CreditRow, CustomerRow, EventRow, Found
from staging_validation.load.events import Member

RATE_LIMITED = {"error": {"message": "Too many requests.", "code": "RATE_LIMITED"}}


@dataclass
class Platform:
    """The platform and what it holds; also the stand-in for the records that a client reads.

    Attributes:
        faults: What it does wrong, by name.
        answer_seconds: How long it takes for an answer.
        onboard_per_minute: Its limit of sign-ups for each client address; None for no limit.
        api_per_minute: Its limit of keyed calls for each key; None for no limit.
    """

    faults: set[str] = field(default_factory=set)
    answer_seconds: float = 0.0
    onboard_per_minute: int | None = None
    api_per_minute: int | None = None
    environment: str = "staging"
    seen: list[str] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)
    customers: list[CustomerRow] = field(default_factory=list)
    ledger: list[CreditRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    url: str = ""
    _calls: Counter[str] = field(default_factory=Counter)
    _keys: dict[str, int] = field(default_factory=dict)

    # The service

    async def onboard(self, request: web.Request) -> web.Response:
        await self._take_time(request)
        number = self._count("onboard")
        address = "everybody" if "one limit for all addresses" in self.faults else str(request.remote)
        if self.onboard_per_minute is not None and self._count(f"from {address}") > self.onboard_per_minute:
            headers = {"retry-after": "60"} if "onboarding tells headers" in self.faults else {}
            return web.json_response(RATE_LIMITED, status=429, headers=headers)
        if "sign-ups fail" in self.faults and number % 10 == 0:
            return web.json_response({"error": {"code": "PROVISIONING_FAILED"}}, status=400)
        email = (await request.json())["email"]
        key = f"rsolv_{number:043d}"
        if "another database" not in self.faults:
            self._store(number, email)
        self._keys[key] = number
        told = {"customer": {"id": number}} | ({} if self._faulty("no API key", number) else {"api_key": key})
        return web.json_response(told, status=201)

    def _store(self, number: int, email: str) -> None:
        if self._faulty("sign-up lost", number):
            return
        bonus = 0 if self._faulty("no bonus", number) else 5
        self.customers.append(CustomerRow(number, email, bonus, None, f"cus_{number}", 1))
        if bonus:
            self.ledger.append(CreditRow(number, bonus, "trial_signup", None))

    async def webhook(self, request: web.Request) -> web.Response:
        await self._take_time(request)
        event = json.loads(await request.read())
        self.seen.append(event["id"])
        number = self._count("webhook")
        if self._faulty("answers 500", number):
            return web.json_response({"error": "boom"}, status=500)
        if "load" in event["id"] and "marker" not in event["id"] and self._faulty("loses events", number):
            return web.json_response({"status": "success"})
        if "queue stands still" not in self.faults:
            self._apply(event, number)
        return web.json_response({"status": "success"})

    def _apply(self, event: dict[str, Any], number: int) -> None:
        known = any(row.event_id == event["id"] for row in self.events)
        if known and not self._faulty("doubles events", number):
            return
        about = event["data"]["object"]
        stripe_id = about["id"] if about["object"] == "customer" else about["customer"]
        (customer,) = [row for row in self.customers if row.stripe_customer_id == stripe_id]
        self.events.append(EventRow(event["id"], event["type"], customer.id, about.get("amount_due")))
        if event["type"] == "customer.subscription.updated":
            self._change(customer, subscription_state=about["status"])
        if event["type"] == "invoice.payment_succeeded" and not self._faulty("forgets credits", number):
            self.ledger.append(CreditRow(customer.id, 60, "pro_subscription_payment", about["id"]))
            if not self._faulty("forgets the balance", number):
                self._change(customer, credit_balance=customer.credit_balance + 60)

    def _change(self, customer: CustomerRow, **fields: Any) -> None:
        place = self.customers.index(customer)
        self.customers[place] = CustomerRow(**{**customer.__dict__, **fields})

    async def health(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        key = request.headers.get("x-api-key")
        headers: dict[str, str] = {}
        if key is not None and self.api_per_minute is not None:
            used = self._count("everybody's key" if "one limit for all keys" in self.faults else key)
            left = max(0, self.api_per_minute - used)
            if "count stands still" in self.faults:
                left = self.api_per_minute - 1
            headers = {
                "x-ratelimit-limit": str(self.api_per_minute),
                "x-ratelimit-remaining": str(left),
                "x-ratelimit-reset": str(int(time.time()) + 60),
            }
            if used > self.api_per_minute:
                pause = {} if "no retry-after" in self.faults else {"retry-after": "59"}
                return web.json_response(RATE_LIMITED, status=429, headers=headers | pause)
        return web.json_response({"status": "ok", "environment": self.environment}, headers=headers)

    async def _take_time(self, request: web.Request) -> None:
        self.requests.append(request)
        if self.answer_seconds:
            await asyncio.sleep(self.answer_seconds)

    def _count(self, what: str) -> int:
        self._calls[what] += 1
        return self._calls[what]

    def _faulty(self, fault: str, number: int) -> bool:
        """Say whether a fault shows now: with every fiftieth, or with every duplicate."""
        return fault in self.faults and (fault == "doubles events" or number % 50 == 7)

    # The records

    def members(self, emails: Any) -> list[Member]:
        return [
            Member(row.id, row.email, row.stripe_customer_id)
            for row in self.customers
            if row.email in emails and row.stripe_customer_id
        ]

    def count_recorded(self, event_ids: Any) -> int:
        return len({row.event_id for row in self.events} & set(event_ids))

    def found(self, emails: Any, event_ids: Any) -> Found:
        customers = [row for row in self.customers if row.email in emails]
        ids = {row.id for row in customers}
        return Found(
            [row for row in self.events if row.event_id in event_ids],
            [row for row in self.ledger if row.customer_id in ids],
            customers,
        )


class Stripe:
    """The stand-in for Stripe that a load needs: it signs, and knows customers."""

    pro_price_id = "price_pro"

    def __init__(self, *, knows: bool = True) -> None:
        self.knows = knows
        self.deleted: list[str] = []
        self.listed: dict[str, str] = {}
        self.refusing: dict[str, Exception] = defaultdict()

    def sign(self, body: str) -> str:
        return f"t=1,v1={len(body)}"

    def customer(self, customer_id: str) -> dict[str, Any] | None:
        return {"id": customer_id} if self.knows else None

    def customers(
        self, metadata: Any, *, created_since: int, created_before: int
    ) -> Iterator[dict[str, Any]]:
        yield from ({"id": name, "email": email} for name, email in self.listed.items())

    def delete_customer(self, customer_id: str) -> None:
        if customer_id in self.refusing:
            raise self.refusing[customer_id]
        self.deleted.append(customer_id)


@contextmanager
def running(platform: Platform) -> Iterator[Platform]:
    """Serve a platform on loopback, from a thread."""
    app = web.Application()
    app.add_routes(
        [
            web.post("/api/v1/customers/onboard", platform.onboard),
            web.post("/api/webhooks/stripe", platform.webhook),
            web.get("/api/health", platform.health),
        ]
    )
    ready, port = threading.Event(), free_port()
    stopping: list[Callable[[], None]] = []

    async def serve() -> None:
        runner, stop = web.AppRunner(app, shutdown_timeout=0.1), asyncio.Event()
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        loop = asyncio.get_running_loop()
        stopping.append(lambda: loop.call_soon_threadsafe(stop.set))
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(20)
    platform.url = f"http://127.0.0.1:{port}"
    try:
        yield platform
    finally:
        stopping[0]()
        thread.join(20)
