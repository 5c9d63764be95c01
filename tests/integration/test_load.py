"""The load against the real parts, in its short form: every event has one effect, and one that has none is named.

Latencies may be a hundred times as long here: the machine does other things too. What they are is reported.
"""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from staging_validation.airflow.operators.load import RunLoadOperator
from staging_validation.clients.stripe_api import StripeApi

pytestmark = pytest.mark.timeout(170)
SHORT = {"scale": 0.05, "latency_factor": 100}

_LOSES = """
CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RETURN CASE WHEN NEW.stripe_event_id LIKE 'evt\\_load\\_%%2' THEN NULL ELSE NEW END; END $$;
CREATE TRIGGER lose BEFORE INSERT ON billing_events FOR EACH ROW EXECUTE FUNCTION lose()
"""
_DOUBLES = """
CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() = 1 AND NEW.metadata->>'stripe_invoice_id' LIKE 'in\\_load\\_%%2' THEN
        INSERT INTO credit_transactions
        SELECT gen_random_uuid(), NEW.customer_id, NEW.amount, NEW.balance_after, NEW.source, NEW.metadata,
               NEW.inserted_at, NEW.updated_at;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER twice AFTER INSERT ON credit_transactions FOR EACH ROW EXECUTE FUNCTION twice()
"""


@pytest.fixture
def in_stripe(stack):
    """Return the addresses of a run's customers that the sandbox still has."""

    def left(prefix="load-"):
        stripe = StripeApi.from_settings(stack.connections()["stripe_default"])
        found = stripe.customers({}, created_since=0, created_before=2**33)
        return [customer["email"] for customer in found if str(customer["email"]).startswith(prefix)]

    return left


def load_customers(database):
    (count,) = database.execute("SELECT count(*) FROM customers WHERE email LIKE 'load-load-%'").fetchone()
    return count


@contextmanager
def broken(database, function, table, statements):
    database.execute(statements.replace("%%", "%"))
    try:
        yield
    finally:
        database.execute(f"DROP TRIGGER {function} ON {table}")
        database.execute(f"DROP FUNCTION {function}")


def test_the_short_form_passes_and_leaves_nothing_in_stripe(run_dag, database, in_stripe):
    before = load_customers(database)
    night = run_dag("staging_load", **SHORT)
    assert (night.state, night.outcome) == ("success", "passed"), night.of("failed") + night.of("errored")
    by_id = {result["id"]: result for result in night.results}
    for phase in ("signups", "webhooks_steady", "webhooks_burst"):
        assert {f"load.{phase}.{check}" for check in ("schedule", "latency", "failed")} <= set(by_id)
    for effect in ("signups", "events", "credits", "balances", "states", "queue"):
        assert by_id[f"load.effects.{effect}"]["outcome"] == "passed"
    assert by_id["load.effects.events"]["evidence"]["checked"] == 112
    assert by_id["load.limits.keyed_over"]["actual"] == 429
    assert by_id["load.limits.onboarding_over"]["actual"] == 429
    assert in_stripe() == []
    made = load_customers(database) - before
    assert made == 1 + 5 + 11, "for the next reset: one to look, five under load, eleven at the limit"
    page = (night.folder / "index.html").read_text()
    assert "█" in page
    assert "histogram" in page


@pytest.mark.parametrize(
    ("function", "table", "statements", "check", "kind"),
    [
        ("lose", "billing_events", _LOSES, "load.effects.events", "lost"),
        ("twice", "credit_transactions", _DOUBLES, "load.effects.credits", "doubled"),
    ],
)
def test_an_effect_that_is_lost_or_doubled_is_named(
    run_dag, database, in_stripe, monkeypatch, function, table, statements, check, kind
):
    monkeypatch.delenv("AIRFLOW_CONN_STAGING_API_STRICT")
    with broken(database, function, table, statements):
        night = run_dag("staging_load", scale=0.02, latency_factor=100)
    assert (night.state, night.outcome) == ("failed", "failed")
    named = night.result(check)["evidence"][kind]
    assert named
    assert all("_load_" in name for name in named)
    assert night.tasks["load.check_rate_limits"] == "skipped"
    assert "staging_api_strict" in night.result("load.limits")["evidence"]["reason"]
    assert night.tasks["clean_up_load"] == "success"
    assert in_stripe() == []


def test_a_load_that_dies_is_errored_and_still_cleaned_up(run_dag, in_stripe, monkeypatch):
    def die(self, context):
        raise RuntimeError("killed")

    monkeypatch.delenv("AIRFLOW_CONN_STAGING_API_STRICT")
    monkeypatch.setattr(RunLoadOperator, "pre_execute", die)
    monkeypatch.setattr(RunLoadOperator, "retries", 0, raising=False)
    night = run_dag("staging_load", **SHORT)
    assert (night.state, night.outcome) == ("failed", "errored")
    assert night.tasks["clean_up_load"] == "success"
    assert in_stripe() == []
