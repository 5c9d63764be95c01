"""Defects of every class, planted in clean files: the right rule finds them, at the right place.

A sample of what ``python -m campaigns.lint_mutations`` tries as a whole.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from campaigns.lint_mutations import false_alarms
from staging_validation.lint.registry import all_rules
from staging_validation.promql.tree import Span
from tests.lint.mutation.controls import controls
from tests.lint.mutation.judge import OPERATORS, Outcome, all_mutants, covers, judge, sample
from tests.lint.mutation.mutant import Change, Place
from tests.lint.mutation.summary import DEMANDED, LEAST_EACH, LEAST_IN_ALL, by_class, in_all, misses, told

EACH = 3
pytestmark = pytest.mark.timeout(900)  # half a minute of work, which a busy machine stretches

CLASSES = frozenset(
    [f"A{number}" for number in (*range(1, 14), 16)]
    + [f"B{number}" for number in range(1, 17)]
    + [f"C{number}" for number in range(1, 11)]
    + [f"D{number}" for number in (*range(1, 26), *range(27, 30))]
    + ["E3"]
    + [f"R{number}" for number in range(1, 13)]
)
"""The defect classes that files alone can show; those of rule files begin with R."""

MEANT_FOR_CONFIGURATIONS = frozenset({"suppression-expired", "suppression-unused"})
"""Rules about the configuration: no file can break them."""


@pytest.fixture(scope="module")
def verdicts():
    return [judge(mutant) for mutant in sample(EACH)]


@pytest.mark.parametrize("control", controls(), ids=lambda control: control.name)
def test_a_clean_file_gives_no_error_and_no_warning(control):
    assert false_alarms(control) == []


def test_mutants_are_caught(verdicts, record_property):
    record_property("told", told(verdicts))
    total = in_all(verdicts)
    assert total.mutants >= LEAST_IN_ALL
    assert total.rate >= DEMANDED, "\n".join(misses(verdicts))


def test_no_class_is_overlooked(verdicts):
    tallies = by_class(verdicts)
    assert set(tallies) == CLASSES
    assert {defect: tally.mutants for defect, tally in tallies.items() if tally.mutants < LEAST_EACH} == {}
    assert {defect for defect, tally in tallies.items() if tally.rate < 0.5} == set()


def test_every_rule_is_tried():
    tried = {rule for operator in OPERATORS for rule in operator.rules}
    assert tried == {rule.id for rule in all_rules()} - MEANT_FOR_CONFIGURATIONS


def test_mutants_are_the_same_every_time_and_differ_from_each_other():
    names = [mutant.id for mutant in all_mutants()]
    assert names == [mutant.id for mutant in all_mutants()]
    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.fixture
def caught(verdicts):
    """A mutant that is caught, by its place in a query."""
    return next(
        verdict.mutant
        for verdict in verdicts
        if verdict.outcome is Outcome.CAUGHT and verdict.mutant.operator.name == "metric_misspelt"
    )


def test_another_rule_would_not_count(caught):
    other = replace(caught, operator=replace(caught.operator, rules=frozenset({"panel-overlap"})))
    assert judge(other).outcome is Outcome.OTHERWISE


def test_another_place_would_not_count(caught):
    [place] = caught.change.places
    for wrong in (
        replace(place, pointer="/title"),
        replace(place, mark=Span(10_000, 10_010), within=None),
        replace(place, within=Span(0, 2)),
    ):
        elsewhere = replace(caught, change=replace(caught.change, places=(wrong,)))
        assert judge(elsewhere).outcome is Outcome.ELSEWHERE


def test_an_unbroken_file_would_be_missed(caught):
    clean = replace(caught, change=replace(caught.change, document=caught.control.document))
    assert judge(clean).outcome is Outcome.MISSED


def test_what_holds_a_piece_counts_only_where_the_piece_is_gone(verdicts):
    found = replace(verdicts[0].findings[0], pointer="/panels/0/gridPos")
    place = Place("/panels/0/gridPos/x")
    there = Change("there", (place,), {"panels": [{"gridPos": {"x": 1}}]})
    gone = Change("gone", (place,), {"panels": [{"gridPos": {}}]})
    assert not covers(found, place, there)
    assert covers(found, place, gone)
