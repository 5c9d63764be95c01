"""A Stripe sandbox in a process of its own, a proxy before it that breaks requests, and what lives on its clocks."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
import tenacity
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from local_staging.stack.monitoring import http_answers
from local_staging.stack.ports import free_port
from local_staging.stack.processes import Program
from local_staging.stack.stack import python_environment
from local_staging.stack.supervisor import Supervisor
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.workflows.naming import clock_run

PROJECT = Path(__file__).parents[2]
KEY, SECRET, PRICE = "sk_test_objects", "whsec_objects", "price_local_pro"


@dataclass
class FaultyStripe:
    """The sandbox behind a proxy that answers some requests itself.

    Attributes:
        url: The sandbox's address.
        faults: Asked for each request of method, path and its running number among those; None passes it on.
        seen: Method and path of every request, with its idempotency key.
    """

    url: str
    faults: list[tuple[str, str, Callable[[int], Response | None]]] = field(default_factory=list)
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def on(self, request: tuple[str, str], answer: Callable[[int], Response | None]) -> None:
        self.faults.append((*request, answer))

    def count(self, request: tuple[str, str]) -> int:
        method, path = request
        return sum(seen[0] == method and bool(re.fullmatch(path, seen[1])) for seen in self.seen)

    def answer(self, request: Request) -> Response:
        with self._lock:
            self.seen.append((request.method, request.path, request.headers.get("Idempotency-Key")))
            for method, path, fault in self.faults:
                if request.method == method and re.fullmatch(path, request.path):
                    broken = fault(self.count((method, path)))
                    if broken is not None:
                        return broken
        return self.passed_on(request)

    def passed_on(self, request: Request) -> Response:
        kept = ("Authorization", "Content-Type", "Idempotency-Key", "Stripe-Version")
        answered = requests.request(
            request.method,
            self.url + request.full_path.rstrip("?"),
            data=request.get_data(),
            headers={name: request.headers[name] for name in kept if name in request.headers},
            timeout=10,
        )
        return Response(answered.content, answered.status_code, content_type="application/json")


def proxied(server: HTTPServer, url: str) -> FaultyStripe:
    """Put a proxy before a sandbox, on a test's own server."""
    proxy = FaultyStripe(url)
    server.expect_request(re.compile("/v1/.*")).respond_with_handler(proxy.answer)
    return proxy


def error(status: int, code: str = "api_error", **headers: str) -> Response:
    body = f'{{"error": {{"type": "{code}", "message": "It broke."}}}}'
    return Response(
        body, status, {"stripe-should-retry": "false", **headers}, content_type="application/json"
    )


@contextmanager
def program(supervisor: Supervisor, folder: Path, url: str, *arguments: str, **env: str) -> Iterator[None]:
    child = supervisor.start(
        Program(
            arguments[0],
            (sys.executable, "-m", *arguments),
            log=folder / f"{arguments[0]}.log",
            env={**python_environment(os.environ), "STRIPE_SANDBOX_WEBHOOK_SECRET": SECRET, **env},
            cwd=PROJECT,
        )
    )
    child.wait_until("be ready", http_answers(url), timeout_seconds=60, interruption=supervisor.interruption)
    yield
    supervisor.stop(child)


@contextmanager
def served_sandbox(folder: Path, *arguments: str) -> Iterator[str]:
    """Run a sandbox of our own, and yield its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (
        Supervisor() as supervisor,
        program(
            supervisor,
            folder,
            f"{url}/healthz",
            "local_staging.stripe_sandbox",
            "--port",
            str(port),
            *arguments,
        ),
    ):
        yield url


@contextmanager
def client(url: str) -> Iterator[StripeApi]:
    with closing(StripeApi(KEY, url, PRICE, SECRET, wait=tenacity.wait_none())) as api:
        yield api


def clocks_of(stripe: StripeApi, run_id: str) -> list[str]:
    """Return the ids of a run's test clocks."""
    return [clock["id"] for clock in stripe.clocks.all() if clock_run(clock["name"]) == run_id]


def customers_of(stripe: StripeApi, run_id: str) -> list[str]:
    """Return the ids of a run's customers; Stripe's listing leaves out those on clocks."""
    found = [*stripe.customers({"validation_run": run_id}, created_since=0, created_before=2**31)]
    for clock_id in clocks_of(stripe, run_id):
        found += stripe.clocks.customers(clock_id)
    return [customer["id"] for customer in found]
