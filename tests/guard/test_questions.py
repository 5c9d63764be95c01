"""How the guard asks, with made-up answers instead of servers: each question, each comparison, each way out."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from types import SimpleNamespace

import psycopg
import pytest

from staging_validation.clients import guarding
from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.environment import (
    EnvironmentSources,
    confirm_observation,
    confirm_target,
    look_at_database,
    observe,
)
from staging_validation.clients.marker import identify, read_marker
from staging_validation.environment import Reading, Sighting
from staging_validation.environment.digests import short_digest
from staging_validation.environment.marker import DatabaseIdentity, Marker
from staging_validation.errors import (
    ConfigurationError,
    GuardRefusedError,
    ServiceAnswerError,
    ServiceUnreachableError,
)
from staging_validation.results import Outcome

ROW = ("staging", "7000", "alice", datetime(2026, 3, 1, tzinfo=timezone.utc), "ours")
IDENTITY = ("billing", "10.0.0.1:5432", "7000", False)


class Answers:
    """A connection that answers the guard's three questions."""

    def __init__(self, identity=IDENTITY, markers=(ROW,), *, exists=True):
        self.identity, self.markers, self.exists = identity, markers, exists
        self.info = SimpleNamespace(host="db.example.com")

    def execute(self, query):
        if "current_database" in query:
            rows = [self.identity] if self.identity else []
        elif "to_regclass" in query:
            rows = [(self.exists,)] if self.exists is not None else []
        else:
            rows = list(self.markers)
        return SimpleNamespace(fetchone=lambda: rows[0] if rows else None, fetchall=lambda: rows)


class Broken(Answers):
    """A connection whose statements fail."""

    def execute(self, query):
        raise psycopg.errors.InsufficientPrivilege("permission denied")


