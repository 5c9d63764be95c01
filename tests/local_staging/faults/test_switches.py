"""Switching on and off: everything is put back, and a fault that would change nothing is refused."""

from __future__ import annotations

from types import ModuleType

import pytest

from local_staging.faults.switches import (
    all_of,
    always,
    constant,
    reworded,
    switched_on,
    with_entry,
    wrapped,
)
from staging_validation.errors import ConfigurationError


class Base:
    """Something that a class inherits."""

    def price(self) -> int:
        return 2_900


class Shop(Base):
    """A class to break."""

    def open(self) -> bool:
        return True

    @staticmethod
    def currency() -> str:
        return "usd"


@pytest.fixture
def module():
    made = ModuleType("shop")
    made.PRICE = 2_900
    made.QUERY = "SELECT id FROM customers FOR UPDATE"
    made.HANDLERS = {"paid": "credit"}
    made.charge = lambda amount: amount
    return made


def test_a_constant_is_another_while_the_fault_is_on(module):
    with switched_on(constant(module, "PRICE", 2_800)):
        assert module.PRICE == 2_800
    assert module.PRICE == 2_900


def test_everything_is_put_back_after_an_error(module):
    def break_down():
        with switched_on(constant(module, "PRICE", 2_800), reworded(module, "QUERY", " FOR UPDATE", "")):
            raise LookupError

    with pytest.raises(LookupError):
        break_down()
    assert (module.PRICE, module.QUERY) == (2_900, "SELECT id FROM customers FOR UPDATE")


def test_faults_of_one_attribute_build_on_each_other_and_go_in_the_other_order(module):
    former = module.charge
    doubled = wrapped(module, "charge", lambda charge: lambda amount: 2 * charge(amount))
    raised = wrapped(module, "charge", lambda charge: lambda amount: charge(amount) + 1)
    with switched_on(doubled, raised):
        assert module.charge(10) == 21
    assert module.charge is former


def test_a_method_answers_the_same_whatever_it_is_asked():
    with switched_on(always(Shop, "open", answer=False), always(Shop, "currency", answer="eur")):
        assert not Shop().open()
        assert Shop().currency() == "eur"
    assert Shop().open()
    assert Shop.currency() == "usd", "still a static method"


def test_a_statement_says_something_else(module):
    with switched_on(reworded(module, "QUERY", " FOR UPDATE", "")):
        assert module.QUERY == "SELECT id FROM customers"


def test_a_mapping_has_another_entry_and_the_one_that_others_hold_stays(module):
    held = module.HANDLERS
    with switched_on(with_entry(module, "HANDLERS", "failed", "ignore")):
        assert module.HANDLERS == {"paid": "credit", "failed": "ignore"}
    assert module.HANDLERS is held
    assert held == {"paid": "credit"}


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        (lambda module: constant(module, "PRIZE", 1), "shop.PRIZE would change nothing: there is no such"),
        (lambda module: constant(module, "PRICE", 2_900), "shop.PRICE would change nothing: it would stay"),
        (lambda module: wrapped(module, "charge", lambda charge: charge), "shop.charge would change nothing"),
        (lambda module: reworded(module, "QUERY", "SHARE", ""), "it does not hold 'SHARE'"),
        (lambda _: constant(Shop, "price", 1), "Shop.price would change nothing: there is no such"),
    ],
)
def test_a_fault_without_effect_is_refused_and_none_is_on(module, switch, reason):
    with (
        pytest.raises(ConfigurationError, match=reason),
        switched_on(all_of(constant(module, "charge", None), switch(module))),
    ):
        pass
    assert module.charge is not None
