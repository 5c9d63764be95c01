"""What the hooks do before they hand anything out, with made-up evidence instead of servers."""

from __future__ import annotations

import json
from contextlib import contextmanager
from types import SimpleNamespace

import psycopg
import pytest
from airflow.sdk import DAG
from airflow.sdk.execution_time.context import set_current_context

from staging_validation.airflow.hooks import environment, record, services, staging_postgres
from staging_validation.airflow.hooks import stripe as stripe_hook
from staging_validation.airflow.hooks.services import ServiceHook
from staging_validation.airflow.hooks.settings import settings_of
from staging_validation.airflow.hooks.staging_postgres import StagingPostgresHook
from staging_validation.airflow.operators.guard import EnvironmentGuardOperator
from staging_validation.airflow.operators.telemetry import DeleteTelemetryOperator, PrepareTelemetryOperator
from staging_validation.airflow.policy import dag_policy
from staging_validation.clients.environment import Observation
from staging_validation.environment import GuardVerdict, Sighting
from staging_validation.errors import (
    ConfigurationError,
    GuardRefusedError,
    ServiceAnswerError,
    ServiceUnreachableError,
)
from staging_validation.results import Outcome

SEEN = Sighting(
    database="staging", server="10.0.0.1:5432", system_identifier="7000", marker="m", stripe_key="k"
)
CONNECTIONS = {
    "staging_postgres": {"conn_type": "postgres", "host": "127.0.0.1", "port": 1, "schema": "staging"},
    "staging_api": {"conn_type": "http", "host": "http://api"},
    "pushgateway_default": {"conn_type": "http", "host": "http://gateway"},
    "prometheus_default": {"conn_type": "http", "host": "http://prometheus"},
    "stripe_default": {
        "conn_type": "generic",
        "host": "http://stripe",
        "password": "sk_test_x",
        "extra": {"webhook_secret": "whsec_x", "pro_price_id": "price_x"},
    },
}


@pytest.fixture(autouse=True)
def connections(monkeypatch):
    for name, fields in CONNECTIONS.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))


@contextmanager
def running(found, asked=None):
    """A running task in whose run the guard left this record."""

    def pull(*, task_ids):
        if asked is not None:
            asked.append(task_ids)
        return found

    with set_current_context({"ti": SimpleNamespace(xcom_pull=pull)}):
        yield


@pytest.fixture
def observed(monkeypatch):
    """What the sources say; everything is fine until a test says otherwise."""
    said = SimpleNamespace(outcome=Outcome.PASSED, reasons=(), seen=SEEN, asked=[])

    def observe(sources):
        said.asked.append(sources)
        return Observation(GuardVerdict(said.outcome, (), said.reasons), said.seen)

    monkeypatch.setattr(environment, "observe", observe)
    return said


def test_the_record_is_that_of_the_guards_task():
    asked = []
    with running(SEEN.model_dump(mode="json"), asked):
        assert record.guard_record() == SEEN
    assert asked == ["env_guard"]


@pytest.mark.parametrize(
    ("found", "because"),
    [
        (None, "No guard has passed in this run: env_guard left no record"),
        ({"database": 1}, r"none of the guard's \(3 fields are wrong\)"),
        ("staging", r"none of the guard's \(1 fields are wrong\)"),
    ],
)
def test_a_record_that_is_none_is_refused(found, because):
    with running(found), pytest.raises(GuardRefusedError, match=because) as raised:
        record.guard_record()
    assert "staging_dag()" in raised.value.remedy


def test_there_is_no_record_outside_of_a_task():
    with pytest.raises(GuardRefusedError, match="outside of a running task") as raised:
        record.guard_record()
    assert "staging_dag()" in raised.value.remedy


HANDED_OUT = {
    "billing API": services.billing_api,
    "Pushgateway": services.pushgateway,
    "Stripe": stripe_hook.stripe_api,
    "a session of the provider": lambda: ServiceHook("Billing API", "staging_api").get_conn(),
    "database": lambda: StagingPostgresHook().get_conn(),
}


@pytest.mark.parametrize("hand_out", HANDED_OUT.values(), ids=HANDED_OUT)
def test_nothing_is_handed_out_when_a_source_refuses_now(hand_out, observed):
    observed.outcome, observed.reasons = Outcome.REFUSED, ("it is production",)
    with running(SEEN), pytest.raises(GuardRefusedError, match="it is production"):
        hand_out()


@pytest.mark.parametrize("hand_out", HANDED_OUT.values(), ids=HANDED_OUT)
def test_nothing_is_handed_out_when_a_source_is_down_now(hand_out, observed):
    observed.outcome, observed.reasons = Outcome.ERRORED, ("it is down",)
    with running(SEEN), pytest.raises(ServiceUnreachableError, match="it is down"):
        hand_out()


