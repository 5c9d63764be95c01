"""A session: addresses, events, waiting, and what it leaves behind in Stripe: nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.staging_session import open_session
from staging_validation.errors import (
    CheckFailedError,
    DeadlineError,
    ServiceAnswerError,
    ServiceUnreachableError,
)
from staging_validation.workflows import CleanUp
from tests.clients.session_platform import KEY, SECRET, Platform, serve, sessions


@pytest.fixture
def platform(httpserver, connection) -> Platform:
    made = Platform(connection)
    serve(made, httpserver)
    return made


@pytest.fixture
def open_(httpserver, platform, dsn) -> Iterator[Any]:
    """Open sessions on the platform; all are closed at the end."""
    with sessions(httpserver.url_for("/").rstrip("/"), dsn) as make:
        yield make


def test_customers_carry_workflow_run_and_number(open_):
    session = open_()
    emails = [session.sign_up().email for _ in range(2)]
    assert emails == ["w01-run-1-1@test.example.com", "w01-run-1-2@test.example.com"]


def test_a_second_try_of_a_run_uses_new_addresses(open_):
    open_().sign_up()
    assert open_().sign_up().email == "w01-run-1-2@test.example.com"
    assert open_("run-10").sign_up().email == "w01-run-10-1@test.example.com"


def test_a_signed_up_customer_knows_its_ids_and_its_key(open_):
    customer = open_().sign_up()
    assert (customer.id, customer.stripe_id, customer.api_key) == (1, "cus_w01-run-1-1", KEY)
    assert customer.signup.status == 201


def test_a_limit_of_requests_is_waited_out(open_, platform):
    platform.onboard_statuses = [429, 429, 201]
    assert open_().sign_up().id == 1


def test_a_limit_that_stays_is_an_error_that_names_it(open_, platform):
    platform.onboard_statuses = [429] * 100
    with pytest.raises(ServiceAnswerError, match=r"answered 429 for 0\.2 s") as caught:
        open_().sign_up()
    assert "raise staging's limit" in str(caught.value.remedy)


def test_a_refused_signup_is_a_finding_that_names_the_customer(open_, platform):
    platform.onboard_statuses = [422]
    with pytest.raises(CheckFailedError, match=r"w01-run-1-1@test\.example\.com answered 422.*expected 201"):
        open_().sign_up()


def test_an_event_is_signed_named_by_run_and_customer_and_never_twice(open_, platform, connection):
    session = open_("run-1", "w12_idempotency")
    customer = session.sign_up()
    first, second = session.pro_invoice_paid(customer), session.pro_invoice_paid(customer)
    assert (first.id, second.id) == ("evt_w12_idempotency_run_1_1_1", "evt_w12_idempotency_run_1_1_2")
    assert session.send(first).status == 200
    assert [answer.status for answer in session.send_at_once(second, 5)] == [200] * 5
    assert [event for event, _ in platform.webhooks] == [first.id] + [second.id] * 5
    assert [row["event_type"] for row in session.database.event(second.id)] == ["invoice.payment_succeeded"]


def test_an_event_needs_a_stripe_customer(open_, platform):
    platform.with_stripe = False
    session = open_()
    customer = session.sign_up()
    with pytest.raises(CheckFailedError, match="row 1 in customers has no stripe_customer_id"):
        session.pro_invoice_paid(customer)


def test_processing_is_awaited_by_an_event_that_changes_nothing(open_, platform):
    session = open_()
    session.wait_until_processed(session.sign_up())
    assert [kind for _, kind in platform.webhooks] == ["customer.updated"]


def test_a_queue_that_stands_still_is_a_finding(open_, platform):
    platform.records = False
    session = open_()
    with pytest.raises(
        DeadlineError, match=r"Waited 0\.3 s for event evt_w01_signup_run_1_1_1 to be recorded"
    ):
        session.wait_until_processed(session.sign_up())


def test_a_webhook_that_is_refused_is_not_waited_for(open_, httpserver):
    session = open_()
    customer = session.sign_up()
    httpserver.clear_all_handlers()
    httpserver.expect_request("/api/webhooks/stripe").respond_with_json({"error": "x"}, status=401)
    with pytest.raises(CheckFailedError, match="answered 401 to evt_"):
        session.wait_until_processed(customer)
    httpserver.clear_all_handlers()
    httpserver.expect_request("/v1/customers/cus_w01-run-1-1").respond_with_json(
        {"id": "cus_1", "object": "customer", "deleted": True}
    )


def _values(*values: int) -> Callable[[], int]:
    left = list(values)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def test_waiting_ends_with_the_good_value_or_the_last(open_):
    session = open_()
    assert session.wait(_values(1, 2, 3), lambda value: value == 3) == 3
    assert session.wait(_values(1, 2), lambda value: value == 3) == 2


def test_holding_ends_with_the_bad_value_or_the_last(open_):
    session = open_()
    assert session.hold(_values(5, 5, 6, 5), lambda value: value == 5) == 6
    assert session.hold(_values(5), lambda value: value == 5) == 5


def test_time_passes(open_):
    session = open_()
    assert 0 <= session.elapsed() <= session.elapsed()


def test_stripe_customers_are_deleted_by_id_and_once(open_, platform):
    session = open_()
    made = [session.sign_up().stripe_id for _ in range(2)]
    assert session.clean_up() == CleanUp(tuple(made))
    assert session.clean_up() == CleanUp()
    assert platform.deleted == made


def test_onboarding_that_could_not_reach_stripe_is_an_error_and_no_failure(open_, platform):
    platform.onboard_statuses = [400]
    platform.onboard_error = "PROVISIONING_FAILED"
    with pytest.raises(ServiceAnswerError, match=r"billing API: .* answered 400 .*PROVISIONING_FAILED"):
        open_().sign_up()


def test_the_customer_of_an_answer_that_never_came_is_deleted_too(open_, platform, connection):
    platform.onboard_statuses = [500]
    session = open_()
    with pytest.raises(ServiceAnswerError, match=r"billing API: .* answered 500"):
        session.sign_up()
    connection.execute(
        "INSERT INTO customers (name, email, stripe_customer_id, inserted_at, updated_at)"
        " VALUES ('x', 'w01-run-1-1@test.example.com', 'cus_lost', now(), now())"
    )
    assert session.clean_up().deleted == ("cus_lost",)


def test_what_cannot_be_deleted_is_reported_and_the_others_still_are(open_, platform):
    session = open_()
    session.sign_up()
    platform.delete_status = 400
    (problem,) = session.clean_up().problems
    assert problem == (
        "Stripe customer cus_w01-run-1-1 of w01-run-1-1@test.example.com is left: "
        "Stripe: answered 400: Try later."
    )


def test_a_crash_cleans_up_too_and_logs_what_is_left(open_, platform, caplog):
    session = open_()

    def crash():
        with session:
            session.sign_up()
            raise KeyError

    with pytest.raises(KeyError):
        crash()
    assert platform.deleted == ["cus_w01-run-1-1"]
    platform.delete_status = 400
    with caplog.at_level(logging.WARNING), session:
        session.sign_up()
    assert "cus_w01-run-1-2 of w01-run-1-2@test.example.com is left" in caplog.text


def test_the_database_is_only_read(open_):
    session = open_()
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        session.database._connection.execute("DELETE FROM customers")


def test_rows_are_plain_values(open_, connection):
    session = open_()
    customer = session.sign_up()
    connection.execute(
        "INSERT INTO credit_transactions (id, customer_id, amount, balance_after, source, inserted_at, updated_at)"
        " VALUES ('00000000-0000-0000-0000-000000000001', 1, 5, 5, 'trial_signup', '2026-01-02 03:04:05', now())"
    )
    connection.execute(
        "INSERT INTO api_keys (key_hash, customer_id, inserted_at, updated_at)"
        " VALUES (encode(sha256(%s), 'hex'), 1, now(), now()), ('other', 1, now(), now())",
        (KEY.encode(),),
    )
    connection.execute(
        "INSERT INTO subscriptions (id, customer_id, stripe_subscription_id, plan, status, inserted_at, updated_at)"
        " VALUES (gen_random_uuid(), 1, 'sub_1', 'pro', 'active', now(), now())"
    )
    connection.execute(
        "INSERT INTO billing_events (id, customer_id, stripe_event_id, event_type, inserted_at, updated_at)"
        " VALUES (gen_random_uuid(), 1, 'evt_1', 'invoice.payment_succeeded', now(), now())"
    )
    (row,) = session.database.ledger(1)
    assert row["id"] == "00000000-0000-0000-0000-000000000001"
    assert row["inserted_at"] == "2026-01-02T03:04:05"
    assert [key["matches"] for key in session.database.api_keys(1, customer.api_key)] == [True, False]
    assert [row["plan"] for row in session.database.subscriptions(1)] == ["pro"]
    (event,) = session.database.events(customer_id=1, event_type="invoice.payment_succeeded")
    assert event["stripe_event_id"] == "evt_1"
    assert session.database.customer(99) is None
    assert session.database.stripe_customer_of("nobody@test.example.com") is None
    json.dumps([row, event, session.database.customer(1)])


def test_a_lost_database_is_an_error_of_ours(open_, connection):
    session = open_()
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )
    with pytest.raises((ServiceUnreachableError, ServiceAnswerError), match="PostgreSQL"):
        session.database.customer(1)


def test_a_session_is_opened_with_connections(httpserver, platform, settings):
    address = httpserver.url_for("/")
    stripe = ConnectionSettings(
        conn_id="stripe_default",
        host=address,
        password="sk_test_abc",
        extra={"webhook_secret": SECRET, "pro_price_id": "price_pro"},
    )
    api = ConnectionSettings(conn_id="staging_api", host=address)
    with open_session("w01_signup", "run-7", api=api, database=settings, stripe=stripe) as session:
        assert session.sign_up().email == "w01-run-7-1@test.example.com"
    assert platform.deleted == ["cus_w01-run-7-1"]
