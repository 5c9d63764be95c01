"""With the service, Stripe or the database down, silent, answering 429 or 500, or cut off: errored, named, in bounded
time, and nothing charged twice.

The service, Stripe and PostgreSQL are the real ones of the other tests. A second instance of the service, and the
sessions, reach them through proxies that disturb chosen requests.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import tenacity
from psycopg.conninfo import conninfo_to_dict

from local_staging.service import stripe_gateway
from local_staging.service.app import create_app
from local_staging.service.settings import ServiceSettings
from local_staging.stack.ports import free_port
from staging_validation.clients import postgres, stripe_calls
from staging_validation.clients.staging_session import Patience, StagingSession, open_session
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import ServiceAnswerError, ServiceError, ServiceUnreachableError
from staging_validation.results import CheckResult, Outcome, worst
from staging_validation.workflows import flows, run_workflow
from tests.disturbing_proxy import Disturbing, How, http_proxy, postgres_proxy
from tests.workflows.shared import RealStaging, told

ANSWER_SECONDS = 2.0
"""How long everybody waits for an answer here."""

BOUND_SECONDS = 20.0
"""How long a disturbed workflow may take: some answers that never come, each tried up to three times."""

PATIENCE = Patience(
    effect_seconds=5.0,
    quiet_seconds=0.1,
    interval_seconds=0.05,
    rate_limit_seconds=0.2,
    rate_limit_interval_seconds=0.1,
)
ALL = 1_000_000
API, STRIPE, DATABASE = "billing API", "Stripe", "PostgreSQL"
UNAVAILABLE = "Stripe is not available"
NO_DATABASE = "The database is not available"


@dataclass(frozen=True)
class Stage:
    """The parts with their proxies.

    Attributes:
        api: Between the sessions and the service.
        stripe: Between the sessions and Stripe.
        database: Between the sessions and PostgreSQL.
        services_stripe: Between the service and Stripe.
        services_database: Between the service and PostgreSQL.
        connections: What a session is opened with.
        direct: Stripe, without a proxy.
        dsn: The database, without a proxy.
    """

    api: Disturbing
    stripe: Disturbing
    database: Disturbing
    services_stripe: Disturbing
    services_database: Disturbing
    connections: dict[str, Any]
    direct: StripeApi
    dsn: str


@pytest.fixture(scope="module")
def stage(real_staging: RealStaging, serve) -> Iterator[Stage]:
    """Everything behind proxies, with short waits for answers."""
    import stripe

    fields = conninfo_to_dict(real_staging.dsn)
    stripe_port = int(str(real_staging.stripe.host).rpartition(":")[2])
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(stripe_calls, "_TIMEOUT_SECONDS", ANSWER_SECONDS)
        patch.setattr(stripe_gateway, "_TIMEOUT_SECONDS", ANSWER_SECONDS)
        patch.setattr(postgres, "LOOK_SECONDS", ANSWER_SECONDS)
        patch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
        patch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.02)
        patch.setattr(stripe_calls.tenacity, "wait_random_exponential", lambda **_: tenacity.wait_none())
        proxied = {
            "stripe": stack.enter_context(http_proxy(stripe_port)),
            "services_stripe": stack.enter_context(http_proxy(stripe_port)),
            "database": stack.enter_context(postgres_proxy(int(str(fields["port"])))),
            "services_database": stack.enter_context(postgres_proxy(int(str(fields["port"])))),
        }
        port = free_port()
        settings = ServiceSettings(
            database_url=_url(real_staging.dsn, proxied["services_database"].port),
            stripe_api_key=str(real_staging.stripe.secret),
            stripe_api_base=proxied["services_stripe"].url,
            webhook_secrets=(str(real_staging.stripe.extra["webhook_secret"]),),
            pro_price_id=str(real_staging.stripe.extra["pro_price_id"]),
            onboard_per_minute=100_000,
        )
        stack.enter_context(serve(create_app(settings), port))
        proxied["api"] = stack.enter_context(http_proxy(port))
        connections = {
            "api": real_staging.api.model_copy(
                update={"port": proxied["api"].port, "extra": {"timeout": ANSWER_SECONDS}}
            ),
            "stripe": real_staging.stripe.model_copy(update={"host": proxied["stripe"].url}),
            "database": real_staging.database.model_copy(
                update={"host": "127.0.0.1", "port": proxied["database"].port}
            ),
        }
        direct = stack.enter_context(closing(StripeApi.from_settings(real_staging.stripe)))
        yield Stage(**proxied, connections=connections, direct=direct, dsn=real_staging.dsn)


def _url(dsn: str, port: int) -> str:
    fields = conninfo_to_dict(dsn)
    return f"postgresql://{fields['user']}:{fields['password']}@127.0.0.1:{port}/{fields['dbname']}"


@pytest.fixture
def attempt(stage, shipped, run_id) -> Callable[..., list[CheckResult]]:
    """Run a workflow through the proxies; a second time it is the retry of the same run."""

    def once(name: str, answer_seconds: float = ANSWER_SECONDS) -> list[CheckResult]:
        api = stage.connections["api"].model_copy(update={"extra": {"timeout": answer_seconds}})
        with open_session(name, run_id, **{**stage.connections, "api": api}, patience=PATIENCE) as session:
            return run_workflow(shipped(name), session)

    return once


@pytest.fixture
def session(stage, run_id) -> Iterator[StagingSession]:
    """A session through the proxies."""
    with open_session("w05_pay_as_you_go", run_id, **stage.connections, patience=PATIENCE) as opened:
        yield opened


class Paid:
    """What Stripe took from the customers of a run."""

    def __init__(self, stage: Stage, run_id: str) -> None:
        with psycopg.connect(stage.dsn) as connection:
            found = connection.execute(
                "SELECT stripe_customer_id FROM customers WHERE email LIKE %s", (f"w%-{run_id}-%",)
            )
            self.customers = [str(row[0]) for row in found]
        self.fixes: Counter[str] = Counter()
        self.invoices: Counter[str] = Counter()
        for customer in self.customers:
            for charge in stage.direct.charges(customer):
                if fix := charge["metadata"].get("fix_id"):
                    self.fixes[fix] += charge["paid"]
            self.invoices[customer] += len(stage.direct.paid_invoices(customer))

    def nothing_twice(self) -> None:
        """Find every fix charged once at most, and every customer subscribed once at most."""
        assert all(times <= 1 for times in self.fixes.values()), self.fixes
        assert all(times <= 1 for times in self.invoices.values()), self.invoices


def errored(results: list[CheckResult]) -> str:
    """Return what the workflow's only error says; nothing else may be wrong but what could not be cleaned up."""
    assert worst(result.counts_as for result in results) is Outcome.ERRORED, told(results)
    wrong = [result for result in results if result.counts_as in (Outcome.FAILED, Outcome.ERRORED)]
    assert [result.outcome for result in wrong] == [Outcome.ERRORED], told(results)
    return str(wrong[0].actual)


