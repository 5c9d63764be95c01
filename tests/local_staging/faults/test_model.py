"""A fault says who notices it, in words that can be looked for."""

from __future__ import annotations

import pytest

from local_staging.faults.model import Fault, Notice
from staging_validation.errors import ConfigurationError

NOTICE = Notice("w05_pay_as_you_go", "one_more.stripe_charges", "amount=2800 … (expected amount=2900")
ID = "workflow.w05_pay_as_you_go.one_more.stripe_charges"
SAID = "charges: amount=2800, currency=usd (expected amount=2900, currency=usd)"


@pytest.mark.parametrize(
    ("told", "is_in"),
    [
        ({ID: SAID}, True),
        ({f"{ID}_2": SAID}, True),
        ({f"{ID}_2": SAID, ID: "something else"}, True),
        ({}, False),
        ({ID: "(expected amount=2900), not amount=2800"}, False),
        ({ID: "amount=2800"}, False),
        ({f"{ID}_two": SAID}, False),
        ({ID.replace("w05_", "w06_"): SAID}, False),
        ({ID.replace(".one_more", "xone_more"): SAID}, False),
    ],
)
def test_a_notice_is_the_right_check_with_the_right_words(told, is_in):
    assert NOTICE.is_in(told) is is_in


@pytest.mark.parametrize(
    ("check", "is_in"), [("*", True), ("*.stripe_charges", True), ("one_more.*", True), ("*.customer", False)]
)
def test_a_check_may_be_one_of_several(check, is_in):
    assert Notice("w05_pay_as_you_go", check, "amount=2800").is_in({f"{ID}_3": SAID}) is is_in


@pytest.mark.parametrize("name", ["Wrong-price", "wrong price", "wrong_price", "price", "-price", "price-"])
def test_a_name_that_is_none_for_a_command_line_is_refused(name):
    with pytest.raises(ConfigurationError, match="no name for a command line"):
        Fault(name, "The price is right.", lambda _: None, NOTICE)


@pytest.mark.parametrize("said", [{}, {"notice": NOTICE, "unnoticed": "nobody looks"}])
def test_a_fault_says_either_who_notices_it_or_why_nobody_can(said):
    with pytest.raises(ConfigurationError, match="and not both"):
        Fault("wrong-price", "The price is right.", lambda _: None, **said)
