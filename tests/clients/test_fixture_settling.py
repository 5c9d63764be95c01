"""Events of the states' Stripe objects: they settle before a reset; one that comes after it is found."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import psycopg
import pytest
import requests
from werkzeug import Response

from local_staging.stack.ports import free_port
from local_staging.stack.supervisor import Supervisor
from staging_validation.clients.fixture_objects import seed_objects, sweep_objects
from staging_validation.clients.fixture_settling import settle_objects
from staging_validation.clients.polling import wait_for
from staging_validation.clients.reset import reset_staging, verify_states
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import ServiceAnswerError, ServiceUnreachableError
from staging_validation.fixtures import SeededObjects
from staging_validation.results import CheckResult, Kind, Outcome
from staging_validation.stripe_objects.settling import PAID, STATE_EVENTS
from tests.clients.stripe_sandbox import (
    KEY,
    PRICE,
    SECRET,
    FaultyStripe,
    client,
    error,
    program,
    proxied,
    served_sandbox,
)

_runs = itertools.count(1)
EVENTS = ("GET", "/v1/events")
ENDPOINTS = ("GET", "/v1/webhook_endpoints")


@pytest.fixture
def run_id() -> str:
    return f"settling-{next(_runs)}"


@pytest.fixture
def pro(states):
    """Two Pro states, one in arrears, and one without a subscription."""
    return [state for state in states if state.key in ("pro_active", "pro_past_due", "payg_active")]


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Iterator[str]:
    """A sandbox whose events reach nobody."""
    with served_sandbox(tmp_path_factory.mktemp("sandbox")) as url:
        yield url


@pytest.fixture
def platform(tmp_path, dsn) -> Iterator[tuple[str, str]]:
    """A sandbox whose events reach the real service, which writes to the database of the fixture ``dsn``."""
    sandbox_port, service_port = free_port(), free_port()
    url, service = f"http://127.0.0.1:{sandbox_port}", f"http://127.0.0.1:{service_port}"
    environment = {
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
        program(supervisor, tmp_path, f"{service}/api/health", *serve, **environment),
        program(supervisor, tmp_path, f"{url}/healthz", "local_staging.stripe_sandbox", *webhooks),
    ):
        yield url, service


@pytest.fixture
def stripe(alone) -> Iterator[StripeApi]:
    with client(alone) as api:
        yield api


@pytest.fixture
def faulty(httpserver, alone) -> FaultyStripe:
    return proxied(httpserver, alone)


@pytest.fixture
def broken_stripe(faulty, httpserver) -> Iterator[StripeApi]:
    with client(httpserver.url_for("").rstrip("/")) as api:
        yield api


@pytest.fixture
def settle(connection) -> Callable[..., CheckResult]:
    """Settles some objects and returns the one result; half a second is long enough by default."""

    def run(stripe: StripeApi, seeded: dict[str, SeededObjects], timeout_seconds: float = 0.5) -> CheckResult:
        (result,) = settle_objects(
            stripe, connection, seeded, timeout_seconds=timeout_seconds, interval_seconds=0.05
        )
        assert (result.id, result.kind) == ("reset.stripe.settled", Kind.RESET)
        return result

    return run


@contextmanager
def endpoint(stripe: StripeApi, *events: str) -> Iterator[str]:
    """Have an endpoint that nobody answers behind."""
    url = f"http://127.0.0.1:{free_port()}/hooks"
    made = stripe.make(
        lambda client: client.v1.webhook_endpoints.create({"url": url, "enabled_events": list(events)})
    )
    yield url
    stripe.find(lambda client: client.v1.webhook_endpoints.delete(str(made["id"])))


def record(connection: psycopg.Connection[Any], events: list[Any]) -> None:
    """Write events down as the platform does."""
    for event in events:
        connection.execute(
            "INSERT INTO billing_events (id, stripe_event_id, event_type, inserted_at, updated_at)"
            " VALUES (gen_random_uuid(), %s, %s, now(), now())",
            [event["id"], event["type"]],
        )


def events_of(stripe: StripeApi, seeded: dict[str, SeededObjects]) -> list[dict[str, Any]]:
    """Return the account's events about some customers, told by their text."""
    listed = stripe.every_page(lambda client, page: client.v1.events.list(page), {"limit": 100})
    ids = [objects.customer_id for objects in seeded.values()]
    return [dict(event) for event in listed if any(found in json.dumps(event) for found in ids)]


