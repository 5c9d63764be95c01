"""The states' Stripe objects on the real sandbox: made, checked, swept; and with a Stripe that breaks half-way."""

from __future__ import annotations

import itertools
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import psycopg
import pytest
import requests
import tenacity
from werkzeug import Request, Response

from local_staging.stack.monitoring import http_answers
from local_staging.stack.ports import free_port
from local_staging.stack.processes import Program
from local_staging.stack.stack import python_environment
from local_staging.stack.supervisor import Supervisor
from staging_validation.clients.fixture_objects import check_objects, seed_objects, sweep_objects
from staging_validation.clients.polling import wait_for
from staging_validation.clients.reset import reset_staging, verify_states
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import GuardRefusedError, ServiceAnswerError, ServiceUnreachableError
from staging_validation.fixtures import SeededObjects
from staging_validation.results import Kind, Outcome, Severity

PROJECT = Path(__file__).parents[2]
KEY, SECRET, PRICE = "sk_test_objects", "whsec_objects", "price_local_pro"
_runs = itertools.count(1)
CREATE = ("POST", r"/v1/customers")
ATTACH = ("POST", r"/v1/payment_methods/[^/]+/attach")
DEFAULT = ("POST", r"/v1/customers/[^/]+")
DELETE = ("DELETE", r"/v1/customers/[^/]+")


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


def error(status: int, code: str = "api_error", **headers: str) -> Response:
    body = f'{{"error": {{"type": "{code}", "message": "It broke."}}}}'
    return Response(
        body, status, {"stripe-should-retry": "false", **headers}, content_type="application/json"
    )


