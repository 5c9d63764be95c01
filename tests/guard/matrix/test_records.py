# ruff: noqa: E501 - a line is a row of the table, to be read as one
"""The guard's record, forged, foreign or missing; and the hooks, for whoever writes a task without our operators."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.sdk.execution_time.context import set_current_context

from staging_validation.airflow.hooks.services import ServiceHook, billing_api, pushgateway
from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
from staging_validation.airflow.hooks.stripe import stripe_api
from staging_validation.errors import GuardRefusedError

# fmt: off
RECORDS = [
    ("R01", "no guard ran before the step", lambda record: None),
    ("R02", "the record is empty", lambda record: {}),
    ("R03", "the record is a word", lambda record: "staging"),
    ("R04", "the record is a list of records", lambda record: [record]),
    ("R05", "the record brings a field of its own", lambda record: {**record, "bypass": True}),
    ("R06", "the record is of a database with another name", lambda record: {**record, "database": "billing"}),
    ("R07", "the record is of another server", lambda record: {**record, "server": "10.0.0.1:5432"}),
    ("R08", "the record is of another cluster", lambda record: {**record, "system_identifier": "7000000000000000001"}),
    ("R09", "the record is of an unmarked database", lambda record: {**record, "marker": None}),
    ("R10", "the record is of another marker", lambda record: {**record, "marker": "0123456789abcdef"}),
    ("R11", "the record is of another Stripe key", lambda record: {**record, "stripe_key": "0123456789abcdef"}),
    ("R12", "the record is of no Stripe key", lambda record: {**record, "stripe_key": None}),
    ("R13", "the record knows no services", lambda record: {**record, "addresses": {}}),
    ("R14", "the record is of another billing API", lambda record: {**record, "addresses": {**record["addresses"], "staging_api": "http://10.0.0.1"}}),
    ("R15", "the record knows a service that is not there", lambda record: {**record, "addresses": {**record["addresses"], "other": "http://10.0.0.1"}}),
]
HOOKS = [
    ("H01", "the database's session", lambda: StagingPostgresHook().session().__enter__()),
    ("H02", "the database's bare connection", lambda: StagingPostgresHook().get_conn()),
    ("H03", "the provider's own way to run SQL", lambda: StagingPostgresHook().run("DELETE FROM customers")),
    ("H04", "the provider's own way to read SQL", lambda: StagingPostgresHook().get_records("DELETE FROM customers RETURNING id")),
    ("H05", "the Pushgateway", lambda: pushgateway().delete("x")),
    ("H06", "the billing API", lambda: billing_api().onboard({"name": "x", "email": "x@test.example.com"})),
    ("H07", "Stripe", lambda: stripe_api().delete_customer("cus_x")),
    ("H08", "a service that is only to be looked at", lambda: ServiceHook("Pushgateway", "pushgateway_default").look().request("DELETE", "/metrics/job/x")),
    ("H09", "the provider's own way to send a request", lambda: ServiceHook("Billing API", "staging_api").run("/api/v1/customers/onboard")),
    ("H10", "the provider's own database engine", lambda: StagingPostgresHook().get_sqlalchemy_engine().connect()),
]
# fmt: on


@pytest.mark.parametrize(("forge"), [entry[2] for entry in RECORDS], ids=[entry[0] for entry in RECORDS])
def test_a_record_that_is_not_this_runs_own_stops_every_step(forge, world, watch):
    record = forge(world.guard().record)
    end = watch()
    for name in world.steps:
        assert world.step(name, record).outcome == "refused", name
    seen = end()
    assert (seen.statements, seen.requests, seen.changed) == ([], [], False)


@pytest.mark.parametrize("reach", [entry[2] for entry in HOOKS], ids=[entry[0] for entry in HOOKS])
@pytest.mark.parametrize("place", ["outside of any task", "in a task without a guard"])
def test_a_hook_hands_nothing_out_without_a_guard(reach, place, world, watch):
    end = watch()
    if place == "outside of any task":
        with pytest.raises(GuardRefusedError):
            reach()
    else:
        context = {"ti": SimpleNamespace(xcom_pull=lambda task_ids: None)}
        with set_current_context(context), pytest.raises(GuardRefusedError):
            reach()
    seen = end()
    assert (seen.statements, seen.requests, seen.changed) == ([], [], False)
