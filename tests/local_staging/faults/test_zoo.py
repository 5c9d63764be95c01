"""The registry: every fault is usable, leaves nothing behind, and is found by its name."""

from __future__ import annotations

import sys

import pytest

from local_staging.faults import service_access, zoo
from local_staging.faults.model import Place
from local_staging.faults.switches import switched_on
from local_staging.faults.zoo import faults_named, faults_of
from staging_validation.errors import ConfigurationError

FAULTS = [fault for place in Place for fault in faults_of(place)]


def state():
    """Return everything that modules and classes of the service and the sandbox hold."""
    held = {}
    for name, module in sys.modules.items():
        if name.startswith(("local_staging.service", "local_staging.stripe_sandbox")):
            for attribute, value in vars(module).items():
                held[name, attribute] = value
                if isinstance(value, type) and value.__module__ == name:
                    held.update({(name, attribute, own): part for own, part in vars(value).items()})
    return held


def changes(before, after):
    return {key for key in before.keys() | after.keys() if before.get(key) is not after.get(key)}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_changes_something_and_puts_it_back(fault):
    before = state()
    with switched_on(fault.switch):
        assert changes(before, state())
    assert changes(before, state()) == set()


def test_all_faults_can_be_on_at_once():
    before = state()
    independent = {fault.name: fault.switch for fault in FAULTS}
    for twin in ("wrong-price", "wrong-currency-unit", "race-for-the-bonus", "state-never-cleared"):
        independent.pop(twin)  # they break what another fault breaks as well
    with switched_on(*independent.values()):
        pass
    assert changes(before, state()) == set()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_what_is_right_is_a_sentence(fault):
    assert fault.right[0].isupper()
    assert fault.right.endswith(".")
    assert len(fault.right) < 120


def test_names_are_unique_also_between_the_places():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_faults_are_found_by_name_each_once_in_the_order_asked_for():
    found = faults_named(Place.SERVICE, ["wrong-price", "no-card-bonus", "wrong-price"])
    assert [fault.name for fault in found] == ["wrong-price", "no-card-bonus"]


def test_an_unknown_name_is_refused_with_the_names_that_there_are():
    with pytest.raises(ConfigurationError) as refused:
        faults_named(Place.SANDBOX, ["charged-twice", "wrong-price"])
    assert "The sandbox has no fault wrong-price. It has cancel-at-period-end-ignored, " in str(refused.value)
    assert "charged-twice" in str(refused.value)


def test_two_faults_of_one_name_are_refused(monkeypatch):
    monkeypatch.setattr(zoo, "_MODULES", {Place.SERVICE: ("service_access",) * 2})
    with pytest.raises(ConfigurationError, match=service_access.FAULTS[0].name):
        faults_of.__wrapped__(Place.SERVICE)
