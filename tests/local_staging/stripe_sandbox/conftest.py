"""A running sandbox for each test, real clients, a real webhook receiver, and the check of response types."""

from __future__ import annotations

import asyncio
import threading
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
import requests
import stripe
import typing_extensions
from aiohttp import web
from stripe._stripe_object import UntypedStripeObject

from local_staging.stripe_sandbox.app import SANDBOX, create_app
from local_staging.stripe_sandbox.sandbox import Sandbox
from local_staging.stripe_sandbox.webhooks import Endpoint, Retries
from staging_validation.clients.polling import wait_for

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
    answers: list[int] = field(default_factory=list)
    seen: list[tuple[bytes, str]] = field(default_factory=list)
    taken: list[stripe.Event] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        signature = request.headers["Stripe-Signature"]
        self.seen.append((body, signature))
        event = stripe.Webhook.construct_event(body, signature, SECRET)
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
    endpoint = Endpoint(receiver.url, SECRET, Retries(attempts=4, first_seconds=0.01, longest_seconds=0.05))
    app = create_app(pro_price_id=PRO, endpoint=endpoint, clock=clock)
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


@pytest.fixture
def differences() -> Callable[[Mapping[str, Any], type], list[str]]:
    """Return the check of an answer against the library's response type: what differs, empty when nothing."""
    return lambda value, annotated: list(_object_differences(value, annotated, annotated.__name__))


class _TypeNames(dict[str, Any]):
    """The library's classes by the names that its annotations use; it loads them lazily itself."""

    def __missing__(self, name: str) -> Any:
        if not hasattr(stripe, name):
            raise KeyError(name)
        return getattr(stripe, name)


_TYPE_NAMES = _TypeNames(
    CardResource=stripe.Card,
    TestClock=stripe.test_helpers.TestClock,
    CreditBalanceTransaction=stripe.billing.CreditBalanceTransaction,
    FeedbackOption=stripe.billing.FeedbackOption,
)


def _object_differences(value: Mapping[str, Any], annotated: type, where: str) -> Iterator[str]:
    hints = typing_extensions.get_type_hints(annotated, localns=_TYPE_NAMES, include_extras=False)
    fields = {name: hint for name, hint in hints.items() if name in annotated.__annotations__}
    fields = {name: hint for name, hint in fields.items() if not _is_internal(name, hint)}
    for name in value.keys() - fields.keys():
        yield f"{where}.{name}: unknown to the library"
    for name, hint in fields.items():
        if name in value:
            yield from _value_differences(value[name], hint, f"{where}.{name}")
        elif not _is_optional(hint):
            yield f"{where}.{name}: missing"


def _is_internal(name: str, hint: Any) -> bool:
    return name.startswith("_") or name == "OBJECT_NAME" or typing.get_origin(hint) is typing.ClassVar


def _is_optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)


def _value_differences(value: Any, hint: Any, where: str) -> Iterator[str]:
    origin, members = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        attempts = [list(_value_differences(value, member, where)) for member in members]
        if all(attempts):
            yield from min(attempts, key=len)
    elif origin is list:
        yield from _list_differences(value, members[0], where)
    elif origin is stripe.ListObject and isinstance(value, dict):
        yield from _list_differences(value.get("data"), members[0], f"{where}.data")
        if value.keys() != {"object", "data", "has_more", "url"}:
            yield f"{where}: is no list object"
    elif _is_response_type(hint) and isinstance(value, dict):
        yield from _object_differences(value, hint, where)
    elif not _is_plain(value, hint):
        yield f"{where}: {value!r} is no {hint}"


def _is_response_type(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, stripe.StripeObject)


def _list_differences(value: Any, member: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: {value!r} is no list"
        return
    for index, item in enumerate(value):
        yield from _value_differences(item, member, f"{where}[{index}]")


def _is_plain(value: Any, hint: Any) -> bool:
    if typing.get_origin(hint) is typing.Literal:
        return value in typing.get_args(hint)
    if typing.get_origin(hint) is UntypedStripeObject:
        return isinstance(value, dict)
    if hint is Decimal:  # a decimal travels as a string of digits
        return isinstance(value, str) and value.replace(".", "", 1).isdecimal()
    if hint in (int, float):
        return isinstance(value, (int, hint)) and not isinstance(value, bool)
    return hint is Any or (isinstance(hint, type) and isinstance(value, hint))
