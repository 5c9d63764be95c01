"""Takes values out of JSON that may be of any kind: what is of the wrong kind counts as not there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

EMPTY: Mapping[str, Any] = MappingProxyType({})


def mapping(value: object) -> Mapping[str, Any]:
    """Return an object, or an empty one."""
    return value if isinstance(value, dict) else EMPTY


def items(value: object) -> list[Any]:
    """Return a list, or an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a text, or an empty one."""
    return value if isinstance(value, str) else ""


def text_or_none(value: object) -> str | None:
    """Return a text that is not empty, or None."""
    return value if isinstance(value, str) and value else None


def texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def number(value: object) -> float | None:
    """Return a number, or None; true and false are none."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def whole(value: object) -> int | None:
    """Return a whole number, also of a text of digits (older exports have those), or None."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None
    found = number(value)
    return int(found) if found is not None and found == found // 1 else None


def flag(value: object) -> bool:
    """Return whether a value is true."""
    return value is True


def one_or_many(value: object) -> tuple[str, ...]:
    """Return the texts of a value or of a list of values; numbers and truth values as JSON writes them."""
    if value is None or isinstance(value, dict):
        return ()
    found = value if isinstance(value, list) else [value]
    return tuple(_shown(item) for item in found if item is not None and not isinstance(item, (dict, list)))


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
