from __future__ import annotations

import itertools

import pytest

from staging_validation.environment import Evidence, Reading, judge
from staging_validation.environment.results import verdict_results
from staging_validation.environment.verdict import REQUIRED_SOURCES, outcome_of
from staging_validation.results import Outcome

GOOD = [
    Evidence(source, Reading.NON_PRODUCTION, "fine", required=True) for source in sorted(REQUIRED_SOURCES)
]


def piece(reading, *, source="other", required=False, remedy=None):
    return Evidence(source, reading, f"{source} is {reading.value}", required=required, remedy=remedy)


def test_positive_evidence_passes():
    verdict = judge(GOOD)
    assert (verdict.outcome, verdict.reasons) == (Outcome.PASSED, ())


@pytest.mark.parametrize(
    ("reading", "required", "outcome"),
    [
        (Reading.PRODUCTION, False, Outcome.REFUSED),
        (Reading.PRODUCTION, True, Outcome.REFUSED),
        (Reading.UNREACHABLE, False, Outcome.ERRORED),
        (Reading.UNREACHABLE, True, Outcome.ERRORED),
        (Reading.UNKNOWN, False, Outcome.PASSED),
        (Reading.UNKNOWN, True, Outcome.REFUSED),
        (Reading.NON_PRODUCTION, False, Outcome.PASSED),
        (Reading.NON_PRODUCTION, True, Outcome.PASSED),
    ],
)
def test_every_reading_has_its_outcome(reading, required, outcome):
    assert outcome_of(piece(reading, required=required)) is outcome
    assert judge([*GOOD, piece(reading, required=required)]).outcome is outcome


def test_no_number_of_good_words_outweighs_production():
    for evidence in itertools.permutations([*GOOD, piece(Reading.PRODUCTION), piece(Reading.UNREACHABLE)]):
        assert judge(evidence).outcome is Outcome.REFUSED


@pytest.mark.parametrize("missing", sorted(REQUIRED_SOURCES))
def test_a_required_source_that_was_not_asked_refuses(missing):
    verdict = judge(piece for piece in GOOD if piece.source != missing)
    assert verdict.outcome is Outcome.REFUSED
    assert verdict.reasons == (f"{missing} was not asked",)


def test_no_evidence_at_all_refuses():
    assert judge([]).outcome is Outcome.REFUSED


def test_nothing_required_and_nothing_known_does_not_pass():
    assert judge([], required=frozenset()).outcome is Outcome.FAILED


def test_the_verdict_becomes_results():
    refused = judge([*GOOD, piece(Reading.PRODUCTION, source="declared.ENVIRONMENT", remedy="correct it")])
    verdict, *pieces = verdict_results(refused, duration_seconds=0.5)
    assert (verdict.id, verdict.outcome, verdict.duration_seconds) == ("guard.verdict", Outcome.REFUSED, 0.5)
    assert verdict.actual == ["declared.ENVIRONMENT is production"]
    assert verdict.remedy == "correct it"
    assert [result.outcome for result in pieces] == [Outcome.PASSED] * 3 + [Outcome.REFUSED]
    assert pieces[-1].id == "guard.declared.environment"


def test_a_passing_verdict_says_so():
    verdict, *_ = verdict_results(judge(GOOD), duration_seconds=0)
    assert (verdict.outcome, verdict.actual, verdict.remedy) == (
        Outcome.PASSED,
        "all evidence allows it",
        None,
    )
