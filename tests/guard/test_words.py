"""What the guard says, word by word: reports, the command line and people's searches depend on it."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from pydantic import ValidationError

from staging_validation.environment import Evidence, Reading, Sighting, judge, sources
from staging_validation.environment.marker import DatabaseIdentity, Marker
from staging_validation.environment.results import verdict_results
from staging_validation.results import Outcome

IDENTITY = DatabaseIdentity("staging", "10.0.0.1:5432", "7000", is_replica=False)
REPLICA = DatabaseIdentity("prod", "10.0.0.1:5432", "7000", is_replica=True, host="db.prod")
MARKER = Marker("staging", "7000", "alice", datetime(2026, 3, 1, 12, tzinfo=timezone.utc), "ours")


def results(*evidence):
    return verdict_results(judge(evidence, required=frozenset()), duration_seconds=0)


def test_the_four_readings_have_names():
    assert [reading.value for reading in Reading] == [
        "production",
        "non-production",
        "unknown",
        "unreachable",
    ]


@pytest.mark.parametrize(
    ("evidence", "name"),
    [
        (sources.from_declared({"A": None})[0], "declared"),
        (sources.from_declared({"A": "x"})[0], "declared.A"),
        (sources.from_marker(MARKER, IDENTITY), "marker"),
        (sources.from_marker(None, IDENTITY), "marker"),
        (sources.from_replica(IDENTITY), "database.role"),
        (sources.from_replica(REPLICA), "database.role"),
        (sources.from_identity(IDENTITY), "database.name"),
        (sources.from_identity(REPLICA), "database.name"),
        (sources.from_stripe_key(None), "stripe.key"),
        (sources.from_stripe_key("sk_live_x"), "stripe.key"),
        (sources.from_stripe_key("sk_test_x"), "stripe.key"),
        (sources.from_stripe_balance({}), "stripe.account"),
        (sources.from_stripe_balance({"livemode": True}), "stripe.account"),
        (sources.from_stripe_balance({"livemode": False}), "stripe.account"),
        (sources.from_health({}), "billing_api.health"),
        (sources.from_health({"environment": "staging"}), "billing_api.health"),
        (sources.from_prometheus_labels(None), "prometheus.labels"),
        (sources.from_prometheus_labels({}), "prometheus.labels"),
        (sources.from_prometheus_labels({"env": "prod"}), "prometheus.labels"),
        (sources.from_prometheus_labels({"env": "staging"}), "prometheus.labels"),
        (sources.from_prometheus_labels({"cluster": "prod"}), "prometheus.labels"),
    ],
)
def test_every_source_has_its_name_whatever_it_says(evidence, name):
    assert evidence.source == name


@pytest.mark.parametrize(
    ("key", "because"),
    [
        (None, "no Stripe key is configured"),
        ("", "no Stripe key is configured"),
        ("xx_test_1", "the Stripe key has no prefix of a known mode"),
        ("sk_other_1", "the Stripe key has no prefix of a known mode"),
        ("rk_live_1", "the Stripe key is a live-mode key"),
        ("rk_test_1", "the Stripe key starts with rk_test_"),
    ],
)
def test_a_stripe_key_is_described_without_being_shown(key, because):
    assert sources.from_stripe_key(key).because == because


def test_a_blank_environment_of_the_health_endpoint_is_none():
    assert sources.from_health({"environment": "  "}).because == "/api/health names no environment"
    assert (
        sources.from_health({"environment": " prd "}).because == "/api/health says 'prd': it means production"
    )


def test_a_source_is_not_required_unless_that_is_said():
    assert not sources.unreachable("x", "down").required
    assert not Evidence("x", Reading.UNKNOWN, "").required


def test_results_have_ids_that_are_safe_and_say_why():
    _, result = results(Evidence("declared.Airflow variable x", Reading.UNKNOWN, "nobody knows"))
    assert result.id == "guard.declared.airflow_variable_x"
    assert result.evidence == {"because": "nobody knows"}


def test_results_say_what_was_expected_of_a_source():
    _, optional, required = results(
        Evidence("a", Reading.NON_PRODUCTION, ""), Evidence("b", Reading.NON_PRODUCTION, "", required=True)
    )
    assert (optional.expected, required.expected) == ("not production", "positively not production")


def test_the_verdicts_remedy_is_the_first_of_those_that_decided():
    verdict, *_ = results(
        Evidence("a", Reading.UNREACHABLE, "", remedy="start it"),
        Evidence("b", Reading.PRODUCTION, ""),
        Evidence("c", Reading.PRODUCTION, "", remedy="correct it"),
    )
    assert (verdict.outcome, verdict.remedy) == (Outcome.REFUSED, "correct it")


def test_a_sighting_without_a_key_has_no_digest_and_cannot_be_changed():
    seen = Sighting.of(IDENTITY, MARKER).with_services(stripe_key=None, addresses={})
    assert seen.stripe_key is None
    with pytest.raises(ValidationError, match="frozen"):
        seen.marker = None


def test_a_sighting_keeps_no_secret():
    seen = Sighting.of(IDENTITY, MARKER).with_services(stripe_key="sk_test_secret", addresses={})
    assert "secret" not in seen.model_dump_json()