FIX = {"method": "POST", "path": "/internal/.*/fixes", "first": 11}
SUBSCRIBE = {"method": "POST", "path": "/internal/.*/subscribe", "first": 2}
SIGN_UP = {"method": "POST", "path": "/api/v1/customers/onboard"}
CHARGE = {"method": "POST", "path": "/v1/payment_intents"}
SUBSCRIPTION = {"method": "POST", "path": "/v1/subscriptions"}
CUSTOMER = {"method": "POST", "path": "/v1/customers"}
CHARGES = {"method": "GET", "path": "/v1/charges"}
SQL = {"method": "SQL", "first": 9}

# fmt: off
DISTURBED = [
    # where, how, which requests, the workflow, what its error says
    ("api", How.REFUSED, SIGN_UP, "w01_signup", (API, "cannot be reached")),
    ("api", How.SILENT, SIGN_UP, "w01_signup", (API, "gave no answer in time")),
    ("api", How.LOST, SIGN_UP, "w01_signup", (API, "cannot be reached")),
    ("api", How.TORN, SIGN_UP, "w01_signup", (API, "cannot be reached")),
    ("api", How.RATE_LIMITED, SIGN_UP, "w01_signup", (API, "answered 429")),
    ("api", How.BROKEN, SIGN_UP, "w01_signup", (API, "answered 500")),
    ("api", How.REFUSED, FIX, "w05_pay_as_you_go", (API, "cannot be reached")),
    ("api", How.SILENT, FIX, "w05_pay_as_you_go", (API, "gave no answer in time")),
    ("api", How.LOST, FIX, "w05_pay_as_you_go", (API, "cannot be reached")),
    ("api", How.TORN, FIX, "w05_pay_as_you_go", (API, "cannot be reached")),
    ("api", How.RATE_LIMITED, FIX, "w05_pay_as_you_go", (API, "answered 429")),
    ("api", How.BROKEN, FIX, "w05_pay_as_you_go", (API, "answered 500")),
    ("api", How.LOST, SUBSCRIBE, "w06_pro", (API, "cannot be reached")),
    ("api", How.BROKEN, SUBSCRIBE, "w06_pro", (API, "answered 500")),
    ("api", How.LATE, FIX, "w05_pay_as_you_go", (API, "gave no answer in time")),
    ("api", How.LATE, SUBSCRIBE, "w06_pro", (API, "gave no answer in time")),
    ("services_stripe", How.REFUSED, CUSTOMER, "w01_signup", (API, "PROVISIONING_FAILED", UNAVAILABLE)),
    ("services_stripe", How.REFUSED, CHARGE, "w05_pay_as_you_go", (API, UNAVAILABLE)),
    ("services_stripe", How.SILENT, CHARGE, "w05_pay_as_you_go", (API, "gave no answer in time")),
    ("services_stripe", How.LOST, CHARGE, "w05_pay_as_you_go", (API, UNAVAILABLE)),
    ("services_stripe", How.TORN, CHARGE, "w05_pay_as_you_go", (API, UNAVAILABLE)),
    ("services_stripe", How.RATE_LIMITED, CHARGE, "w05_pay_as_you_go", (API, UNAVAILABLE)),
    ("services_stripe", How.BROKEN, CHARGE, "w05_pay_as_you_go", (API, UNAVAILABLE)),
    ("services_stripe", How.LOST, SUBSCRIPTION, "w06_pro", (API, UNAVAILABLE)),
    ("services_stripe", How.LATE, CHARGE, "w05_pay_as_you_go", (API, "gave no answer in time")),
    ("services_stripe", How.LATE, SUBSCRIPTION, "w06_pro", (API, "gave no answer in time")),
    ("services_database", How.REFUSED, SQL, "w05_pay_as_you_go", (API, NO_DATABASE)),
    ("services_database", How.SILENT, SQL, "w05_pay_as_you_go", (API, "gave no answer in time")),
    ("services_database", How.LOST, SQL, "w05_pay_as_you_go", (API, NO_DATABASE)),
    ("services_database", How.LATE, SQL, "w05_pay_as_you_go", (API, "gave no answer in time")),
    ("stripe", How.REFUSED, CHARGES, "w05_pay_as_you_go", (STRIPE, "cannot be reached")),
    ("stripe", How.SILENT, CHARGES, "w05_pay_as_you_go", (STRIPE, "cannot be reached")),
    ("stripe", How.TORN, CHARGES, "w05_pay_as_you_go", (STRIPE, "cannot be reached")),
    ("stripe", How.RATE_LIMITED, CHARGES, "w05_pay_as_you_go", (STRIPE, "answered 429")),
    ("stripe", How.BROKEN, CHARGES, "w05_pay_as_you_go", (STRIPE, "answered 500")),
    ("stripe", How.LATE, CHARGES, "w05_pay_as_you_go", (STRIPE, "cannot be reached")),
    ("database", How.REFUSED, SQL, "w05_pay_as_you_go", (DATABASE, "lost")),
    ("database", How.SILENT, SQL, "w05_pay_as_you_go", (DATABASE, f"gave no answer within {ANSWER_SECONDS:g} s")),
    ("database", How.LOST, SQL, "w05_pay_as_you_go", (DATABASE, "lost")),
    ("database", How.LATE, SQL, "w05_pay_as_you_go", (DATABASE, f"gave no answer within {ANSWER_SECONDS:g} s")),
]
# fmt: on


