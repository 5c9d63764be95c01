"""The workflows' janitor on the real sandbox: what it removes, what it never touches, and a Stripe that breaks."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest
import tenacity

from local_staging.stack.monitoring import http_answers
from local_staging.stack.ports import free_port
from local_staging.stack.processes import Program
from local_staging.stack.stack import python_environment
from local_staging.stack.supervisor import Supervisor
from staging_validation.clients import run_leftovers
from staging_validation.clients.run_leftovers import sweep_run_leftovers
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import GuardRefusedError, ServiceUnreachableError
from staging_validation.results import Outcome
from staging_validation.stripe_objects import FIXTURE
from staging_validation.workflows.naming import address_prefix, clock_name
from tests.disturbing_proxy import Disturbing, How, http_proxy

KEY = "sk_test_leftovers"
WORKFLOW = "w07_renewal"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory) -> Iterator[int]:
    """The port of a sandbox of our own."""
    port = free_port()
    program = Program(
        "sandbox",
        (sys.executable, "-m", "local_staging.stripe_sandbox", "--port", str(port)),
        log=tmp_path_factory.mktemp("sandbox") / "sandbox.log",
        env={**python_environment(os.environ), "STRIPE_SANDBOX_WEBHOOK_SECRET": "whsec_leftovers"},
    )
    with Supervisor() as supervisor:
        supervisor.start(program).wait_until(
            "be ready",
            http_answers(f"http://127.0.0.1:{port}/healthz"),
            timeout_seconds=60,
            interruption=supervisor.interruption,
        )
        yield port


@pytest.fixture
def proxy(sandbox) -> Iterator[Disturbing]:
    with http_proxy(sandbox) as proxy:
        yield proxy


@pytest.fixture
def stripe(proxy) -> Iterator[StripeApi]:
    api = StripeApi(KEY, proxy.url, "price_local_pro", "whsec_leftovers", wait=tenacity.wait_none())
    with closing(api):
        yield api
        for clock in list(api.clocks.all()):
            api.clocks.delete(str(clock["id"]))
        for customer in list(api.customers({}, created_since=0, created_before=2**33)):
            api.delete_customer(str(customer["id"]))


def clock(stripe: StripeApi, run: str, purpose: str = WORKFLOW) -> str:
    made = stripe.clocks.create(
        clock_name(purpose, run), frozen_time=1_790_000_000, idempotency_key=str(next(_numbers))
    )
    return str(made["id"])


def customer(
    stripe: StripeApi, run: str, on: str | None = None, name: str | None = None, email: str | None = None
) -> str:
    number = next(_numbers)
    made = stripe.create_customer(
        name=name or f"Workflow {WORKFLOW} {run}",
        email=email or f"{address_prefix(WORKFLOW, run)}{number}@test.example.com",
        metadata={"customer_id": str(number)},
        idempotency_key=str(number),
        test_clock=on,
    )
    return str(made["id"])


def is_there(stripe: StripeApi, id_: str) -> bool:
    found = stripe.clocks.clock(id_) if id_.startswith("clock") else stripe.customer(id_)
    return found is not None and not found.get("deleted")


def test_after_its_workflows_all_of_a_run_goes_with_what_lives_on_its_clocks(stripe):
    mine = clock(stripe, "mine")
    made = [mine, customer(stripe, "mine", on=mine), customer(stripe, "mine")]
    load = customer(
        stripe, "mine", name="Load mine", email=f"{address_prefix('load', 'mine')}1@test.example.com"
    )
    swept = sweep_run_leftovers(stripe, run_id="mine")
    assert not any(is_there(stripe, id_) for id_ in [*made, load])
    assert {leftover.id for leftover in swept.deleted} == {mine, made[2], load}
    (result,) = swept.results
    assert (result.id, result.outcome) == ("workflow.leftovers.after", Outcome.PASSED)
    assert result.evidence["deleted_of_this_run"]["customers"] == 2


def test_before_its_workflows_only_what_others_left_goes(stripe):
    mine, theirs = clock(stripe, "mine"), clock(stripe, "killed")
    own, left = customer(stripe, "mine", on=mine), customer(stripe, "killed", on=theirs)
    sweep_run_leftovers(stripe, run_id="mine", stage="before", spare_seconds=0)
    assert [is_there(stripe, id_) for id_ in (mine, own, theirs, left)] == [True, True, False, False]


def test_a_run_that_may_be_under_way_elsewhere_is_left_alone(stripe):
    theirs = clock(stripe, "elsewhere")
    made = [theirs, customer(stripe, "elsewhere", on=theirs), customer(stripe, "elsewhere")]
    for stage in ("before", "after"):
        swept = sweep_run_leftovers(stripe, run_id="mine", stage=stage)
        assert swept.deleted == ()
    assert all(is_there(stripe, id_) for id_ in made)
    assert len(sweep_run_leftovers(stripe, run_id="mine", spare_seconds=0).deleted) == 2


def test_nothing_else_is_touched(stripe):
    others = [
        clock(stripe, "mine", purpose="fixture-pro_active"),
        customer(stripe, "mine", name="Ada", email="ada@test.example.com"),
        customer(stripe, "mine", email="w07-mine-1@rsolv.dev"),
    ]
    on_a_fixtures_clock = customer(stripe, "mine", on=others[0])
    others.append(
        str(
            stripe.create_customer(
                name="Trial", email="trial-new@test.example.com", metadata=FIXTURE, idempotency_key="trial"
            )["id"]
        )
    )
    swept = sweep_run_leftovers(stripe, run_id="mine", spare_seconds=0)
    assert swept.deleted == ()
    assert all(is_there(stripe, id_) for id_ in [*others, on_a_fixtures_clock])


def test_more_than_a_page_goes(stripe):
    made = [customer(stripe, "many") for _ in range(101)]
    swept = sweep_run_leftovers(stripe, run_id="mine", spare_seconds=0)
    assert {leftover.id for leftover in swept.deleted} == set(made)


def test_what_cannot_be_deleted_is_named_and_the_next_sweep_takes_it(stripe, proxy):
    first, second = customer(stripe, "mine"), customer(stripe, "mine")
    with proxy.disturbed(How.BROKEN, method="DELETE", path=f".*/{first}"):
        swept = sweep_run_leftovers(stripe, run_id="mine")
    assert list(swept.left) == [first]
    assert "Stripe: answered 500" in swept.left[first]
    (result,) = swept.results
    assert (result.outcome, result.counts_as) == (Outcome.FAILED, Outcome.PASSED)
    assert result.actual == [first]
    assert not is_there(stripe, second)
    assert not sweep_run_leftovers(stripe, run_id="next", spare_seconds=0).left
    assert not is_there(stripe, first)


def test_what_is_gone_already_is_no_error(stripe, monkeypatch):
    made = customer(stripe, "mine")
    due = run_leftovers.due

    def late(*arguments, **named):
        found = due(*arguments, **named)
        stripe.delete_customer(made)
        return found

    monkeypatch.setattr(run_leftovers, "due", late)
    assert not sweep_run_leftovers(stripe, run_id="mine").left


def test_a_stripe_that_cannot_be_listed_is_an_error(stripe, proxy):
    with (
        proxy.disturbed(How.REFUSED, method="GET", path="/v1/test_helpers/test_clocks"),
        pytest.raises(ServiceUnreachableError, match="Stripe: cannot be reached"),
    ):
        sweep_run_leftovers(stripe, run_id="mine")


def test_an_object_that_is_not_of_test_mode_ends_the_sweep(stripe, monkeypatch):
    customer(stripe, "mine")

    def live(_):
        raise GuardRefusedError("it is live")

    with monkeypatch.context() as patch:
        patch.setattr(stripe, "delete_customer", live)
        with pytest.raises(GuardRefusedError):
            sweep_run_leftovers(stripe, run_id="mine")