@pytest.mark.parametrize("hand_out", HANDED_OUT.values(), ids=HANDED_OUT)
def test_nothing_is_handed_out_when_something_is_another_than_was_seen(hand_out, observed):
    observed.seen = SEEN.model_copy(update={"stripe_key": "other"})
    with running(SEEN), pytest.raises(GuardRefusedError, match="the Stripe key is another one"):
        hand_out()


def test_what_is_handed_out_after_the_check_can_change_things(observed):
    with running(SEEN):
        assert not ServiceHook("Billing API", "staging_api").service().read_only
        assert services.billing_api().http.base_url == "http://api"
        assert services.pushgateway()._http.name == "Pushgateway"
        assert services.billing_api().http.name == "Billing API"
        stripe = stripe_hook.stripe_api()
        assert (stripe.pro_price_id, stripe._base_url) == ("price_x", "http://stripe")
    assert len(observed.asked) == 5


def test_what_only_looks_needs_no_guard_and_cannot_change_things():
    assert ServiceHook("Billing API", "staging_api").look().read_only
    prometheus = services.prometheus()._http
    assert (prometheus.name, prometheus.base_url, prometheus.read_only) == (
        "Prometheus",
        "http://prometheus",
        True,
    )


class Connection:
    """A database connection that notes what becomes of it."""

    def __init__(self):
        self.done, self.read_only = [], False

    def rollback(self):
        self.done.append("rolled back")

    def close(self):
        self.done.append("closed")


@pytest.fixture
def opened(monkeypatch, observed):
    """The database's connection, and what the last check of it says."""
    made = SimpleNamespace(connection=Connection(), checked=[], refusal=None)

    def confirm(connection, seen):
        made.checked.append((connection, seen))
        if made.refusal:
            raise made.refusal

    monkeypatch.setattr(staging_postgres, "confirm_target", confirm)
    monkeypatch.setattr(StagingPostgresHook, "_open", lambda self: made.connection)
    return made


def test_the_database_is_checked_on_the_connection_that_is_handed_out(opened):
    with running(SEEN), StagingPostgresHook().session() as connection:
        assert connection is opened.connection
        assert opened.checked == [(connection, SEEN)]
        # The check leaves no transaction open: whoever gets the connection begins one.
        assert connection.done == ["rolled back"]
    assert opened.connection.done == ["rolled back", "closed"]


def test_a_connection_to_a_wrong_database_is_closed_and_not_handed_out(opened):
    opened.refusal = GuardRefusedError("no")
    with running(SEEN), pytest.raises(GuardRefusedError, match="no"):
        StagingPostgresHook().get_conn()
    assert opened.connection.done == ["closed"]


def test_a_look_at_the_database_only_reads_and_is_closed(opened):
    with StagingPostgresHook().look() as connection:
        assert connection.read_only
    assert connection.done == ["closed"]


def test_an_engine_is_never_handed_out():
    with pytest.raises(GuardRefusedError, match="cannot be guarded") as raised:
        StagingPostgresHook().get_sqlalchemy_engine()
    assert "session()" in raised.value.remedy


