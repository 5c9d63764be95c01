from __future__ import annotations

import itertools

import pytest

from staging_validation.results import Outcome, worst

ORDER = [Outcome.REFUSED, Outcome.FAILED, Outcome.ERRORED, Outcome.PASSED]


@pytest.mark.parametrize(("worse", "better"), list(itertools.combinations(ORDER, 2)))
def test_the_worst_of_two_wins_in_any_order(worse, better):
    assert worst([worse, better]) is worst([better, worse]) is worse


def test_skipped_checks_carry_no_weight():
    assert worst([Outcome.SKIPPED, Outcome.PASSED]) is Outcome.PASSED


@pytest.mark.parametrize("outcomes", [[], [Outcome.SKIPPED]])
def test_nothing_checked_is_failed(outcomes):
    assert worst(outcomes) is Outcome.FAILED


def test_exit_statuses():
    statuses = {outcome.value: outcome.exit_status for outcome in Outcome}
    assert statuses == {"passed": 0, "skipped": 0, "failed": 1, "errored": 2, "refused": 3}
