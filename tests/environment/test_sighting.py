from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from staging_validation.environment import Sighting
from staging_validation.environment.marker import DatabaseIdentity, Marker

IDENTITY = DatabaseIdentity("staging", "10.0.0.1:5432", "7000", is_replica=False)
MARKER = Marker("staging", "7000", "alice", datetime(2026, 3, 1, 12, tzinfo=timezone.utc), "ours")
SEEN = Sighting.of(IDENTITY, MARKER).with_services(stripe_key="sk_test_a", addresses={"a": "http://a"})


def test_the_same_things_differ_in_nothing():
    now = Sighting.of(IDENTITY, MARKER).with_services(stripe_key="sk_test_a", addresses={"a": "http://a"})
    assert SEEN.differences(now) == []
    assert Sighting.model_validate(SEEN.model_dump(mode="json")) == SEEN


def test_a_marker_read_in_another_time_zone_is_the_same():
    shifted = MARKER.marked_at.astimezone(timezone(timedelta(hours=5)))
    assert replace(MARKER, marked_at=shifted).digest == MARKER.digest


@pytest.mark.parametrize(
    "change",
    [
        {"environment": "stage"},
        {"system_identifier": "7001"},
        {"marked_by": "bob"},
        {"marked_at": datetime(2026, 3, 1, 13, tzinfo=timezone.utc)},
        {"reason": "hers"},
    ],
)
def test_every_field_of_the_marker_counts(change):
    assert SEEN.differences(
        Sighting.of(IDENTITY, replace(MARKER, **change)).with_services(
            stripe_key="sk_test_a", addresses={"a": "http://a"}
        )
    )[0].startswith("the database's marker is ")


@pytest.mark.parametrize(
    ("identity", "told"),
    [
        (replace(IDENTITY, database="other"), "the database's name is other, the guard saw staging"),
        (
            replace(IDENTITY, server="10.0.0.2:5432"),
            "the database server is 10.0.0.2:5432, the guard saw 10.0.0.1:5432",
        ),
        (replace(IDENTITY, system_identifier="8000"), "the database cluster is 8000, the guard saw 7000"),
    ],
)
def test_another_database_is_told(identity, told):
    assert SEEN.database_differences(Sighting.of(identity, MARKER)) == [told]


def test_a_marker_that_is_gone_is_told():
    (told,) = SEEN.database_differences(Sighting.of(IDENTITY, None))
    assert told.startswith("the database's marker is missing, the guard saw ")


def test_keys_are_kept_as_digests_and_never_shown():
    now = Sighting.of(IDENTITY, MARKER).with_services(stripe_key="sk_test_b", addresses={"a": "http://a"})
    assert SEEN.differences(now) == ["the Stripe key is another one than the guard saw"]
    assert "sk_test" not in SEEN.model_dump_json()


def test_addresses_that_came_or_went_are_told():
    now = SEEN.model_copy(update={"addresses": {"b": "http://b"}})
    assert SEEN.differences(now) == [
        "the address of a is missing, the guard saw http://a",
        "the address of b is http://b, the guard saw none",
    ]
