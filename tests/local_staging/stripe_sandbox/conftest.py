"""A running sandbox for each test, real clients, a real webhook receiver, and the check of response types."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import stripe
from aiohttp import web

from local_staging.stripe_sandbox.app import SANDBOX, Options, create_app
from local_staging.stripe_sandbox.sandbox import Sandbox
from local_staging.stripe_sandbox.webhooks import Endpoint, Retries
from staging_validation.clients.polling import wait_for
from tests.local_staging.stripe_sandbox.response_types import object_differences

KEY = "sk_test_sandbox"
PRO = "price_local_pro"
SECRET = "whsec_sandbox"
START = 1_790_000_000


class ManualClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> int:
        return self.time


@contextmanager
def served(app: web.Application) -> Iterator[str]:
    """Serve an application from a thread of its own; yield its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=10)

    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    run(runner.setup())
    run(web.TCPSite(runner, "127.0.0.1", 0).start())
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        run(runner.cleanup())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


@dataclass
class Server:
    """A running sandbox."""

    url: str
    sandbox: Sandbox
    clock: ManualClock


@dataclass
class Receiver:
    """A webhook endpoint that answers with given statuses first, and 200 afterwards."""

    url: str = ""
    secret: str = SECRET
    answers: list[int] = field(default_factory=list)
    seen: list[tuple[bytes, str]] = field(default_factory=list)
    taken: list[stripe.Event] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        signature = request.headers["Stripe-Signature"]
        self.seen.append((body, signature))
        event = stripe.Webhook.construct_event(body, signature, self.secret)
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.taken.append(event)
        return web.Response(status=status)

    def types(self) -> list[str]:
        return [event.type for event in list(self.taken)]

    def wait_for_types(self, *wanted: str) -> list[str]:
        return wait_for(
            f"events {wanted}",
            lambda: seen if set(wanted) <= set(seen := self.types()) else None,
            timeout_seconds=10,
            interval_seconds=0.01,
            seen=self.types,
        )


@pytest.fixture
def serve() -> Callable[[web.Application], Any]:
    return served


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    with served(app) as url:
        receiver.url = f"{url}/hook"
        yield receiver


@pytest.fixture
def server() -> Iterator[Server]:
    """A sandbox that posts no webhooks."""
    clock = ManualClock()
    app = create_app(pro_price_id=PRO, clock=clock)
    with served(app) as url:
        yield Server(url, app[SANDBOX], clock)


@pytest.fixture
def posting_server(receiver: Receiver) -> Iterator[Server]:
    """A sandbox that posts its webhooks to ``receiver``."""
    clock = ManualClock()
    retries = Retries(attempts=4, first_seconds=0.01, longest_seconds=0.05)
    options = Options(endpoint=Endpoint(receiver.url, SECRET), retries=retries)
    app = create_app(pro_price_id=PRO, options=options, clock=clock)
    with served(app) as url:
        yield Server(url, app[SANDBOX], clock)


@pytest.fixture
def connect() -> Iterator[Callable[..., stripe.StripeClient]]:
    """Return a function that makes real clients."""
    sessions: list[requests.Session] = []

    def client_of(url: str, key: str = KEY, **options: Any) -> stripe.StripeClient:
        sessions.append(requests.Session())
        transport = stripe.RequestsClient(session=sessions[-1])
        return stripe.StripeClient(key, base_addresses={"api": url}, http_client=transport, **options)

    yield client_of
    for session in sessions:
        session.close()


@pytest.fixture
def api(server: Server, connect: Callable[..., stripe.StripeClient]) -> Any:
    """The API of ``server``, through the real client."""
    return connect(server.url).v1


@pytest.fixture
def raw(server: Server) -> Iterator[Callable[..., requests.Response]]:
    """Return a function that sends a plain HTTP request to ``server``."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {KEY}"

        def send(method: str, path: str, **options: Any) -> requests.Response:
            return session.request(method, f"{server.url}{path}", timeout=5, **options)

        yield send


@pytest.fixture
def pro_customer(api: Any) -> Callable[..., str]:
    """Return a function that makes a customer with a default card and returns its id."""

    def make(card: str = "pm_card_visa") -> str:
        customer: str = api.customers.create({"email": "pro@test.example.com"}).id
        method = api.payment_methods.attach(card, {"customer": customer})
        api.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
        return customer

    return make


@dataclass
class Time:
    """A test clock, driven through the API, and what hangs on it."""

    api: Any
    clock: str
    start: int = START

    def advance(self, to: int) -> None:
        """Advance the clock, in as many requests as it takes, and wait until it is ready."""
        while (now := self.api.test_helpers.test_clocks.retrieve(self.clock).frozen_time) < to:
            try:
                self.api.test_helpers.test_clocks.advance(self.clock, {"frozen_time": to})
            except stripe.InvalidRequestError as refused:
                furthest = re.search(r"here to [^(]*\((\d+)\)", str(refused))
                if furthest is None:
                    raise
                self.api.test_helpers.test_clocks.advance(self.clock, {"frozen_time": int(furthest[1])})
            self.wait_until_ready()
            assert self.now() > now

    def wait_until_ready(self) -> None:
        def ready() -> bool | None:
            status = self.api.test_helpers.test_clocks.retrieve(self.clock).status
            return True if status == "ready" else None

        wait_for("the test clock", ready, timeout_seconds=10, interval_seconds=0.01)

    def now(self) -> int:
        frozen: int = self.api.test_helpers.test_clocks.retrieve(self.clock).frozen_time
        return frozen

    def customer(self, card: str | None = "pm_card_visa") -> str:
        """Make a customer on the clock, with a default card, and return its id."""
        customer: str = self.api.customers.create(
            {"email": "t@test.example.com", "test_clock": self.clock}
        ).id
        if card:
            self.use(customer, card)
        return customer

    def use(self, customer: str, card: str) -> None:
        method = self.api.payment_methods.attach(card, {"customer": customer})
        self.api.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})

    def subscribe(self, customer: str, **params: Any) -> Any:
        return self.api.subscriptions.create({"customer": customer, "items": [{"price": PRO}], **params})

    def events(self, *types: str, **params: Any) -> list[Any]:
        """Return the events of some types, the oldest first."""
        listed = self.api.events.list({"types": list(types), "limit": 100, **params})
        return list(listed.auto_paging_iter())[::-1]


@pytest.fixture
def make_time() -> Callable[..., Time]:
    """Return a function that makes a test clock through an API."""

    def make(api: Any, start: int = START) -> Time:
        return Time(api, api.test_helpers.test_clocks.create({"frozen_time": start}).id, start)

    return make


@pytest.fixture
def timed(api: Any, make_time: Callable[..., Time]) -> Time:
    """A test clock of ``server``."""
    return make_time(api)


@pytest.fixture
def differences() -> Callable[[Mapping[str, Any], type], list[str]]:
    """Return the check of an answer against the library's response type: what differs, empty when nothing."""
    return lambda value, annotated: list(object_differences(value, annotated, annotated.__name__))
