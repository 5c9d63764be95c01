"""The states' Stripe objects on the real sandbox: made, checked, swept; and with a Stripe that breaks half-way."""

from __future__ import annotations

import itertools
import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
import requests
from werkzeug import Response

from local_staging.stack.stack import python_environment
from staging_validation.clients import fixture_objects
from staging_validation.clients.fixture_objects import (
    check_objects,
    read_objects,
    seed_objects,
    sweep_objects,
)
from staging_validation.clients.polling import wait_for
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import GuardRefusedError, ServiceAnswerError, ServiceUnreachableError
from staging_validation.results import Kind, Outcome, Severity
from tests.clients.stripe_sandbox import (
    KEY,
    PRICE,
    FaultyStripe,
    client,
    clocks_of,
    customers_of,
    error,
    proxied,
    served_sandbox,
)

_runs = itertools.count(1)
CREATE = ("POST", r"/v1/customers")
ATTACH = ("POST", r"/v1/payment_methods/[^/]+/attach")
DEFAULT = ("POST", r"/v1/customers/[^/]+")
CLOCK = ("POST", r"/v1/test_helpers/test_clocks")
ADVANCE = ("POST", r"/v1/test_helpers/test_clocks/[^/]+/advance")
SUBSCRIBE = ("POST", r"/v1/subscriptions")
DELETE = ("DELETE", r"/v1/(customers|test_helpers/test_clocks)/[^/]+")
PRO = ("pro_active", "pro_cancel_scheduled", "pro_partial_usage", "pro_past_due", "pro_rollover")
DAY = 86_400


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory) -> Iterator[str]:
    """The address of a sandbox of our own."""
    with served_sandbox(tmp_path_factory.mktemp("sandbox")) as url:
        yield url


@pytest.fixture
def faulty(httpserver, sandbox) -> FaultyStripe:
    return proxied(httpserver, sandbox)


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


@pytest.fixture
def plain(states):
    """The states without a subscription."""
    return [state for state in states if state.subscription is None]


@pytest.fixture
def by_key(states):
    return {state.key: state for state in states}


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


def test_pro_states_have_a_subscription_on_a_clock_of_their_own(stripe, states, run_id):
    began = int(datetime.now(timezone.utc).timestamp())
    seeded = seed_objects(stripe, states, run_id=run_id)
    pro = {key: objects for key, objects in seeded.items() if objects.subscription_id}
    assert tuple(sorted(pro)) == PRO
    assert {objects.test_clock_id for objects in pro.values()} == set(clocks_of(stripe, run_id))
    assert len(clocks_of(stripe, run_id)) == 5
    for key, shown in read_objects(stripe, pro).items():
        assert shown.customer["test_clock"] == shown.clock["id"] == pro[key].test_clock_id
        assert pro[key].current_period_start <= began < pro[key].current_period_end
        status = "past_due" if key == "pro_past_due" else "active"
        cancelled = key == "pro_cancel_scheduled"
        assert (shown.subscription["status"], shown.subscription["cancel_at_period_end"]) == (
            status,
            cancelled,
        )
    shown = read_objects(stripe, {"pro_active": seeded["pro_active"]})["pro_active"]
    assert abs(shown.clock["frozen_time"] - began) < 60
    assert abs(began - 10 * DAY - seeded["pro_active"].current_period_start) < 60


