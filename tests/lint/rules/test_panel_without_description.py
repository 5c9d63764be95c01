"""``panel-without-description``."""

from __future__ import annotations

import pytest

from staging_validation.lint.registry import all_rules
from tests.lint.support import assert_clean, assert_fault

RULE = "panel-without-description"


@pytest.mark.parametrize("description", ["", " "])
def test_no_description(description):
    assert_fault(rule=RULE, panel={"description": description}, at="/panels/0/description")


@pytest.mark.parametrize(
    "fields",
    [
        {"description": "Sales of the day."},
        {"description": "", "type": "text"},
        {"description": "", "libraryPanel": {"uid": "a", "name": "A"}},
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, panel=fields)


def test_it_is_a_matter_of_taste():
    assert next(rule for rule in all_rules() if rule.id == RULE).style
