"""Changes JSON at one or two random places: another kind of value, a key gone, a key misspelt, an item twice."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

_VALUES = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    "$x",
    [],
    {},
    [1],
    ["x"],
    {"kind": "x"},
    {"x": {}},
    [{}],
    [None],
    10**20,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place of a value: what holds it, and the key or position."""
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            yield holder, key
            if isinstance(holder[key], (dict, list)):
                waiting.append(holder[key])


def mutated(value: Any, data: st.DataObject) -> Any:
    """Return a copy of a value with up to three changes."""
    value = copy.deepcopy(value)
    for _ in range(data.draw(st.integers(0, 3))):
        found = list(places(value))
        holder, key = found[data.draw(st.integers(0, len(found) - 1))]
        change = data.draw(st.integers(0, 3))
        if change == 0:
            del holder[key]
        elif change == 1 and isinstance(holder, dict):
            holder[f"{key}x"] = holder.pop(key)
        elif change == 1:
            holder.append(copy.deepcopy(holder[key]))
        else:
            holder[key] = copy.deepcopy(data.draw(st.sampled_from(_VALUES)))
        if not isinstance(value, dict) or not value:
            break
    return value