def test_past_due_is_a_renewal_that_really_failed(stripe, by_key, run_id):
    state = by_key["pro_past_due"]
    seeded = seed_objects(stripe, [state], run_id=run_id)
    shown = read_objects(stripe, seeded)["pro_past_due"]
    failed, paid = shown.invoices
    assert (failed["status"], failed["attempt_count"], failed["billing_reason"]) == (
        "open",
        1,
        "subscription_cycle",
    )
    assert (paid["status"], paid["amount_paid"]) == ("paid", 59_900)
    declined, charged = stripe.charges(seeded["pro_past_due"].customer_id)
    assert (declined["status"], charged["status"]) == ("failed", "succeeded")


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 2, tzinfo=timezone.utc),
        datetime(2027, 2, 28, 23, 59, 59, tzinfo=timezone.utc),
        datetime(2027, 3, 2, tzinfo=timezone.utc),
        datetime(2027, 3, 31, 2, tzinfo=timezone.utc),
        datetime(2028, 2, 29, 12, tzinfo=timezone.utc),
        datetime(2028, 3, 1, 12, tzinfo=timezone.utc),
        datetime(2027, 5, 31, 2, tzinfo=timezone.utc),
    ],
)
@pytest.mark.parametrize("days", [0, 27])
def test_every_day_of_the_year_lies_in_the_current_period(stripe, by_key, run_id, moment, days):
    now = int(moment.timestamp())
    period = {"subscription": {"started_days_ago": days, "ends_in_days": 1}}
    wanted = [
        by_key[key].model_copy(
            update={"subscription": by_key[key].subscription.model_copy(update=period["subscription"])}
        )
        for key in ("pro_active", "pro_past_due")
    ]
    seeded = seed_objects(stripe, wanted, run_id=run_id, now=now)
    for key, shown in read_objects(stripe, seeded).items():
        assert seeded[key].current_period_start <= now < seeded[key].current_period_end
        assert shown.subscription["status"] == ("active" if key == "pro_active" else "past_due")


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
    assert result.actual == {"customers": 10, "cards": 8, "subscriptions": 5}
    stripe.delete_customer(seeded["payg_active"].customer_id)
    stripe.clocks.delete(seeded["pro_rollover"].test_clock_id)
    stripe.make(
        lambda client: client.v1.subscriptions.update(
            seeded["pro_cancel_scheduled"].subscription_id, {"cancel_at_period_end": False}
        )
    )
    (result,) = check_objects(stripe, states, seeded, run_id=run_id)
    assert result.outcome is Outcome.FAILED
    assert set(result.actual) == {"payg_active", "pro_rollover", "pro_cancel_scheduled"}
    assert result.actual["pro_cancel_scheduled"] == {"subscription.cancel_at_period_end": False}


def test_a_second_try_of_a_run_finds_the_same_objects(stripe, states, run_id):
    first = seed_objects(stripe, states, run_id=run_id)
    assert seed_objects(stripe, states, run_id=run_id) == first
    assert len(customers_of(stripe, run_id)) == 10


def test_a_second_try_does_not_take_a_deleted_customer_for_its_own(stripe, states, run_id):
    first = seed_objects(stripe, states, run_id=run_id)
    for objects in first.values():
        stripe.delete_customer(objects.customer_id)
    assert len(clocks_of(stripe, run_id)) == 5
    second = seed_objects(stripe, states, run_id=run_id)
    assert not {o.customer_id for o in first.values()} & {o.customer_id for o in second.values()}
    assert len(clocks_of(stripe, run_id)) == 5
    (result,) = check_objects(stripe, states, second, run_id=run_id)
    assert result.outcome is Outcome.PASSED


@pytest.mark.parametrize("broken", [ATTACH, SUBSCRIBE, ADVANCE])
def test_a_second_try_goes_on_where_a_killed_one_ended(
    broken_stripe, faulty, stripe, by_key, run_id, broken, monkeypatch
):
    """A process that is killed takes nothing back."""
    wanted = [by_key["pro_past_due"]]
    monkeypatch.setattr(fixture_objects, "_take_back", lambda *_: None)
    faulty.on(broken, lambda _: error(400, "invalid_request_error"))
    with pytest.raises(ServiceAnswerError):
        seed_objects(broken_stripe, wanted, run_id=run_id)
    left = customers_of(stripe, run_id)
    faulty.faults.clear()
    second = seed_objects(broken_stripe, wanted, run_id=run_id)
    assert [second["pro_past_due"].customer_id] == customers_of(stripe, run_id) == left
    (result,) = check_objects(stripe, wanted, second, run_id=run_id)
    assert result.outcome is Outcome.PASSED, result.actual