def without_clocks(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if not event["type"].startswith("test_helpers")]


def everything(connection: psycopg.Connection[Any]) -> list[tuple[str, ...]]:
    rows = []
    for table in ("customers", "credit_transactions", "subscriptions", "api_keys", "webhook_queue"):
        rows += connection.execute(f"SELECT '{table}', t::text FROM {table} t ORDER BY 2").fetchall()
    return rows


def reset(dsn: str, states: Any, objects: dict[str, SeededObjects]) -> None:
    with psycopg.connect(dsn) as resetting:
        reset_staging(
            resetting, states, confirm=lambda _: None, now=datetime.now(timezone.utc), stripe=objects
        )


def verify(connection: psycopg.Connection[Any], states: Any, objects: dict[str, SeededObjects]) -> list[Any]:
    found = verify_states(connection, states, stage="after_billing", stripe=objects, others=False)
    return [result for result in found if result.outcome is not Outcome.PASSED]


def test_nothing_changes_what_was_seeded_and_a_late_event_would_be_found(
    platform, connection, dsn, states, run_id, settle
):
    url, service = platform
    with client(url) as api:
        former = seed_objects(api, states, run_id=f"{run_id}-former")
        first = settle(api, former, timeout_seconds=30)
        assert first.outcome is Outcome.PASSED, first.actual
        assert everything(connection) == []
        reset(dsn, states, former)
        objects = seed_objects(api, states, run_id=run_id)
        result = settle(api, objects, timeout_seconds=30)
        assert result.outcome is Outcome.PASSED, result.actual
        assert result.evidence["events"] == len(without_clocks(events_of(api, objects)))
        assert result.evidence["webhook_endpoints"] == [f"{service}/api/webhooks/stripe"]
        reset(dsn, states, objects)
        seeded = everything(connection)
        swept = sweep_objects(api, keep_run=run_id, spare_seconds=0)
        assert len(swept.deleted) == 10
        gone = "SELECT count(*) FROM billing_events WHERE event_type = 'customer.deleted'"
        wait_for(
            "the events of the deleted customers",
            lambda: True if connection.execute(gone).fetchone() == (10,) else None,
            timeout_seconds=20,
        )
        assert everything(connection) == seeded
        assert verify(connection, states, objects) == []
        settled_types = connection.execute(
            "SELECT DISTINCT metadata ->> 'status' FROM billing_events WHERE event_type = ANY(%s)",
            [list(STATE_EVENTS)],
        ).fetchall()
        assert settled_types == [("failed",)]
        pro = objects["pro_active"].customer_id
        (paid,) = (event for event in events_of(api, {"": objects["pro_active"]}) if event["type"] == PAID)
        send(api, service, {**paid, "id": "evt_late"})
    after = "SELECT credit_balance FROM customers WHERE stripe_customer_id = %s"
    wait_for(
        "the late event",
        lambda: True if connection.execute(after, [pro]).fetchone() == (120,) else None,
        timeout_seconds=20,
    )
    (changed,) = verify(connection, states, objects)
    assert (changed.id, changed.outcome) == ("reset.after_billing.pro_active", Outcome.FAILED)
    assert changed.subject == "pro@test.example.com (pro_active)"
    assert (changed.expected["credit_balance"], changed.actual["credit_balance"]) == (60, 120)
    assert (changed.expected["ledger.count"], changed.actual["ledger.count"]) == (1, 2)