@contextmanager
def _program(supervisor: Supervisor, folder: Path, url: str, *arguments: str, **env: str) -> Iterator[None]:
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


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory) -> Iterator[str]:
    """The address of a sandbox of our own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (
        Supervisor() as supervisor,
        _program(
            supervisor,
            tmp_path_factory.mktemp("sandbox"),
            f"{url}/healthz",
            "local_staging.stripe_sandbox",
            "--port",
            str(port),
        ),
    ):
        yield url


@pytest.fixture
def faulty(httpserver, sandbox) -> FaultyStripe:
    proxy = FaultyStripe(sandbox)
    httpserver.expect_request(re.compile("/v1/.*")).respond_with_handler(proxy.answer)
    return proxy


@contextmanager
def client(url: str) -> Iterator[StripeApi]:
    api = StripeApi(KEY, url, PRICE, SECRET, wait=tenacity.wait_none())
    yield api
    api.close()


@pytest.fixture
def stripe(sandbox) -> Iterator[StripeApi]:
    with client(sandbox) as api:
        yield api


@pytest.fixture
def broken_stripe(faulty, httpserver) -> Iterator[StripeApi]:
    with client(httpserver.url_for("").rstrip("/")) as api:
        yield api


@pytest.fixture
def run_id() -> str:
    return f"reset-{next(_runs)}"


def customers_of(stripe: StripeApi, run_id: str) -> list[str]:
    found = stripe.customers({"validation_run": run_id}, created_since=0, created_before=2**31)
    return [customer["id"] for customer in found]


def sweep(stripe: StripeApi, keep_run: str, **changes: float):
    return sweep_objects(stripe, keep_run=keep_run, **{"spare_seconds": 0, **changes})


def test_every_state_gets_its_customer_and_its_card(stripe, states, run_id):
    seeded = seed_objects(stripe, states, run_id=run_id)
    assert list(seeded) == [state.key for state in states]
    assert {key for key, objects in seeded.items() if objects.payment_method_id is None} == {
        "trial_credits",
        "trial_expired",
    }
    assert sorted(objects.customer_id for objects in seeded.values()) == sorted(customers_of(stripe, run_id))
    customer = stripe.customer(seeded["pro_past_due"].customer_id)
    assert customer["email"] == "pro-pastdue@test.example.com"
    assert customer["metadata"] == {
        "staging_validation": "fixture",
        "validation_run": run_id,
        "fixture": "pro_past_due",
    }
    default = customer["invoice_settings"]["default_payment_method"]
    assert default == seeded["pro_past_due"].payment_method_id


def test_only_the_card_in_arrears_fails_when_it_is_charged(sandbox, stripe, states, run_id):
    seeded = seed_objects(stripe, states, run_id=run_id)

    def charged(key: str) -> int:
        objects = seeded[key]
        return requests.post(
            f"{sandbox}/v1/payment_intents",
            auth=(KEY, ""),
            data={
                "amount": 2900,
                "currency": "usd",
                "customer": objects.customer_id,
                "payment_method": objects.payment_method_id,
                "confirm": "true",
                "off_session": "true",
            },
            timeout=10,
        ).status_code

    assert {key: charged(key) for key in ("pro_active", "pro_past_due")} == {
        "pro_active": 200,
        "pro_past_due": 402,
    }


def test_what_was_made_is_read_back(stripe, states, run_id):
    seeded = seed_objects(stripe, states, run_id=run_id)
    (result,) = check_objects(stripe, states, seeded, run_id=run_id)
    assert (result.id, result.kind, result.outcome) == ("reset.stripe.objects", Kind.RESET, Outcome.PASSED)
    stripe.delete_customer(seeded["payg_active"].customer_id)
    (result,) = check_objects(stripe, states, seeded, run_id=run_id)
    assert result.outcome is Outcome.FAILED
    assert list(result.actual) == ["payg_active"]


def test_a_second_try_of_a_run_finds_the_same_objects(stripe, states, run_id):
    first = seed_objects(stripe, states, run_id=run_id)
    assert seed_objects(stripe, states, run_id=run_id) == first
    assert len(customers_of(stripe, run_id)) == 10


def test_a_second_try_does_not_take_a_deleted_customer_for_its_own(stripe, states, run_id):
    first = seed_objects(stripe, states, run_id=run_id)
    for objects in first.values():
        stripe.delete_customer(objects.customer_id)
    second = seed_objects(stripe, states, run_id=run_id)
    assert not {o.customer_id for o in first.values()} & {o.customer_id for o in second.values()}
    (result,) = check_objects(stripe, states, second, run_id=run_id)
    assert result.outcome is Outcome.PASSED


def test_customers_that_vanish_at_once_are_an_error(broken_stripe, faulty, states, run_id):
    gone = '{"id": "cus_1", "object": "customer", "deleted": true}'
    faulty.on(("GET", r"/v1/customers/[^/]+"), lambda _: Response(gone, content_type="application/json"))
    with pytest.raises(ServiceAnswerError, match="gone at once"):
        seed_objects(broken_stripe, states[:1], run_id=run_id)
    assert faulty.count(CREATE) == 2


def test_a_limit_of_requests_is_waited_out(broken_stripe, faulty, states, run_id):
    for request in (CREATE, ATTACH, DEFAULT):
        faulty.on(request, lambda number: error(429, "rate_limit") if number % 2 else None)
    seeded = seed_objects(broken_stripe, states, run_id=run_id)
    (result,) = check_objects(broken_stripe, states, seeded, run_id=run_id)
    assert result.outcome is Outcome.PASSED
    assert len(customers_of(broken_stripe, run_id)) == 10


def test_a_limit_that_stays_is_an_error_and_leaves_nothing(broken_stripe, faulty, states, run_id):
    faulty.on(ATTACH, lambda _: error(429, "rate_limit"))
    with pytest.raises(ServiceAnswerError, match="answered 429"):
        seed_objects(broken_stripe, states, run_id=run_id)
    assert customers_of(broken_stripe, run_id) == []


@pytest.mark.parametrize("request_", [ATTACH, DEFAULT])
def test_a_failure_half_way_deletes_what_was_made(broken_stripe, faulty, states, run_id, request_):
    faulty.on(request_, lambda number: error(500) if number > 3 else None)
    with pytest.raises(ServiceAnswerError, match="answered 500"):
        seed_objects(broken_stripe, states, run_id=run_id)
    assert faulty.count(CREATE) >= 4
    assert customers_of(broken_stripe, run_id) == []


def test_a_refusal_is_not_tried_again(broken_stripe, faulty, states, run_id):
    faulty.on(CREATE, lambda number: error(400, "invalid_request_error") if number == 3 else None)
    with pytest.raises(ServiceAnswerError, match="answered 400"):
        seed_objects(broken_stripe, states[:3], run_id=run_id)
    assert faulty.count(CREATE) == 3
    assert customers_of(broken_stripe, run_id) == []


def test_a_run_goes_on_after_an_error_that_stripe_repeats_for_its_key(broken_stripe, faulty, states, run_id):
    stem = f"fixture-{run_id}-{states[0].key}"
    faulty.on(CREATE, lambda _: error(500) if faulty.seen[-1][2] == stem else None)
    assert seed_objects(broken_stripe, states[:1], run_id=run_id)
    keys = [key for method, path, key in faulty.seen if (method, path) == ("POST", "/v1/customers")]
    assert keys[0] == stem
    assert re.fullmatch(rf"{stem}-[0-9a-f]{{32}}", keys[-1])


def test_an_error_for_every_key_ends_it(broken_stripe, faulty, states, run_id):
    faulty.on(CREATE, lambda _: error(500))
    with pytest.raises(ServiceAnswerError, match="answered 500"):
        seed_objects(broken_stripe, states[:1], run_id=run_id)
    assert faulty.count(CREATE) == 2


def test_what_cannot_be_taken_back_is_logged_and_the_cause_kept(
    broken_stripe, faulty, states, run_id, caplog
):
    faulty.on(ATTACH, lambda _: error(500))
    faulty.on(DELETE, lambda number: error(503) if number == 1 else None)
    with caplog.at_level(logging.WARNING), pytest.raises(ServiceAnswerError, match="answered 500"):
        seed_objects(broken_stripe, states, run_id=run_id)
    (left,) = customers_of(broken_stripe, run_id)
    assert f"{left} is left for the next sweep" in caplog.text


def test_a_live_object_refuses_and_is_not_deleted(broken_stripe, faulty, states, run_id):
    live = '{"id": "cus_live", "object": "customer", "livemode": true}'
    faulty.on(CREATE, lambda number: Response(live, content_type="application/json") if number == 3 else None)
    with pytest.raises(GuardRefusedError, match="cus_live says livemode True"):
        seed_objects(broken_stripe, states, run_id=run_id)
    assert ("DELETE", "/v1/customers/cus_live") not in {seen[:2] for seen in faulty.seen}
    assert customers_of(broken_stripe, run_id) == []


def test_a_live_card_refuses(broken_stripe, faulty, states, run_id):
    live = '{"id": "pm_live", "object": "payment_method", "livemode": true}'
    faulty.on(ATTACH, lambda _: Response(live, content_type="application/json"))
    with pytest.raises(GuardRefusedError, match="pm_live says livemode True"):
        seed_objects(broken_stripe, states, run_id=run_id)
    assert customers_of(broken_stripe, run_id) == []


def test_requests_under_way_stay_few(broken_stripe, faulty, states, run_id, monkeypatch):
    under_way, most = [], []
    create = StripeApi.create_customer

    def counted(*arguments, **options):
        under_way.append(1)
        most.append(len(under_way))
        made = create(*arguments, **options)
        under_way.pop()
        return made

    monkeypatch.setattr(StripeApi, "create_customer", counted)
    seed_objects(broken_stripe, states, run_id=run_id)
    assert 1 < max(most) <= 4


def test_the_sweep_removes_other_runs_and_keeps_this_one(stripe, states, run_id):
    former = seed_objects(stripe, states, run_id=f"{run_id}-former")
    kept = seed_objects(stripe, states, run_id=run_id)
    stranger = stripe.create_customer(
        name="A", email="a@test.example.com", metadata={"validation_run": "x"}, idempotency_key=run_id
    )
    swept = sweep(stripe, run_id)
    assert {o.customer_id for o in former.values()} <= set(swept.deleted)
    assert not {o.customer_id for o in kept.values()} & set(swept.deleted)
    assert customers_of(stripe, f"{run_id}-former") == []
    assert len(customers_of(stripe, run_id)) == 10
    assert not stripe.customer(str(stranger["id"])).get("deleted")
    (result,) = swept.results
    assert (result.id, result.outcome) == ("reset.stripe.sweep", Outcome.PASSED)
    assert set(result.evidence["deleted"]) == set(swept.deleted)
    assert sweep(stripe, run_id).deleted == ()


def test_the_sweep_spares_what_is_young(stripe, states, run_id):
    seed_objects(stripe, states[:1], run_id=f"{run_id}-elsewhere")
    assert sweep_objects(stripe, keep_run=run_id).deleted == ()
    assert len(customers_of(stripe, f"{run_id}-elsewhere")) == 1


def test_the_sweep_reads_every_page(stripe, states, run_id):
    other = seed_objects(stripe, states[:1], run_id=f"{run_id}-first")
    for number in range(105):
        stripe.create_customer(
            name="A", email="a@test.example.com", metadata={}, idempotency_key=f"{run_id}-{number}"
        )
    assert other["billing_added"].customer_id in sweep(stripe, run_id).deleted


def test_what_cannot_be_swept_is_a_warning(broken_stripe, faulty, states, run_id):
    sweep(broken_stripe, run_id)
    former = seed_objects(broken_stripe, states[:3], run_id=f"{run_id}-former")
    faulty.seen.clear()
    faulty.on(DELETE, lambda number: error(500) if number == 1 else None)
    swept = sweep(broken_stripe, run_id)
    (left,) = swept.left
    assert {left, *swept.deleted} == {objects.customer_id for objects in former.values()}
    (result,) = swept.results
    assert (result.outcome, result.severity) == (Outcome.FAILED, Severity.WARNING)
    assert "answered 500" in result.evidence["left"][left]
    assert result.actual == [left]


def test_a_sweep_that_sees_a_live_object_refuses(broken_stripe, faulty, run_id):
    body = (
        '{"object": "list", "has_more": false, "data": [{"id": "cus_live", "object": "customer",'
        ' "livemode": true, "metadata": {"staging_validation": "fixture"}}]}'
    )
    faulty.on(("GET", "/v1/customers"), lambda _: Response(body, content_type="application/json"))
    with pytest.raises(GuardRefusedError, match="cus_live"):
        sweep(broken_stripe, run_id)
    assert faulty.count(DELETE) == 0


def test_a_live_object_behind_a_listed_id_refuses(broken_stripe, faulty, states, run_id):
    seed_objects(broken_stripe, states[:1], run_id=f"{run_id}-former")
    live = '{"id": "cus_1", "object": "customer", "livemode": true}'
    faulty.on(("GET", r"/v1/customers/[^/]+"), lambda _: Response(live, content_type="application/json"))
    with pytest.raises(GuardRefusedError):
        sweep(broken_stripe, run_id)
    assert faulty.count(DELETE) == 0


def test_a_sweep_without_stripe_is_an_error(run_id, monkeypatch):
    import stripe as library

    monkeypatch.setattr(library.RequestsClient, "MAX_DELAY", 0)
    monkeypatch.setattr(library.RequestsClient, "INITIAL_DELAY", 0)
    with client("http://127.0.0.1:9") as api, pytest.raises(ServiceUnreachableError):
        sweep(api, run_id)


SEEDING = """
import sys
from pathlib import Path
from staging_validation.clients.fixture_objects import seed_objects
from staging_validation.clients.source_files import read_source_files
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.fixtures import parse_states
from staging_validation.project import include_dir
files = read_source_files(include_dir("fixtures", "customers"), ".yaml", relative_to=Path(include_dir()).parent)
seed_objects(StripeApi(sys.argv[1], sys.argv[2], "price", "whsec"), parse_states(files), run_id=sys.argv[3])
"""


def test_what_a_killed_run_left_is_swept_by_the_next(broken_stripe, faulty, httpserver, states, run_id):
    killed = f"{run_id}-killed"
    seeding: list[subprocess.Popen[bytes]] = []
    started = threading.Event()

    def kill(_: int) -> None:
        """Kill the seeding process when its first card is about to be attached."""
        started.wait(10)
        seeding[0].kill()

    faulty.on(ATTACH, kill)
    address = httpserver.url_for("").rstrip("/")
    environment = python_environment(os.environ)
    seeding.append(subprocess.Popen([sys.executable, "-c", SEEDING, KEY, address, killed], env=environment))
    started.set()
    assert seeding[0].wait(60) == -9
    faulty.faults.clear()
    left = wait_for(
        "the customers of the killed run",
        lambda: customers_of(broken_stripe, killed) or None,
        timeout_seconds=5,
    )
    kept = seed_objects(broken_stripe, states, run_id=run_id)
    swept = sweep(broken_stripe, run_id)
    assert set(left) <= set(swept.deleted)
    assert customers_of(broken_stripe, killed) == []
    (result,) = check_objects(broken_stripe, states, kept, run_id=run_id)
    assert result.outcome is Outcome.PASSED


@pytest.fixture
def sandbox_with_platform(tmp_path, postgres_server, dsn) -> Iterator[str]:
    """A sandbox whose events reach the real service, which writes to the database of the fixture ``dsn``."""
    sandbox_port, service_port = free_port(), free_port()
    url, service = f"http://127.0.0.1:{sandbox_port}", f"http://127.0.0.1:{service_port}"
    platform = {
        "DATABASE_URL": dsn,
        "STRIPE_API_KEY": KEY,
        "STRIPE_API_BASE": url,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_PRO_PRICE_ID": PRICE,
    }
    serve = ("local_staging.service", "serve", "--port", str(service_port))
    webhooks = ("--port", str(sandbox_port), "--webhook-url", f"{service}/api/webhooks/stripe")
    with (
        Supervisor() as supervisor,
        _program(supervisor, tmp_path, f"{service}/api/health", *serve, **platform),
        _program(supervisor, tmp_path, f"{url}/healthz", "local_staging.stripe_sandbox", *webhooks),
    ):
        yield url


def test_the_platform_ignores_the_events_of_these_customers(
    sandbox_with_platform, connection: psycopg.Connection, dsn, states, run_id
):
    def everything() -> list[tuple[str, ...]]:
        rows = []
        for table in ("customers", "credit_transactions", "subscriptions", "api_keys", "webhook_queue"):
            rows += connection.execute(f"SELECT '{table}', t::text FROM {table} t ORDER BY 2").fetchall()
        return rows

    def events(wanted: dict[str, int]) -> list[tuple[str, ...]]:
        """Wait until these events are recorded, and return what the platform holds beside them."""
        query = "SELECT event_type, count(*) FROM billing_events GROUP BY event_type ORDER BY event_type"

        def recorded() -> dict[str, int]:
            return dict(connection.execute(query).fetchall())

        wait_for(
            f"{wanted}",
            lambda: True if recorded() == wanted else None,
            timeout_seconds=20,
            seen=recorded,
        )
        return everything()

    def reset(objects: dict[str, SeededObjects]) -> None:
        with psycopg.connect(dsn) as resetting:
            reset_staging(
                resetting, states, confirm=lambda _: None, now=datetime.now(timezone.utc), stripe=objects
            )

    with client(sandbox_with_platform) as api:
        former = seed_objects(api, states, run_id=f"{run_id}-former")
        made = {"customer.created": 10, "customer.updated": 8, "payment_method.attached": 8}
        assert events(made) == []
        reset(former)
        objects = seed_objects(api, states, run_id=run_id)
        reset(objects)
        seeded = everything()
        sweep(api, run_id)
        twice = {name: 2 * count for name, count in made.items()}
        swept = {"customer.deleted": 10, "customer.updated": 24, "payment_method.detached": 8}
        assert events({**twice, **swept}) == seeded
    statuses = "SELECT DISTINCT metadata ->> 'status', customer_id, amount_cents FROM billing_events"
    assert connection.execute(statuses).fetchall() == [("ignored", None, None)]
    results = verify_states(connection, states, stripe=objects)
    assert {result.outcome for result in results} == {Outcome.PASSED}