def test_a_clock_that_broke_is_replaced(broken_stripe, faulty, by_key, run_id):
    wanted = [by_key["pro_active"]]
    first = seed_objects(broken_stripe, wanted, run_id=run_id)
    clock_id = first["pro_active"].test_clock_id

    def broke(_: int) -> Response:
        name = f"staging-validation {run_id} fixture-pro_active"
        clock = {"id": clock_id, "object": "test_helpers.test_clock", "livemode": False, "name": name}
        body = {"object": "list", "has_more": False, "data": [{**clock, "status": "internal_failure"}]}
        return Response(json.dumps(body), content_type="application/json")

    faulty.on(("GET", CLOCK[1]), broke)
    second = seed_objects(broken_stripe, wanted, run_id=run_id)
    faulty.faults.clear()
    assert second["pro_active"].test_clock_id != clock_id
    assert clocks_of(broken_stripe, run_id) == [second["pro_active"].test_clock_id]


def test_customers_that_vanish_at_once_are_an_error(broken_stripe, faulty, plain, run_id):
    gone = '{"id": "cus_1", "object": "customer", "deleted": true}'
    faulty.on(("GET", r"/v1/customers/[^/]+"), lambda _: Response(gone, content_type="application/json"))
    with pytest.raises(ServiceAnswerError, match="gone at once"):
        seed_objects(broken_stripe, plain[:1], run_id=run_id)
    assert faulty.count(CREATE) == 2


def test_a_limit_of_requests_is_waited_out(broken_stripe, faulty, states, run_id):
    for request in (CREATE, ATTACH, DEFAULT, CLOCK, SUBSCRIBE, ADVANCE):
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


@pytest.mark.parametrize("request_", [ATTACH, ADVANCE])
def test_a_failure_half_way_deletes_what_was_made(broken_stripe, faulty, states, run_id, request_):
    faulty.on(request_, lambda number: error(500) if number > 3 else None)
    with pytest.raises(ServiceAnswerError, match="answered 500"):
        seed_objects(broken_stripe, states, run_id=run_id)
    assert faulty.count(CREATE) >= 4
    assert customers_of(broken_stripe, run_id) == []
    assert clocks_of(broken_stripe, run_id) == []


def test_a_refusal_is_not_tried_again(broken_stripe, faulty, plain, run_id):
    faulty.on(CREATE, lambda number: error(400, "invalid_request_error") if number == 3 else None)
    with pytest.raises(ServiceAnswerError, match="answered 400"):
        seed_objects(broken_stripe, plain[:3], run_id=run_id)
    assert faulty.count(CREATE) == 3
    assert customers_of(broken_stripe, run_id) == []


def test_a_run_goes_on_after_an_error_that_stripe_repeats_for_its_key(broken_stripe, faulty, plain, run_id):
    stem = f"fixture-{run_id}-{plain[0].key}"
    faulty.on(CREATE, lambda _: error(500) if faulty.seen[-1][2] == stem else None)
    assert seed_objects(broken_stripe, plain[:1], run_id=run_id)
    keys = [key for method, path, key in faulty.seen if (method, path) == ("POST", "/v1/customers")]
    assert keys[0] == stem
    assert re.fullmatch(rf"{stem}-[0-9a-f]{{32}}", keys[-1])


def test_an_error_for_every_key_ends_it(broken_stripe, faulty, plain, run_id):
    faulty.on(CREATE, lambda _: error(500))
    with pytest.raises(ServiceAnswerError, match="answered 500"):
        seed_objects(broken_stripe, plain[:1], run_id=run_id)
    assert faulty.count(CREATE) == 2


def test_what_cannot_be_taken_back_is_logged_and_the_cause_kept(broken_stripe, faulty, plain, run_id, caplog):
    faulty.on(ATTACH, lambda _: error(500))
    faulty.on(DELETE, lambda number: error(503) if number == 1 else None)
    with caplog.at_level(logging.WARNING), pytest.raises(ServiceAnswerError, match="answered 500"):
        seed_objects(broken_stripe, plain, run_id=run_id)
    (left,) = customers_of(broken_stripe, run_id)
    assert f"{left} is left for the next sweep" in caplog.text