@pytest.mark.parametrize(
    ("where", "how", "requests", "workflow", "says"),
    DISTURBED,
    ids=[f"{entry[0]}-{entry[1].name.lower()}-{entry[3]}" for entry in DISTURBED],
)
def test_it_is_errored_and_named_in_bounded_time_and_the_retry_passes(
    stage, attempt, run_id, where, how, requests, workflow, says
):
    began = time.monotonic()
    with getattr(stage, where).disturbed(how, **requests) as disturbance:
        message = errored(attempt(workflow))
    assert disturbance.done
    assert time.monotonic() - began < BOUND_SECONDS
    assert message.startswith(says[0]), message
    assert all(part in message for part in says), message
    Paid(stage, run_id).nothing_twice()

    assert told(attempt(workflow, answer_seconds=20.0)) == {}
    paid = Paid(stage, run_id)
    paid.nothing_twice()
    assert paid.customers


def test_a_charge_whose_answers_are_all_lost_is_made_once(stage, session):
    customer = flows.customer_with_card(session)
    flows.spend_credits(session, customer)
    fix = f"fix_{session.new_name(customer)}"
    with (
        stage.services_stripe.disturbed(How.LOST, **CHARGE) as disturbance,
        pytest.raises(ServiceAnswerError, match=UNAVAILABLE),
    ):
        session.api.deploy_fix(customer.id, fix)
    assert disturbance.done == 3, "the library tried three times, and Stripe has charged"
    assert len(stage.direct.charges(customer.stripe_id)) == 1
    assert session.database.customer(customer.id)["credit_balance"] == 0

    assert session.api.deploy_fix(customer.id, fix).status == 200
    assert len(stage.direct.charges(customer.stripe_id)) == 1
    purchased = [row for row in session.database.ledger(customer.id) if row["source"] == "purchased"]
    assert len(purchased) == 1


