"""Rules: what matches what, and how it reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staging_validation.workflows.rules import (
    SET,
    at_least,
    differing,
    holding,
    matches,
    one_of,
    picked,
    shown,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(JSON)
def test_every_value_matches_itself_and_is_shown_as_itself(value):
    assert matches(value, value)
    assert shown(value) == value


@pytest.mark.parametrize(
    ("expected", "actual", "result"),
    [
        (SET, "x", True),
        (SET, 0, True),
        (SET, None, False),
        (SET, "", False),
        (one_of(None, "trial"), None, True),
        (one_of(None, "trial"), "active", False),
        (1, True, False),
        (at_least(2), 2.0, True),
        (at_least(2), 1, False),
        (at_least(0), True, False),
        (at_least(0), "3", False),
        (False, 0, False),
        (1, 1.0, True),
        (holding("7"), {"customer": "7"}, True),
        (holding("7"), {"customer": "8"}, False),
        (holding("7"), "7", False),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": None}, {}, False),
        ({"a": 1}, None, False),
        ({"a": {"b": SET}}, {"a": {"b": "x"}}, True),
        ([1], [1, 2], False),
        ([{"a": 1}], [{"a": 1, "b": 2}], True),
        ([1], "1", False),
        ((1, SET), [1, "x"], True),
        ("ab", ["a", "b"], False),
    ],
)
def test_matches(expected, actual, result):
    assert matches(expected, actual) is result


def test_rules_are_shown_by_their_text():
    expected = {"id": SET, "state": one_of(None, "trial"), "rows": [SET]}
    assert shown(expected) == {"id": "(set)", "state": "(one of null, trial)", "rows": ["(set)"]}


def test_differing_names_missing_and_wrong_fields():
    assert differing({"a": 1, "b": 2, "c": SET}, {"a": 1, "b": 3}) == ["b", "c"]


def test_picked_keeps_what_was_asked_for():
    assert picked({"a": {"b": 1}, "c": 1}, {"a": {"b": 2, "x": 1}, "z": 1}) == {
        "a": {"b": 2},
        "c": "(missing)",
    }


def test_picked_keeps_of_a_list_what_was_asked_of_each_entry():
    assert picked({"data": [{"a": 1}]}, {"data": [{"a": 2, "x": 1}], "x": 1}) == {"data": [{"a": 2}]}
    assert picked({"data": [{"a": 1}]}, {"data": [{"x": 1}, {"x": 2}]}) == {"data": [{"x": 1}, {"x": 2}]}