def test_the_sources_are_all_that_the_connections_and_variables_name(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_ENVIRONMENT", "stg")
    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_DECLARED_BY", "TIER")
    monkeypatch.setenv("TIER", "ci")
    asked = environment.environment_sources()
    assert {place: name for place, name in asked.declared.items() if name} == {
        "Airflow variable staging_validation_environment": "stg",
        "TIER": "ci",
    }
    assert asked.addresses == {
        "stripe_default": "http://stripe",
        "staging_api": "http://api",
        "pushgateway_default": "http://gateway",
    }
    assert asked.stripe_key == "sk_test_x"
    assert asked.stripe.session.headers["Authorization"] == "Bearer sk_test_x"
    assert (asked.billing_api.name, asked.billing_api.base_url) == ("Billing API", "http://api")
    assert asked.billing_api.read_only
    assert asked.prometheus._http.base_url == "http://prometheus"


def test_the_database_connection_is_read_before_threads_ask(monkeypatch):
    asked = environment.environment_sources()
    monkeypatch.delenv("AIRFLOW_CONN_STAGING_POSTGRES")
    with pytest.raises(ServiceUnreachableError), asked.connect():
        pass


@pytest.mark.parametrize("name", CONNECTIONS)
def test_a_missing_connection_is_named(name, monkeypatch):
    monkeypatch.delenv(f"AIRFLOW_CONN_{name.upper()}")
    with pytest.raises(ConfigurationError, match=f"connection {name} does not exist") as raised:
        environment.environment_sources()
    assert f"AIRFLOW_CONN_{name.upper()}" in raised.value.remedy


def test_the_guards_task_leaves_what_it_saw_and_is_not_retried(monkeypatch):
    from staging_validation.clients import guarding

    report = SimpleNamespace(results=("a result",), sighting=SEEN)
    monkeypatch.setattr(guarding, "weigh", lambda sources: report)
    guard = EnvironmentGuardOperator(task_id="env_guard")
    context = {
        "dag": SimpleNamespace(params={"known": 1}, dag_id="d"),
        "dag_run": SimpleNamespace(conf={"known": 2}),
    }
    step = guard.check(context, None)
    assert (step.results, step.value) == (("a result",), SEEN.model_dump(mode="json"))
    assert (guard.kind.value, guard.retry_errored, guard.destructive) == ("guard", False, False)
    report.sighting = None
    context["dag_run"].conf = None
    assert guard.check(context, None).value is None


def test_the_guards_task_knows_the_params_of_its_dag():
    guard = EnvironmentGuardOperator(task_id="env_guard")
    context = {
        "dag": SimpleNamespace(params={"b": 1, "a": 1}, dag_id="staging_x"),
        "dag_run": SimpleNamespace(conf={"force": 1, "bypass": 1, "a": 2}),
    }
    with pytest.raises(
        ConfigurationError, match="holds bypass, force, which staging_x does not know"
    ) as raised:
        guard.check(context, None)
    assert raised.value.remedy == "use only a, b"
    context["dag"].params = {}
    with pytest.raises(ConfigurationError) as raised:
        guard.check(context, None)
    assert raised.value.remedy == "use only an empty configuration"


def test_secrets_of_stripe_are_handed_to_the_log_masker(monkeypatch):
    masked = []
    monkeypatch.setattr(stripe_hook, "mask_secret", masked.append)
    stripe_hook.stripe_settings()
    assert masked == ["sk_test_x", "whsec_x"]
    bare = {"conn_type": "generic"}
    monkeypatch.setenv("AIRFLOW_CONN_STRIPE_DEFAULT", json.dumps(bare))
    masked.clear()
    stripe_hook.stripe_settings()
    assert masked == []


def test_the_policy_lets_a_teardown_pass_that_runs_only_after_its_setup():
    with DAG("mine", schedule=None) as dag:
        guard = EnvironmentGuardOperator(task_id="env_guard", retries=0)
        prepare = PrepareTelemetryOperator(task_id="prepare")
        guard >> prepare >> DeleteTelemetryOperator(task_id="delete").as_teardown(setups=prepare)
    assert dag.get_task("delete").trigger_rule == "all_done_setup_success"
    dag_policy(dag)


def test_stripe_itself_is_used_where_the_connection_names_no_host(monkeypatch, observed):
    fields = {**CONNECTIONS["stripe_default"], "host": None}
    monkeypatch.setenv("AIRFLOW_CONN_STRIPE_DEFAULT", json.dumps(fields))
    with running(SEEN):
        assert stripe_hook.stripe_api()._base_url is None


def test_operations_of_the_billing_api_may_have_other_paths(monkeypatch, observed):
    for paths, expected in (({"health": "/up"}, "/up"), ("nonsense", "/api/health"), (None, "/api/health")):
        fields = {**CONNECTIONS["staging_api"], "extra": {"paths": paths}}
        monkeypatch.setenv("AIRFLOW_CONN_STAGING_API", json.dumps(fields))
        with running(SEEN):
            assert services.billing_api().paths["health"] == expected


def test_a_connection_keeps_all_its_fields(monkeypatch):
    fields = {
        "conn_type": "postgres",
        "host": "db",
        "port": 5433,
        "schema": "staging",
        "login": "alice",
        "password": "hush",
        "extra": {"sslmode": "require"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_SOME", json.dumps(fields))
    found = settings_of("some")
    assert (found.conn_type, found.host, found.port, found.database) == ("postgres", "db", 5433, "staging")
    assert (found.login, found.secret, found.extra) == ("alice", "hush", {"sslmode": "require"})
    monkeypatch.setenv("AIRFLOW_CONN_SOME", json.dumps({"host": "db"}))
    assert settings_of("some").conn_type == "generic"


def test_an_engines_options_are_named():
    with pytest.raises(GuardRefusedError, match=r"staging_postgres cannot be guarded \(no options\)"):
        StagingPostgresHook().get_sqlalchemy_engine()
    with pytest.raises(GuardRefusedError, match="echo"):
        StagingPostgresHook().get_sqlalchemy_engine({"echo": True})


@pytest.mark.parametrize("way", ["session", "look"])
def test_errors_of_the_database_are_the_packages_own(way, opened):
    with running(SEEN), pytest.raises(ServiceAnswerError), getattr(StagingPostgresHook(), way)():
        raise psycopg.errors.UndefinedTable("no such table")
