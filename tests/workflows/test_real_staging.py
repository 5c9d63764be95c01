"""The shipped workflows on the real service, database and Stripe sandbox: green, and red when they lie."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest

from local_staging.service.stripe_gateway import StripeGateway
from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.http import HttpService
from staging_validation.clients.postgres import connect
from staging_validation.clients.staging_session import Patience, StagingSession
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.results import Outcome, worst
from staging_validation.workflows import run_workflow
from staging_validation.workflows.naming import clock_run
from tests.workflows.shared import IMPATIENT, NAMES, told

DOUBLE_CREDIT = """
CREATE FUNCTION double_credit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO credit_transactions SELECT gen_random_uuid(), NEW.customer_id, NEW.amount,
    NEW.balance_after + NEW.amount, NEW.source, '{"copy": true}', NEW.inserted_at, NEW.updated_at;
  UPDATE customers SET credit_balance = credit_balance + NEW.amount WHERE id = NEW.customer_id;
  RETURN NULL;
END $$;
CREATE TRIGGER double_credit AFTER INSERT ON credit_transactions FOR EACH ROW
  WHEN (NEW.source = 'pro_subscription_payment' AND NOT NEW.metadata ? 'copy') EXECUTE FUNCTION double_credit();
"""
NO_DOUBLE_CREDIT = "DROP FUNCTION double_credit() CASCADE"
NO_SUBSCRIPTIONS = """
CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER forget BEFORE INSERT ON subscriptions FOR EACH ROW EXECUTE FUNCTION forget();
"""
SUBSCRIPTIONS_AGAIN = "DROP FUNCTION forget() CASCADE"


@pytest.fixture
def tampered(real_staging, shipped, run_id, admin) -> Callable[..., list[Any]]:
    """Run a workflow while something changes the database behind the platform's back."""

    def with_tampering(name: str, action: str, number: int, statement: str) -> list[Any]:
        class Tampering(StagingSession):
            """Changes the database after the given call of an action."""

            calls = itertools.count(1)

        def act(self: StagingSession, *arguments: Any, **options: Any) -> Any:
            result = getattr(StagingSession, action)(self, *arguments, **options)
            if next(Tampering.calls) == number:
                admin.execute(statement, {"like": f"%{run_id}-%"})
            return result

        setattr(Tampering, action, act)
        with closing(connect(real_staging.database)) as connection:
            session = Tampering(
                name,
                run_id,
                api=BillingApi.from_settings(real_staging.api),
                stripe=StripeApi.from_settings(real_staging.stripe),
                connection=connection,
                patience=IMPATIENT,
            )
            with session:
                return run_workflow(shipped(name), session)

    return with_tampering


@contextmanager
def _changed(admin: psycopg.Connection[Any], change: str, undo: str) -> Iterator[None]:
    admin.execute(change)
    try:
        yield
    finally:
        admin.execute(undo)


@pytest.mark.parametrize("name", NAMES)
def test_passes_and_leaves_nothing_in_stripe(run, name, run_id, real_staging, admin, ten_customers):
    results = run(name, Patience(quiet_seconds=0.3))
    assert told(results) == {}
    assert all(len(result.model_dump_json()) < 4000 for result in results), "evidence stays readable"
    assert worst(result.counts_as for result in results) is Outcome.PASSED
    assert not any(result.outcome is Outcome.SKIPPED for result in results)
    made = admin.execute(
        "SELECT stripe_customer_id FROM customers WHERE email LIKE %s ORDER BY id",
        (f"{name.partition('_')[0]}-{run_id}-%@test.example.com",),
    ).fetchall()
    stripe = StripeApi.from_settings(real_staging.stripe)
    with closing(stripe):
        for (stripe_id,) in made:
            gone = stripe.customer(stripe_id)
            assert gone is None or gone["deleted"] is True
        assert not [clock for clock in stripe.clocks.all() if clock_run(str(clock["name"])) == run_id]
    deleted = results[-1].evidence.get("deleted_stripe_customers", [])
    assert deleted == [stripe_id for (stripe_id,) in made]


@pytest.mark.parametrize("name", ["w12_idempotency", "w07_renewal"])
def test_a_retry_of_the_same_run_passes_again(run, name):
    for _ in range(2):
        assert told(run(name)) == {}