class Service:
    """A service that has one answer, or an error."""

    name, base_url = "Some", "http://some"

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def json(self, method, path):
        self.asked.append(f"{method} {path}")
        return self.external_labels()

    def external_labels(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def honest(**changed):
    """Sources that all say: this is staging."""

    @contextmanager
    def connect():
        yield Answers()

    sources = EnvironmentSources(
        declared={"ENVIRONMENT": "staging"},
        connect=connect,
        stripe_key="sk_test_x",
        stripe=Service({"livemode": False}),
        billing_api=Service({"environment": "staging"}),
        prometheus=Service({"env": "staging"}),
        addresses={"staging_api": "http://api"},
    )
    return replace(sources, **changed)


def connecting_to(connection):
    @contextmanager
    def connect():
        if isinstance(connection, Exception):
            raise connection
        yield connection

    return connect


def said(sources):
    return {piece.source: piece for piece in observe(sources).verdict.evidence}


def test_all_are_asked_each_its_own_question():
    sources = honest()
    found = observe(sources)
    assert found.verdict.outcome is Outcome.PASSED
    assert [piece.source for piece in found.verdict.evidence] == [
        "declared.ENVIRONMENT",
        "stripe.key",
        "marker",
        "database.name",
        "database.role",
        "stripe.account",
        "billing_api.health",
        "prometheus.labels",
    ]
    assert (sources.stripe.asked, sources.billing_api.asked) == (["GET /v1/balance"], ["GET /api/health"])
    assert found.sighting == Sighting(
        database="billing",
        server="10.0.0.1:5432",
        system_identifier="7000",
        marker=Marker(*ROW).digest,
        stripe_key=short_digest("sk_test_x"),
        addresses={"staging_api": "http://api"},
    )


DOWN = ServiceUnreachableError("Some", "is down", remedy="start it")


@pytest.mark.parametrize(
    ("changed", "source", "required"),
    [
        ({"connect": connecting_to(DOWN)}, "marker", True),
        ({"connect": connecting_to(Broken())}, "marker", True),
        ({"connect": connecting_to(ConfigurationError("no host"))}, "marker", True),
        ({"stripe": Service(DOWN)}, "stripe.account", True),
        ({"stripe": Service([])}, "stripe.account", True),
        ({"billing_api": Service(DOWN)}, "billing_api.health", False),
        ({"billing_api": Service("staging")}, "billing_api.health", False),
        ({"prometheus": Service(DOWN)}, "prometheus.labels", False),
    ],
)
def test_what_cannot_be_asked_makes_it_errored(changed, source, required):
    sources = honest(**changed)
    piece = said(sources)[source]
    assert (piece.reading, piece.required) == (Reading.UNREACHABLE, required)
    assert observe(sources).verdict.outcome is Outcome.ERRORED


def test_the_remedy_of_what_is_down_is_kept():
    sources = honest(
        connect=connecting_to(DOWN), stripe=Service(DOWN), billing_api=Service(DOWN), prometheus=Service(DOWN)
    )
    down = [piece for piece in said(sources).values() if piece.reading is Reading.UNREACHABLE]
    assert [piece.remedy for piece in down] == ["start it"] * 4
    assert {piece.because for piece in down} == {"Some: is down"}
    assert observe(sources).sighting is None


def test_services_that_are_not_configured_are_not_asked():
    found = said(honest(stripe=None, billing_api=None, prometheus=None))
    assert {"billing_api.health", "prometheus.labels"}.isdisjoint(found)
    assert found["stripe.account"].because == "stripe.account was not asked"


@pytest.mark.parametrize("key", ["sk_live_x", "pk_test_x", None])
def test_a_key_that_is_not_of_test_mode_is_not_used(key):
    sources = honest(stripe_key=key)
    assert observe(sources).verdict.outcome is Outcome.REFUSED
    assert sources.stripe.asked == []


def test_what_is_required_may_be_narrowed():
    sources = honest(stripe=None)
    assert observe(sources, required=frozenset({"marker"})).verdict.outcome is Outcome.PASSED


SEEN = Sighting.of(DatabaseIdentity(*IDENTITY), Marker(*ROW))


def test_an_honest_database_is_confirmed_with_and_without_a_record():
    confirm_target(Answers())
    confirm_target(Answers(), SEEN)


@pytest.mark.parametrize(
    ("connection", "seen", "because"),
    [
        (Answers(markers=()), None, "carries no marker"),
        (Answers(exists=False), None, "carries no marker"),
        (Answers(exists=None), None, "carries no marker"),
        (Answers(markers=(ROW, ROW)), None, "carries no marker"),
        (Answers(markers=(("prod", *ROW[1:]),)), None, "means production"),
        (Answers(identity=("prod", *IDENTITY[1:])), None, "means production"),
        (Answers(identity=(*IDENTITY[:3], True)), None, "replica"),
        (Answers(identity=None), None, "was marked on cluster"),
        (Answers(), SEEN.model_copy(update={"marker": "other"}), "the database's marker"),
        (Answers(), SEEN.model_copy(update={"database": "other"}), "the database's name"),
    ],
)
def test_a_database_that_is_not_positively_the_right_one_is_refused(connection, seen, because):
    with pytest.raises(GuardRefusedError, match=because) as raised:
        confirm_target(connection, seen)
    assert "mark the database only if it is not production" in raised.value.remedy


def test_all_reasons_are_named():
    with pytest.raises(GuardRefusedError, match=r"carries no marker.*; the database's name is"):
        confirm_target(Answers(markers=()), SEEN.model_copy(update={"database": "other"}))


def test_a_database_that_cannot_be_asked_is_no_refusal():
    with pytest.raises(ServiceAnswerError, match="permission denied"):
        confirm_target(Broken())


def test_a_look_tells_evidence_and_what_was_seen():
    evidence, seen = look_at_database(Answers())
    assert [piece.source for piece in evidence] == ["marker", "database.name", "database.role"]
    assert seen == SEEN


def test_the_identity_is_what_the_server_and_the_connection_say():
    assert identify(Answers()) == DatabaseIdentity(*IDENTITY, host="db.example.com")
    # A server that says nothing is taken for the worst.
    assert identify(Answers(identity=None)).is_replica
    assert read_marker(Answers()) == Marker(*ROW)


def test_everything_is_confirmed_against_the_record():
    observation = observe(honest())
    confirm_observation(observation, observation.sighting)
    for field, value in (("stripe_key", "other"), ("addresses", {}), ("server", "x")):
        with pytest.raises(GuardRefusedError, match="Nothing may be changed: the ") as raised:
            confirm_observation(observation, observation.sighting.model_copy(update={field: value}))
        assert raised.value.remedy


def test_a_source_that_refuses_now_is_named_with_what_changed():
    observation = observe(honest(declared={"ENVIRONMENT": "prod"}))
    with pytest.raises(GuardRefusedError, match="ENVIRONMENT is 'prod'"):
        confirm_observation(observation, observation.sighting)
    with pytest.raises(GuardRefusedError, match=r"ENVIRONMENT is 'prod'.*; the database server is"):
        confirm_observation(observation, observation.sighting.model_copy(update={"server": "x"}))


def test_a_source_that_is_down_now_is_no_refusal():
    observation = observe(honest(billing_api=Service(DOWN)))
    with pytest.raises(ServiceUnreachableError, match="Some: is down"):
        confirm_observation(observation, observation.sighting)


def test_a_refusal_without_a_look_at_the_database_says_so():
    observation = observe(honest(connect=connecting_to(DOWN), declared={"ENVIRONMENT": "prod"}))
    with pytest.raises(GuardRefusedError, match="the database was not seen"):
        confirm_observation(observation, SEEN)


CONNECTIONS = {
    name: ConnectionSettings(conn_id=name, host=f"http://{name}", schema="billing", password="sk_test_x")
    for name in guarding.ASKED + guarding.CHANGED
}


def test_a_missing_connection_is_named():
    guarding.require_connections(CONNECTIONS)
    for name in ("staging_postgres", "staging_api", "stripe_default", "prometheus_default"):
        rest = {conn_id: settings for conn_id, settings in CONNECTIONS.items() if conn_id != name}
        with pytest.raises(ConfigurationError, match=name) as raised:
            guarding.require_connections(rest)
        assert raised.value.remedy


def test_the_addresses_of_what_a_run_changes_are_noted():
    assert guarding.changed_addresses(CONNECTIONS) == {
        name: f"http://{name}" for name in ("staging_api", "pushgateway_default", "stripe_default")
    }
    bare = {name: ConnectionSettings(conn_id=name) for name in ("staging_api", "stripe_default")}
    assert guarding.changed_addresses(bare) == {"stripe_default": "https://api.stripe.com"}
    assert guarding.changed_addresses({}) == {}


def test_stripe_is_asked_with_the_key_at_the_connections_address_or_its_own():
    service = guarding.stripe_service(CONNECTIONS["stripe_default"])
    assert (service.name, service.base_url) == ("Stripe", "http://stripe_default")
    assert service.session.headers["Authorization"] == "Bearer sk_test_x"
    bare = ConnectionSettings(conn_id="stripe_default", password="sk_test_x")
    assert guarding.stripe_service(bare).base_url == "https://api.stripe.com"


@pytest.fixture
def database(monkeypatch):
    """The database behind the guard without Airflow."""
    opened = SimpleNamespace(connection=Answers(), settings=[], closed=[])

    def connect(settings, *, application_name):
        opened.settings.append((settings.conn_id, application_name))
        opened.connection.read_only = False
        opened.connection.close = lambda: opened.closed.append(True)
        return opened.connection

    monkeypatch.setattr(guarding, "connect", connect)
    return opened


def test_the_guard_without_airflow_asks_what_the_connections_name(database):
    report = guarding.guard({"staging_postgres": CONNECTIONS["staging_postgres"]}, declared={"A": "staging"})
    assert report.verdict.evidence[0].source == "declared.A"
    assert report.verdict.outcome is Outcome.REFUSED  # no Stripe
    assert report.sighting.addresses == {}
    assert report.results[0].outcome is Outcome.REFUSED
    assert 0 <= report.results[0].duration_seconds < 60
    assert database.settings == [("staging_postgres", "staging-validation guard")]
    assert database.connection.read_only
    assert database.closed == [True]
    with pytest.raises(GuardRefusedError, match="The guard says refused: ") as raised:
        report.require_passed()
    assert "staging-validation guard" in raised.value.remedy


def test_the_guard_without_airflow_passes_where_all_is_well(database, monkeypatch):
    services = {"Billing API": {"environment": "staging"}, "Stripe": {"livemode": False}}
    monkeypatch.setattr(guarding.HttpService, "json", lambda self, method, path: services[self.name])
    labels = {"Prometheus": {"env": "staging"}}
    monkeypatch.setattr(guarding.PrometheusClient, "external_labels", lambda self: labels[self._http.name])
    report = guarding.guard(CONNECTIONS, declared={})
    assert report.verdict.outcome is Outcome.PASSED
    assert len(report.verdict.evidence) == 8
    assert report.sighting.stripe_key == short_digest("sk_test_x")
    assert sorted(report.sighting.addresses) == ["pushgateway_default", "staging_api", "stripe_default"]
    report.require_passed()


def test_less_may_be_required_of_the_guard_without_airflow(database):
    only_database = {"staging_postgres": CONNECTIONS["staging_postgres"]}
    asked = {piece.source for piece in guarding.guard(only_database, declared={}).verdict.evidence}
    report = guarding.guard(only_database, declared={}, required=frozenset())
    assert asked - {piece.source for piece in report.verdict.evidence} == {"stripe.account"}


def test_without_a_database_connection_there_is_no_guard():
    with pytest.raises(ConfigurationError, match="No connection staging_postgres is configured") as raised:
        guarding.guard({}, declared={})
    assert "AIRFLOW_CONN_STAGING_POSTGRES" in raised.value.remedy