def send(stripe: StripeApi, service: str, event: dict[str, Any]) -> None:
    body = json.dumps(event)
    answer = requests.post(
        f"{service}/api/webhooks/stripe",
        data=body,
        headers={"Stripe-Signature": stripe.sign(body), "Content-Type": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 200


def test_where_no_event_reaches_the_platform_there_is_nothing_to_wait_for(stripe, pro, run_id, settle):
    result = settle(stripe, seed_objects(stripe, pro, run_id=run_id), timeout_seconds=20)
    assert result.outcome is Outcome.SKIPPED
    assert "no enabled webhook endpoint" in result.evidence["reason"]
    assert result.duration_seconds < 10


def test_events_that_come_another_way_are_waited_for(stripe, connection, pro, run_id, settle):
    """As with ``stripe listen``, which is no endpoint of the account."""
    seeded = seed_objects(stripe, pro, run_id=run_id)
    events = without_clocks(events_of(stripe, seeded))
    changing = [event for event in events if event["type"] in STATE_EVENTS]
    record(connection, changing[:3])
    assert settle(stripe, seeded).outcome is Outcome.ERRORED
    record(connection, changing[3:])
    assert settle(stripe, seeded).outcome is Outcome.PASSED


def test_events_that_do_not_come_are_an_error_with_a_remedy(stripe, connection, pro, run_id, settle):
    with endpoint(stripe, "*") as address:
        seeded = seed_objects(stripe, pro, run_id=run_id)
        events = without_clocks(events_of(stripe, seeded))
        late = next(event for event in events if event["type"] == PAID)
        record(connection, [event for event in events if event is not late])
        result = settle(stripe, seeded)
        assert result.outcome is Outcome.ERRORED
        assert result.expected == {"not_listed_by_stripe": [], "not_recorded_by_the_platform": []}
        assert result.actual["not_recorded_by_the_platform"] == [
            f"{PAID} ({late['id']}, 1 deliveries pending)"
        ]
        assert "nothing was reset" in result.evidence["because"]
        assert address in result.remedy
        assert "failed deliveries" in result.remedy
        record(connection, [late])
        assert settle(stripe, seeded).outcome is Outcome.PASSED


def test_an_event_that_stripe_has_not_listed_yet_is_waited_for(
    broken_stripe, faulty, stripe, connection, pro, run_id, settle
):
    with endpoint(stripe, "*"):
        seeded = seed_objects(stripe, pro, run_id=run_id)
        record(connection, without_clocks(events_of(stripe, seeded)))
        empty = '{"object": "list", "has_more": false, "data": []}'
        faulty.on(
            EVENTS, lambda number: Response(empty, content_type="application/json") if number < 5 else None
        )
        assert settle(broken_stripe, seeded, timeout_seconds=20).outcome is Outcome.PASSED
        faulty.on(EVENTS, lambda _: Response(empty, content_type="application/json"))
        result = settle(broken_stripe, seeded)
    assert result.outcome is Outcome.ERRORED
    # The first payment of the state in arrears is more than 29 days old: Stripe need not list it any more.
    assert sorted(told.partition(" ")[0] for told in result.actual["not_listed_by_stripe"]) == [
        "customer.subscription.created",
        "customer.subscription.updated",
        "invoice.payment_failed",
        PAID,
    ]
    assert result.remedy.startswith("run again")


def test_only_types_that_the_endpoint_wants_are_waited_for(stripe, connection, pro, run_id, settle):
    with endpoint(stripe, PAID, "invoice.payment_failed"):
        seeded = seed_objects(stripe, pro, run_id=run_id)
        events = events_of(stripe, seeded)
        record(connection, [event for event in events if event["type"] == PAID])
        result = settle(stripe, seeded)
        assert result.outcome is Outcome.ERRORED
        assert len(result.actual["not_recorded_by_the_platform"]) == 1
        record(connection, [event for event in events if event["type"] == "invoice.payment_failed"])
        assert settle(stripe, seeded).outcome is Outcome.PASSED


def test_a_key_that_may_not_list_endpoints_waits_for_what_changes_customers(
    broken_stripe, faulty, stripe, connection, pro, run_id, settle
):
    faulty.on(ENDPOINTS, lambda _: error(403, "invalid_request_error"))
    seeded = seed_objects(stripe, pro, run_id=run_id)
    result = settle(broken_stripe, seeded)
    assert (result.outcome, result.evidence["webhook_endpoints"]) == (Outcome.ERRORED, None)
    record(connection, [event for event in events_of(stripe, seeded) if event["type"] in STATE_EVENTS])
    assert settle(broken_stripe, seeded).outcome is Outcome.PASSED


def test_stripe_that_breaks_is_an_error(broken_stripe, faulty, stripe, pro, run_id, settle):
    seeded = seed_objects(stripe, pro[:1], run_id=run_id)
    faulty.on(ENDPOINTS, lambda _: error(500))
    with pytest.raises(ServiceAnswerError, match="answered 500"):
        settle(broken_stripe, seeded)


def test_a_database_that_is_gone_is_an_error(stripe, connection, pro, run_id, settle):
    seeded = seed_objects(stripe, pro[:1], run_id=run_id)
    connection.close()
    with pytest.raises(ServiceUnreachableError):
        settle(stripe, seeded)
