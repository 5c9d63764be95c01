"""The rule, stated again on its own: it holds for every combination of evidence, whatever the order."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from staging_validation.environment import Evidence, Reading, Sighting, judge
from staging_validation.environment.marker import DatabaseIdentity, Marker
from staging_validation.environment.names import classify
from staging_validation.environment.sources import from_declared, from_marker
from staging_validation.results import Outcome

REQUIRED = ("marker", "stripe.key", "stripe.account")
OTHERS = ("declared.ENVIRONMENT", "database.name", "database.role", "billing_api.health", "prometheus.labels")
MAY_RUN = ("staging", "stage", "stg", "dev", "development", "test", "testing", "ci")

pieces = st.builds(
    Evidence,
    source=st.sampled_from(REQUIRED + OTHERS),
    reading=st.sampled_from(Reading),
    because=st.just("it says so"),
    required=st.booleans(),
)


def the_rule(evidence: list[Evidence]) -> Outcome:
    """Any production refuses. What must be positive and is not, or was not asked, refuses. What could not be asked
    makes it errored. Nothing else passes.
    """
    if any(piece.reading is Reading.PRODUCTION for piece in evidence):
        return Outcome.REFUSED
    if any(piece.required and piece.reading is Reading.UNKNOWN for piece in evidence):
        return Outcome.REFUSED
    if {piece.source for piece in evidence}.issuperset(REQUIRED):
        asked_in_vain = any(piece.reading is Reading.UNREACHABLE for piece in evidence)
        return Outcome.ERRORED if asked_in_vain else Outcome.PASSED
    return Outcome.REFUSED


@given(st.lists(pieces, max_size=9))
def test_the_rule_holds_for_any_evidence(evidence):
    assert judge(evidence).outcome is the_rule(evidence)


@given(st.lists(pieces, max_size=9), st.randoms(use_true_random=False))
def test_the_order_of_the_evidence_does_not_matter(evidence, random):
    shuffled = list(evidence)
    random.shuffle(shuffled)
    assert judge(shuffled).outcome is judge(evidence).outcome


@given(st.lists(pieces, max_size=9), pieces)
def test_more_evidence_never_turns_a_refusal_into_a_pass_unless_it_was_missing(evidence, more):
    absent = set(REQUIRED) - {piece.source for piece in evidence}
    before, after = judge(evidence).outcome, judge([*evidence, more]).outcome
    if before is not Outcome.PASSED and after is Outcome.PASSED:
        assert absent == {more.source}
        assert more.reading is not Reading.PRODUCTION


def test_the_rule_holds_for_every_combination_of_readings_of_all_sources():
    """All 4 ** 8 of them, as the sources are really asked: three required, five not."""
    names = REQUIRED + OTHERS
    for readings in itertools.product(Reading, repeat=len(names)):
        evidence = [
            Evidence(name, reading, "it says so", required=name in REQUIRED)
            for name, reading in zip(names, readings, strict=True)
        ]
        passes = all(
            reading is Reading.NON_PRODUCTION or (reading is Reading.UNKNOWN and name not in REQUIRED)
            for name, reading in zip(names, readings, strict=True)
        )
        verdict = judge(evidence)
        assert verdict.outcome is the_rule(evidence)
        assert (verdict.outcome is Outcome.PASSED) == passes == (not verdict.reasons)


@given(st.text(max_size=20))
def test_only_the_names_of_the_list_may_run(name):
    reading, _ = classify(name)
    if reading is Reading.NON_PRODUCTION:
        assert name.strip().casefold() in MAY_RUN
    else:
        assert reading is (Reading.PRODUCTION if name.strip() else Reading.UNKNOWN)


@given(st.sampled_from(MAY_RUN), st.text(alphabet=" \t\n", max_size=3), st.data())
def test_case_and_blanks_do_not_matter(name, blanks, data):
    written = "".join(data.draw(st.sampled_from((letter, letter.upper()))) for letter in name)
    assert classify(f"{blanks}{written}{blanks}")[0] is Reading.NON_PRODUCTION


@given(
    st.dictionaries(
        st.sampled_from(["A", "B", "C", "D"]), st.none() | st.sampled_from([*MAY_RUN, "prod", " ", "x"])
    )
)
def test_one_declared_production_is_enough(names):
    readings = {piece.reading for piece in from_declared(names)}
    means_production = any((name or "").strip() in ("prod", "x") for name in names.values())
    assert (Reading.PRODUCTION in readings) == means_production


markers = st.builds(
    Marker,
    environment=st.sampled_from(["staging", "production", "PRD", "", "acceptance", " Test "]),
    system_identifier=st.sampled_from(["7000", "8000", ""]),
    marked_by=st.sampled_from(["alice", "mallory"]),
    marked_at=st.sampled_from(
        [datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 2, tzinfo=timezone.utc)]
    ),
    reason=st.sampled_from(["ours", "not ours"]),
)
identities = st.builds(
    DatabaseIdentity,
    database=st.sampled_from(["staging", "billing"]),
    server=st.sampled_from(["10.0.0.1:5432", "10.0.0.2:5432"]),
    system_identifier=st.sampled_from(["7000", "8000"]),
    is_replica=st.booleans(),
)


@given(st.none() | markers, identities)
def test_a_marker_is_positive_only_on_its_own_cluster_with_a_name_that_may_run(marker, identity):
    positive = (
        marker is not None
        and marker.system_identifier == identity.system_identifier
        and marker.environment.strip().casefold() in MAY_RUN
    )
    assert (from_marker(marker, identity).reading is Reading.NON_PRODUCTION) == positive


@given(
    identities,
    st.none() | markers,
    identities,
    st.none() | markers,
    st.lists(st.sampled_from("abc"), min_size=4, max_size=4),
)
def test_a_later_look_is_the_same_only_where_every_thing_is_the_same(
    before, marker, after, marker_now, services
):
    keys, addresses = services[:2], services[2:]
    seen = Sighting.of(before, marker).with_services(stripe_key=keys[0], addresses={"x": addresses[0]})
    now = Sighting.of(after, marker_now).with_services(stripe_key=keys[1], addresses={"x": addresses[1]})
    same_database = (before.database, before.server, before.system_identifier, marker) == (
        after.database,
        after.server,
        after.system_identifier,
        marker_now,
    )
    assert (not seen.database_differences(now)) == same_database
    assert (not seen.differences(now)) == (
        same_database and keys[0] == keys[1] and addresses[0] == addresses[1]
    )


@given(markers, st.integers(min_value=-12, max_value=12))
def test_the_same_moment_in_another_time_zone_is_the_same_marker(marker, hours):
    zone = timezone(timedelta(hours=hours))
    assert Marker(**{**vars(marker), "marked_at": marker.marked_at.astimezone(zone)}).digest == marker.digest