def test_where_the_platform_ignores_clocks_what_needs_time_is_skipped_with_the_reason(run, monkeypatch):
    create = StripeGateway.create_customer

    def ignoring(self: StripeGateway, *, test_clock: str | None = None, **customer: Any) -> str:
        return create(self, **customer)

    monkeypatch.setattr(StripeGateway, "create_customer", ignoring)
    renewal, cancellation = run("w07_renewal"), run("w10_cancel_at_period_end")
    assert {result.outcome for result in renewal} == {Outcome.SKIPPED}
    assert "this platform ignores stripe_test_clock" in str(renewal[0].evidence["reason"])
    assert told(cancellation) == {}
    skipped = [result.id.rpartition(".")[2] for result in cancellation if result.outcome is Outcome.SKIPPED]
    assert skipped == ["period_ends", "after_it"]
    assert worst(result.counts_as for result in cancellation) is Outcome.PASSED


def test_a_changed_balance_is_named_with_customer_field_and_both_values(tampered, run_id):
    results = tampered(
        "w01_signup", "sign_up", 1, "UPDATE customers SET credit_balance = 4 WHERE email LIKE %(like)s"
    )
    messages = told(results)
    (message,) = [text for id_, text in messages.items() if id_ == "workflow.w01_signup.onboard.customer"]
    assert f"w01-{run_id}-1@test.example.com" in message
    assert "credit_balance is 4, expected 5" in message
    assert "workflow.w01_signup.onboard.summary" in messages
    skipped = [result.id for result in results if result.outcome is Outcome.SKIPPED]
    assert skipped == ["workflow.w01_signup.stripe_customer", "workflow.w01_signup.api_key"]


def test_a_ledger_row_without_its_balance_is_named(tampered, run_id):
    statement = """
        INSERT INTO credit_transactions (id, customer_id, amount, balance_after, source, inserted_at, updated_at)
        SELECT gen_random_uuid(), id, 60, 125, 'pro_subscription_payment', now(), now()
        FROM customers WHERE email LIKE %(like)s
    """
    messages = told(tampered("w12_idempotency", "send", 2, statement))
    message = messages["workflow.w12_idempotency.second_delivery.ledger"]
    assert f"w12-{run_id}-1@test.example.com: credit_transactions" in message
    assert message.count("amount=60, source=pro_subscription_payment") == 3, "two found, one expected"
    assert "workflow.w12_idempotency.second_delivery.customer" not in messages


def test_a_doubled_credit_fails_pro(run, admin, run_id):
    with _changed(admin, DOUBLE_CREDIT, NO_DOUBLE_CREDIT):
        messages = told(run("w06_pro"))
    assert "credit_balance is 130, expected 70" in messages["workflow.w06_pro.invoice_paid.customer"]
    assert f"w06-{run_id}-1@test.example.com" in messages["workflow.w06_pro.invoice_paid.ledger"]


def test_a_doubled_credit_fails_idempotency(run, admin):
    with _changed(admin, DOUBLE_CREDIT, NO_DOUBLE_CREDIT):
        messages = told(run("w12_idempotency"))
    assert (
        "credit_balance is 125, expected 65" in messages["workflow.w12_idempotency.first_delivery.customer"]
    )
    assert "balance_after=125" in messages["workflow.w12_idempotency.first_delivery.ledger"]


def test_a_subscription_that_is_not_stored_fails_pro(run, admin, run_id):
    with _changed(admin, NO_SUBSCRIPTIONS, SUBSCRIPTIONS_AGAIN):
        messages = told(run("w06_pro"))
    message = messages["workflow.w06_pro.subscribe.subscriptions"]
    assert f"w06-{run_id}-1@test.example.com: subscriptions: none (expected plan=pro" in message


def test_a_service_that_is_down_gives_errored_and_no_leftovers(real_staging, shipped, run_id):
    with closing(connect(real_staging.database)) as connection:
        session = StagingSession(
            "w01_signup",
            run_id,
            api=BillingApi(HttpService("billing API", "http://127.0.0.1:9", attempts=1)),
            stripe=StripeApi.from_settings(real_staging.stripe),
            connection=connection,
            patience=IMPATIENT,
        )
        with session:
            results = run_workflow(shipped("w01_signup"), session)
    assert [result.outcome.value for result in results] == ["errored", "skipped", "skipped"]
    assert "billing API: POST http://127.0.0.1:9/api/v1/customers/onboard cannot be reached" in str(
        results[0].actual
    )


def test_no_secret_reaches_the_results(run, real_staging):
    names = ("w01_signup", "w12_idempotency", "w16_fix_attempt")
    text = "".join(result.model_dump_json() for name in names for result in run(name))
    assert "rsolv_" not in text.replace("rsolv_***", "")
    assert str(real_staging.stripe.secret) not in text
    assert str(real_staging.stripe.extra["webhook_secret"]) not in text