@pytest.mark.parametrize("webhooks", ["in time", "late"])
def test_a_subscription_whose_answers_are_all_lost_is_made_once(stage, session, webhooks):
    """The second try may come before Stripe's event has told the service of the first."""
    customer = flows.customer_with_card(session)
    with (
        stage.services_stripe.disturbed(How.LOST, **SUBSCRIPTION) as disturbance,
        pytest.raises(ServiceAnswerError, match=UNAVAILABLE),
    ):
        session.api.subscribe(customer.id)
    assert disturbance.done == 3
    if webhooks == "in time":
        session.wait_until_processed(customer)
    else:
        with psycopg.connect(stage.dsn) as connection:  # as if no event had come yet
            connection.execute(
                "UPDATE customers SET subscription_type = 'pay_as_you_go', subscription_state = NULL,"
                " stripe_subscription_id = NULL WHERE id = %s",
                (customer.id,),
            )
            connection.execute("DELETE FROM subscriptions WHERE customer_id = %s", (customer.id,))
    assert session.api.subscribe(customer.id).status in (200, 409)
    assert len(stage.direct.paid_invoices(customer.stripe_id)) == 1
    assert [row["status"] for row in stage.direct.subscriptions(customer.stripe_id)] == ["active"]


def test_who_comes_back_to_pro_pays_again(session, stage):
    """A key that is always the same would give the ended subscription once more."""
    customer = flows.pro_customer(session)
    assert session.api.cancel(customer.id, at_period_end=False).status == 200
    session.wait_until_processed(customer)
    assert session.api.subscribe(customer.id).status == 200
    assert len(stage.direct.paid_invoices(customer.stripe_id)) == 2
    statuses = sorted(str(row["status"]) for row in stage.direct.subscriptions(customer.stripe_id))
    assert statuses == ["active", "canceled"]


@pytest.mark.parametrize("how", [How.REFUSED, How.LOST])
def test_a_database_that_is_lost_at_any_statement_of_a_charge_charges_once(stage, session, how):
    customer = flows.customer_with_card(session)
    flows.spend_credits(session, customer)
    for number in range(1, 100):
        fix = f"fix_{session.new_name(customer)}"
        with stage.services_database.disturbed(how, method="SQL", first=number, times=1) as disturbance:
            try:
                session.api.deploy_fix(customer.id, fix)
            except ServiceError as error:
                assert NO_DATABASE in error.message  # noqa: PT017 - either is right
        assert session.api.deploy_fix(customer.id, fix).status == 200
        if not disturbance.done:
            break
    assert number > 5
    charged = [row["metadata"]["fix_id"] for row in stage.direct.charges(customer.stripe_id)]
    assert len(charged) == len(set(charged)) == number
    rows = session.database.ledger(customer.id)
    assert sum(row["source"] == "purchased" for row in rows) == number
    assert sum(int(str(row["amount"])) for row in rows) == 0


@pytest.mark.parametrize(("part", "says"), [("api", API), ("stripe", STRIPE), ("database", DATABASE)])
def test_a_part_that_is_down_is_errored_and_named(stage, shipped, run_id, part, says):
    port = free_port()
    where = {"host": f"http://127.0.0.1:{port}"} if part == "stripe" else {"port": port}
    down = {**stage.connections, part: stage.connections[part].model_copy(update=where)}
    session = open_session("w05_pay_as_you_go", run_id, **down, patience=PATIENCE)
    if part == "database":  # without one there is no session, and the error is the task's result
        with pytest.raises(ServiceUnreachableError, match=f"{says}: no connection") as raised, session:
            pass
        assert raised.value.outcome is Outcome.ERRORED
        return
    with session as opened:
        message = errored(run_workflow(shipped("w05_pay_as_you_go"), opened))
    assert message.startswith(f"{says}: "), message
