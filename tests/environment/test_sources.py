from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from staging_validation.environment import Reading, sources
from staging_validation.environment.marker import DatabaseIdentity, Marker

IDENTITY = DatabaseIdentity("staging", "10.0.0.1:5432", "7000", is_replica=False)
MARKER = Marker("staging", "7000", "alice", datetime(2026, 3, 1, 12, tzinfo=timezone.utc), "ours")


def test_every_declared_name_is_weighed():
    found = sources.from_declared({"A": "staging", "B": None, "C": " prod ", "D": " "})
    assert [(piece.source, piece.reading) for piece in found] == [
        ("declared.A", Reading.NON_PRODUCTION),
        ("declared.C", Reading.PRODUCTION),
    ]
    assert found[0].remedy is None
    assert "correct C" in found[1].remedy
    assert found[1].because == "C is 'prod': it means production"


def test_no_declared_name_is_unknown():
    (piece,) = sources.from_declared({"A": None, "B": ""})
    assert (piece.reading, piece.because) == (Reading.UNKNOWN, "none of A, B declares an environment")


def test_a_marker_of_this_cluster_says_what_it_says():
    piece = sources.from_marker(MARKER, IDENTITY)
    assert (piece.reading, piece.required, piece.remedy) == (Reading.NON_PRODUCTION, True, None)
    assert "marked 'staging' by alice at 2026-03-01 12:00" in piece.because
    piece = sources.from_marker(replace(MARKER, environment="production"), IDENTITY)
    assert piece.reading is Reading.PRODUCTION
    assert "staging-validation mark" in piece.remedy


def test_an_unmarked_database_is_unknown():
    piece = sources.from_marker(None, IDENTITY)
    assert (piece.reading, piece.required) == (Reading.UNKNOWN, True)
    assert "carries no marker" in piece.because


def test_a_marker_that_came_with_a_dump_proves_nothing():
    piece = sources.from_marker(MARKER, replace(IDENTITY, system_identifier="8000"))
    assert piece.reading is Reading.UNKNOWN
    assert "came with a dump" in piece.because


def test_a_replica_may_follow_production():
    assert sources.from_replica(IDENTITY).reading is Reading.UNKNOWN
    piece = sources.from_replica(replace(IDENTITY, is_replica=True))
    assert piece.reading is Reading.PRODUCTION
    assert "primary" in piece.remedy


@pytest.mark.parametrize(
    ("key", "reading"),
    [
        ("sk_test_abc", Reading.NON_PRODUCTION),
        ("rk_test_abc", Reading.NON_PRODUCTION),
        (" sk_test_abc ", Reading.NON_PRODUCTION),
        ("sk_live_abc", Reading.PRODUCTION),
        ("rk_live_abc", Reading.PRODUCTION),
        ("pk_test_abc", Reading.UNKNOWN),
        ("sk_abc", Reading.UNKNOWN),
        ("SK_TEST_abc", Reading.UNKNOWN),
        ("", Reading.UNKNOWN),
        (None, Reading.UNKNOWN),
    ],
)
def test_a_stripe_key_tells_its_mode(key, reading):
    piece = sources.from_stripe_key(key)
    assert (piece.reading, piece.required) == (reading, True)
    assert "abc" not in piece.because


@pytest.mark.parametrize(
    ("livemode", "reading"),
    [
        (False, Reading.NON_PRODUCTION),
        (True, Reading.PRODUCTION),
        (None, Reading.UNKNOWN),
        ("false", Reading.UNKNOWN),
        (0, Reading.UNKNOWN),
    ],
)
def test_stripes_own_answer_is_taken_literally(livemode, reading):
    piece = sources.from_stripe_balance({"livemode": livemode})
    assert (piece.source, piece.reading, piece.required) == ("stripe.account", reading, True)


@pytest.mark.parametrize(
    ("health", "reading"),
    [
        ({"environment": "staging"}, Reading.NON_PRODUCTION),
        ({"environment": "production"}, Reading.PRODUCTION),
        ({"environment": "acceptance"}, Reading.PRODUCTION),
        ({}, Reading.UNKNOWN),
        ({"environment": " "}, Reading.UNKNOWN),
        ({"environment": 1}, Reading.UNKNOWN),
    ],
)
def test_the_billing_apis_health_may_tell(health, reading):
    piece = sources.from_health(health)
    assert (piece.reading, piece.required) == (reading, False)
    assert (piece.remedy is not None) == (reading is Reading.PRODUCTION)


def test_a_source_that_cannot_be_asked_is_evidence():
    piece = sources.unreachable("marker", "down", required=True, remedy="start it")
    assert (piece.reading, piece.required, piece.remedy) == (Reading.UNREACHABLE, True, "start it")


@pytest.mark.parametrize(
    ("identity", "word"),
    [
        (replace(IDENTITY, database="billing_prod"), "prod"),
        (replace(IDENTITY, host="db.live.corp.io"), "live"),
    ],
)
def test_a_name_can_only_contradict(identity, word):
    piece = sources.from_identity(identity)
    assert (piece.reading, piece.required) == (Reading.PRODUCTION, False)
    assert f"{word!r} means production" in piece.because
    assert sources.from_identity(IDENTITY).reading is Reading.UNKNOWN


@pytest.mark.parametrize(
    ("labels", "reading"),
    [
        ({"environment": "staging"}, Reading.NON_PRODUCTION),
        ({"env": "Stage ", "cluster": "eu-1"}, Reading.NON_PRODUCTION),
        ({"environment": "production"}, Reading.PRODUCTION),
        ({"environment": "staging", "env": "prd"}, Reading.PRODUCTION),
        ({"stage": "blue"}, Reading.PRODUCTION),
        ({"environment": "staging", "cluster": "prod-eu"}, Reading.PRODUCTION),
        ({"cluster": "eu-1"}, Reading.UNKNOWN),
        ({"environment": " "}, Reading.UNKNOWN),
        ({}, Reading.UNKNOWN),
        (None, Reading.UNKNOWN),
    ],
)
def test_prometheus_may_tell(labels, reading):
    piece = sources.from_prometheus_labels(labels)
    assert (piece.source, piece.reading, piece.required) == ("prometheus.labels", reading, False)
    assert (piece.remedy is not None) == (reading is Reading.PRODUCTION)
