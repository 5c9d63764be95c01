"""Every fault of the zoo is noticed by the workflows that it names, in words that tell what is right.

That clean runs raise no alarm is in ``test_real_staging.py``.
"""

from __future__ import annotations

import pytest

from local_staging.faults.model import Fault, Notice, Place
from local_staging.faults.zoo import faults_of
from tests.workflows.shared import NAMES
from tests.workflows.zoo.keeper import DEMANDED, Keeper, summary

FAULTS = tuple(fault for place in Place for fault in faults_of(place))
pytestmark = pytest.mark.timeout(
    600
)  # the rate needs all of them: a minute of work, which a busy machine stretches


@pytest.fixture(scope="module")
def keeper(real_staging, ten_customers):
    return Keeper(real_staging)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.notice], ids=lambda fault: fault.name)
def test_a_fault_is_noticed_and_what_is_right_is_named(keeper, fault):
    assert keeper.look(fault).instead == {}


def test_the_rate_is_as_demanded(keeper, record_property):
    verdicts = [keeper.look(fault) for fault in FAULTS]
    record_property("told", summary(verdicts))
    assert sum(verdict.noticed for verdict in verdicts) / len(verdicts) >= DEMANDED, summary(verdicts)


def test_every_workflow_notices_a_fault():
    assert {fault.notice.workflow for fault in FAULTS if fault.notice} == set(NAMES)


def test_there_are_enough_faults_of_both_places():
    assert len(faults_of(Place.SERVICE)) >= 40
    assert len(faults_of(Place.SANDBOX)) >= 8


def test_a_fault_that_changes_nothing_is_not_noticed(keeper):
    notice = Notice("w02_first_fix", "deploy.answer", "expected 4")
    harmless = Fault("harmless-as-such", "All is well.", lambda _: None, notice)
    verdict = keeper.look(harmless)
    assert not verdict.noticed
    assert verdict.instead == {"(green)": "the workflow noticed nothing"}
    assert summary([verdict]) == "bug zoo: 0 of 1 faults noticed (0.0 %); not noticed: harmless-as-such"
