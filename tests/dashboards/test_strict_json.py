"""Strict JSON: every fault with its line and column, and the places of pieces found when they are asked for."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from staging_validation.dashboards.json_places import escape_key
from staging_validation.dashboards.strict_json import MOST_LEVELS, load_json


def problems(text):
    return [(*problem.position, problem.message) for problem in load_json(text).problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(1, 1, "invalid JSON: expecting value")]),
        ('{"a": 1,\n "b" 2}', [(2, 6, "invalid JSON: expecting ':' delimiter")]),
        ('{"a": 1}\n}', [(2, 1, "invalid JSON: extra data")]),
        ("\ufeff{}", [(1, 1, "the file begins with a byte order mark")]),
        ('\ufeff{"a" 1}', [(1, 1, "the file begins"), (1, 7, "invalid JSON: expecting ':' delimiter")]),
        ('{"a": "NaN",\n "b": NaN}', [(2, 7, "invalid JSON: NaN is no JSON number")]),
        ('{"a": -Infinity}', [(1, 7, "invalid JSON: -Infinity is no JSON number")]),
        ('{"a": [1, 1e999]}', [(1, 11, "invalid JSON: 1e999 is no JSON number")]),
        ('{"a": 1' + "0" * 5000 + "}", [(1, 7, "invalid JSON: the number has thousands of digits")]),
        ('{"a": {"b": 1,\n "b": 2}}', [(2, 2, "the key 'b' stands twice in one object")]),
        ('[{"x": 0}, {"a": 1, "a": 2, "a": 3}]', [(1, 29, "the key 'a' stands twice")] * 2),
        ('{"a" : 1, "a" :2}', [(1, 11, "the key 'a' stands twice")]),
        ('{"a": ": ", "b": "\\":", "c\\\\": {"d":1, "d":2}}', [(1, 40, "the key 'd' stands twice")]),
        ('{"a": ":", "b": ":"}', []),
        ('{"a": "\\ud83d"}', [(1, 7, "invalid JSON: half of a surrogate pair is no character")]),
        ('{"a": "\\ud83d\\ude00"}', []),
        (
            "[" * 100_000,
            [(1, MOST_LEVELS + 1, f"invalid JSON: the file nests deeper than {MOST_LEVELS} levels")],
        ),
        (
            "[" * 300 + "]" * 300,
            [(1, MOST_LEVELS + 1, f"invalid JSON: the file nests deeper than {MOST_LEVELS} levels")],
        ),
        ("[" * MOST_LEVELS + "]" * MOST_LEVELS, []),
    ],
)
def test_every_fault_has_its_place(text, expected):
    found = problems(text)
    assert len(found) == len(expected), found
    for (line, column, message), wanted in zip(found, expected, strict=True):
        assert (line, column) == wanted[:2]
        assert message.startswith(wanted[2][: len(message)])


def test_what_can_be_read_is_read():
    found = load_json('\ufeff{"a": 1, "a": 2, "b": NaN}')
    assert found.value["a"] == 2
    assert len(found.problems) == 3


def test_a_place_that_is_not_there_is_that_of_the_nearest_above():
    locator = load_json('{\n "a": [\n  1,\n  {"b/c": 2}\n ]\n}').locator
    assert locator.position("/a") == (2, 2)
    assert locator.position("/a/1") == (4, 3)
    assert locator.position("/a/1/b~1c") == (4, 4)
    assert locator.value_position("/a/1/b~1c") == (4, 11)
    assert locator.position("/a/1/missing/below") == (4, 3)
    assert locator.position("/nothing") == (1, 1)
    assert locator.value_position("/a/7") == (2, 2)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=25,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES, st.sampled_from([None, 1]))
def test_every_value_is_found_where_it_stands(value, indent):
    text = json.dumps(value, indent=indent)
    loaded = load_json(text)
    if loaded.problems:  # half a surrogate pair
        assert "surrogate" in loaded.problems[0].message
        return
    assert loaded.value == value
    lines = text.split("\n")
    waiting = [("", value)]
    while waiting:
        pointer, found = waiting.pop()
        line, column = loaded.locator.value_position(pointer)
        rest = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
        assert json.JSONDecoder().raw_decode(rest)[0] == found
        if isinstance(found, dict):
            waiting += [(f"{pointer}/{escape_key(key)}", item) for key, item in found.items()]
        elif isinstance(found, list):
            waiting += [(f"{pointer}/{position}", item) for position, item in enumerate(found)]


KEYS = st.sampled_from(["a", "b", "c:", 'd"', "e\\", ":", ""])


def written(value):
    """Write objects, given as lists of pairs, so that keys may stand twice."""
    if isinstance(value, tuple):
        inside = ", ".join(f"{json.dumps(key)}{space}: {written(item)}" for key, item, space in value)
        return f"{{{inside}}}"
    return f"[{', '.join(map(written, value))}]" if isinstance(value, list) else json.dumps(value)


def doubled(value):
    """Count the keys that stand again in their object."""
    if isinstance(value, tuple):
        again = len(value) - len({key for key, _, _ in value})
        return again + sum(doubled(item) for _, item, _ in value)
    return sum(map(doubled, value)) if isinstance(value, list) else 0


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.recursive(
        st.integers() | KEYS,
        lambda inner: (
            st.lists(st.tuples(KEYS, inner, st.sampled_from(["", "", " "])), max_size=4).map(tuple)
            | st.lists(inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_no_key_that_stands_twice_gets_lost(value):
    assert len(load_json(written(value)).problems) == doubled(value)