def test_a_live_object_refuses_and_is_not_deleted(broken_stripe, faulty, plain, run_id):
    live = '{"id": "cus_live", "object": "customer", "livemode": true}'
    faulty.on(CREATE, lambda number: Response(live, content_type="application/json") if number == 3 else None)
    with pytest.raises(GuardRefusedError, match="cus_live says livemode True"):
        seed_objects(broken_stripe, plain, run_id=run_id)
    assert ("DELETE", "/v1/customers/cus_live") not in {seen[:2] for seen in faulty.seen}
    assert customers_of(broken_stripe, run_id) == []


def test_a_live_card_refuses(broken_stripe, faulty, plain, run_id):
    live = '{"id": "pm_live", "object": "payment_method", "livemode": true}'
    faulty.on(ATTACH, lambda _: Response(live, content_type="application/json"))
    with pytest.raises(GuardRefusedError, match="pm_live says livemode True"):
        seed_objects(broken_stripe, plain, run_id=run_id)
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
    names = ("Somebody's", f"staging-validation {run_id}-other w07_renewal", "staging-validation x")
    others = {
        str(stripe.clocks.create(name, frozen_time=1_800_000_000, idempotency_key=f"{run_id} {name}")["id"])
        for name in names
    }
    swept = sweep(stripe, run_id)
    gone = {o.test_clock_id or o.customer_id for o in former.values()}
    assert gone <= set(swept.deleted)
    assert not {o.test_clock_id or o.customer_id for o in kept.values()} & set(swept.deleted)
    assert customers_of(stripe, f"{run_id}-former") == clocks_of(stripe, f"{run_id}-former") == []
    assert stripe.customer(former["pro_active"].customer_id).get("deleted")
    assert len(customers_of(stripe, run_id)) == 10
    assert {clock_id for clock_id in others if stripe.clocks.clock(clock_id)} == others
    assert not stripe.customer(str(stranger["id"])).get("deleted")
    (result,) = swept.results
    assert (result.id, result.outcome) == ("reset.stripe.sweep", Outcome.PASSED)
    assert set(result.evidence["deleted"]) == set(swept.deleted)
    assert sweep(stripe, run_id).deleted == ()


def test_the_sweep_spares_what_is_young(stripe, by_key, run_id):
    seed_objects(stripe, [by_key["payg_active"], by_key["pro_active"]], run_id=f"{run_id}-elsewhere")
    assert sweep_objects(stripe, keep_run=run_id).deleted == ()
    assert len(customers_of(stripe, f"{run_id}-elsewhere")) == 2


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
    assert former["pro_active"].test_clock_id
    faulty.seen.clear()
    faulty.on(DELETE, lambda number: error(500) if number == 1 else None)
    swept = sweep(broken_stripe, run_id)
    (left,) = swept.left
    made = {objects.test_clock_id or objects.customer_id for objects in former.values()}
    assert {left, *swept.deleted} == made
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
    assert faulty.count(("DELETE", r"/v1/customers/[^/]+")) == 0


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
seed_objects(StripeApi(sys.argv[1], sys.argv[2], sys.argv[4], "whsec"), parse_states(files), run_id=sys.argv[3])
"""


def test_what_a_killed_run_left_is_swept_by_the_next(broken_stripe, faulty, httpserver, states, run_id):
    killed = f"{run_id}-killed"
    seeding: list[subprocess.Popen[bytes]] = []
    started = threading.Event()

    def kill(_: int) -> None:
        """Kill the seeding process when the first such request is under way."""
        started.wait(10)
        seeding[0].kill()

    faulty.on(ADVANCE, kill)
    address = httpserver.url_for("").rstrip("/")
    environment = python_environment(os.environ)
    seeding.append(
        subprocess.Popen([sys.executable, "-c", SEEDING, KEY, address, killed, PRICE], env=environment)
    )
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
    assert left
    assert customers_of(broken_stripe, killed) == clocks_of(broken_stripe, killed) == []
    assert swept.deleted
    (result,) = check_objects(broken_stripe, states, kept, run_id=run_id)
    assert result.outcome is Outcome.PASSED
